// What Debian's static libstdc++ names besides, and musl does not have. scripts/package/musl.ts adds this file to the library that
// Bun for musl runs with.
#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>

extern "C" {

char __libc_single_threaded = 0;

uint32_t arc4random() {
  uint32_t value;
  if (getrandom(&value, sizeof value, 0) != sizeof value) abort();
  return value;
}

}  // extern "C"
