// What Debian's static libc++ and libunwind, built against glibc with checked calls, name and musl does not have: the
// plain functions under their checked names. linux-x64-musl.cmake adds this file to the addon, where the names stay
// local.
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

extern "C" {

void* __memmove_chk(void* to, const void* from, size_t bytes, size_t) { return memmove(to, from, bytes); }

wchar_t* __wmemcpy_chk(wchar_t* to, const wchar_t* from, size_t count, size_t) { return wmemcpy(to, from, count); }

wchar_t* __wmemmove_chk(wchar_t* to, const wchar_t* from, size_t count, size_t) { return wmemmove(to, from, count); }

int __vfprintf_chk(FILE* stream, int, const char* format, va_list values) { return vfprintf(stream, format, values); }

int __fprintf_chk(FILE* stream, int, const char* format, ...) {
  va_list values;
  va_start(values, format);
  const int written = vfprintf(stream, format, values);
  va_end(values);
  return written;
}

}  // extern "C"
