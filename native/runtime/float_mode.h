// The floating-point mode that the bits are promised for: round to nearest, denormals kept.
#pragma once

#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace conv1d {

// Other native code in the process may have changed its thread's mode (start-up code of a library built with
// -ffast-math flushes denormals), and threads inherit it. Holds for one thread, and gives it back its own mode.
class StandardFloatMode {
 public:
#if defined(__x86_64__) || defined(_M_X64)
  StandardFloatMode() noexcept : saved_(_mm_getcsr()) {
    if ((saved_ & ~kStatus) != kStandard) _mm_setcsr(kStandard);
  }
  ~StandardFloatMode() {
    if ((saved_ & ~kStatus) != kStandard) _mm_setcsr(saved_);
  }

 private:
  static constexpr uint32_t kStatus = 0x3F;
  static constexpr uint32_t kStandard = 0x1F80;
  const uint32_t saved_;
#elif defined(__aarch64__) && !defined(_MSC_VER)
  StandardFloatMode() noexcept {
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(saved_));
    if (saved_ != 0) __asm__ __volatile__("msr fpcr, %0" ::"r"(uint64_t{0}));
  }
  ~StandardFloatMode() {
    if (saved_ != 0) __asm__ __volatile__("msr fpcr, %0" ::"r"(saved_));
  }

 private:
  uint64_t saved_;
#else
  StandardFloatMode() noexcept {}
  ~StandardFloatMode() {}

 public:
#endif
  StandardFloatMode(const StandardFloatMode&) = delete;
  StandardFloatMode& operator=(const StandardFloatMode&) = delete;
};

}  // namespace conv1d
