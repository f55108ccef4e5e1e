// The floating-point modes in which other code may leave a thread, and how to compute in them.
#pragma once

#include <array>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__x86_64__) || defined(__aarch64__)

namespace conv1d::test {

struct Mode {
  const char* what;
  uint64_t bits;
};

// The control register, without the flags that every inexact operation raises.
#if defined(__x86_64__)
constexpr uint64_t kFlags = 0x3F;
constexpr uint64_t kMasked = 0x1F80;  // no exception traps
inline constexpr std::array<Mode, 3> kModes = {{
    {"denormals flushed to zero", kMasked | 0x8040},
    {"rounding up", kMasked | 0x4000},
    {"rounding towards zero, denormals flushed", kMasked | 0x6000 | 0x8040},
}};
inline uint64_t control() { return _mm_getcsr() & ~kFlags; }
inline void setControl(uint64_t bits) { _mm_setcsr(static_cast<uint32_t>(bits)); }
#else
inline constexpr std::array<Mode, 3> kModes = {{
    {"denormals flushed to zero", uint64_t{1} << 24},
    {"rounding up", uint64_t{1} << 22},
    {"rounding towards zero, denormals flushed", uint64_t{3} << 22 | uint64_t{1} << 24},
}};
inline uint64_t control() {
  uint64_t bits;
  __asm__ __volatile__("mrs %0, fpcr" : "=r"(bits));
  return bits;
}
inline void setControl(uint64_t bits) { __asm__ __volatile__("msr fpcr, %0" ::"r"(bits) : "memory"); }
#endif

// Calls compute() in a mode, and returns the mode that it left behind.
template <typename Compute>
uint64_t inMode(const Mode& mode, Compute compute) {
  const uint64_t before = control();
  setControl(mode.bits);
  compute();
  const uint64_t after = control();
  setControl(before);
  return after;
}

}  // namespace conv1d::test

#endif
