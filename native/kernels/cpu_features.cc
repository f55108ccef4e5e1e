#include "kernels/cpu_features.h"

#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#define CONV1D_X86 1
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace conv1d {

#if CONV1D_X86
namespace {

struct CpuidResult {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

CpuidResult cpuid(uint32_t leaf) {
  CpuidResult r;
#if defined(_MSC_VER)
  int out[4];
  __cpuidex(out, 0, 0);
  if (static_cast<uint32_t>(out[0]) < leaf) return r;
  __cpuidex(out, static_cast<int>(leaf), 0);
  r = {static_cast<uint32_t>(out[0]), static_cast<uint32_t>(out[1]), static_cast<uint32_t>(out[2]),
       static_cast<uint32_t>(out[3])};
#else
  __get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx);
#endif
  return r;
}

// Which register states the operating system saves on a context switch (XCR0).
uint64_t savedStates() {
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<uint64_t>(high) << 32) | low;
#endif
}

constexpr bool has(uint32_t word, int bit) { return (word >> bit & 1) != 0; }

// Bit numbers: Intel SDM volume 2A, CPUID; volume 1, section 13.3 for XCR0.
bool systemSaves(uint64_t states) {
  constexpr int kOsxsave = 27;
  return has(cpuid(1).ecx, kOsxsave) && (savedStates() & states) == states;
}

}  // namespace

bool cpuHasAvx2() {
  constexpr uint64_t kXmmYmm = 0x6;
  constexpr int kFma = 12;
  constexpr int kAvx2 = 5;
  return systemSaves(kXmmYmm) && has(cpuid(1).ecx, kFma) && has(cpuid(7).ebx, kAvx2);
}

bool cpuHasAvx512() {
  constexpr uint64_t kXmmYmmZmm = 0xE6;
  constexpr int kF = 16;
  constexpr int kDq = 17;
  constexpr int kBw = 30;
  constexpr int kVl = 31;
  const uint32_t features = cpuid(7).ebx;
  return cpuHasAvx2() && systemSaves(kXmmYmmZmm) && has(features, kF) && has(features, kDq) && has(features, kBw) &&
         has(features, kVl);
}
#else
bool cpuHasAvx2() { return false; }
bool cpuHasAvx512() { return false; }
#endif

#if defined(__aarch64__) || defined(_M_ARM64)
bool cpuHasNeon() { return true; }
#else
bool cpuHasNeon() { return false; }
#endif

}  // namespace conv1d
