// bcryptprimitives.dll, which Windows has and Debian's Wine 8 has not: the one function of it that programs in Rust need, among
// them the tool that vitest compiles with.
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count) {
  return SystemFunction036(bytes, (ULONG)count);
}
