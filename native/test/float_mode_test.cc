// The bits do not depend on the floating-point mode that the caller's thread is in.
#include <doctest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "test/implementations.h"
#include "test/problem.h"
#include "test/random.h"
#include "test/runner.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__x86_64__) || defined(__aarch64__)

namespace conv1d::test {
namespace {

struct Mode {
  const char* what;
  uint64_t bits;
};

// The control register, without the flags that every inexact operation raises.
#if defined(__x86_64__)
constexpr uint64_t kFlags = 0x3F;
constexpr uint64_t kMasked = 0x1F80;  // no exception traps
constexpr std::array<Mode, 3> kModes = {{
    {"denormals flushed to zero", kMasked | 0x8040},
    {"rounding up", kMasked | 0x4000},
    {"rounding towards zero, denormals flushed", kMasked | 0x6000 | 0x8040},
}};
uint64_t control() { return _mm_getcsr() & ~kFlags; }
void setControl(uint64_t bits) { _mm_setcsr(static_cast<uint32_t>(bits)); }
#else
constexpr std::array<Mode, 3> kModes = {{
    {"denormals flushed to zero", uint64_t{1} << 24},
    {"rounding up", uint64_t{1} << 22},
    {"rounding towards zero, denormals flushed", uint64_t{3} << 22 | uint64_t{1} << 24},
}};
uint64_t control() {
  uint64_t bits;
  __asm__ __volatile__("mrs %0, fpcr" : "=r"(bits));
  return bits;
}
void setControl(uint64_t bits) { __asm__ __volatile__("msr fpcr, %0" ::"r"(bits) : "memory"); }
#endif

// Calls compute() in a mode, and returns the mode that it left behind.
template <typename Compute>
uint64_t in(const Mode& mode, Compute compute) {
  const uint64_t before = control();
  setControl(mode.bits);
  compute();
  const uint64_t after = control();
  setControl(before);
  return after;
}

// Products and sums on both sides of the smallest normal number.
template <typename T>
Values<T> denormals(const Problem& problem) {
  using Limits = std::numeric_limits<T>;
  Values<T> values(problem);
  Random random(7);
  for (T& value : values.input) value *= Limits::min();
  for (T& value : values.bias) value = Limits::denorm_min() * static_cast<T>(random.between(-1000, 1000));
  return values;
}

TEST_CASE_TEMPLATE("flushed denormals and other roundings of the caller's thread change nothing, and stay as they were",
                   T, float, double) {
  constexpr struct {
    Parameters parameters;
    int64_t batch, length;
  } kCases[] = {
      {{.inChannels = 3, .outChannels = 9, .kernelSize = 5, .padLeft = 2, .padRight = 2}, 2, 150},
      {{.inChannels = 3, .outChannels = 9, .kernelSize = 4, .stride = 3, .dilation = 2}, 1, 200},
      {{.inChannels = 2, .outChannels = 70, .kernelSize = 3}, 1, 5},  // swapped
      {{.inChannels = 3, .outChannels = 5, .kernelSize = 2}, 40, 6},  // folded
      {{.inChannels = 4, .outChannels = 4, .kernelSize = 19, .padLeft = 9, .groups = 4}, 1, 90},
  };
  for (const auto& c : kCases) {
    Problem problem;
    REQUIRE(makeGeometry(c.parameters, c.batch, c.length, &problem.geometry) == Status::kOk);
    problem.seed = 1;
    const Values<T> values = denormals<T>(problem);
    const std::vector<T> expected = reference(problem, values);
    for (const Mode& mode : kModes) {
      INFO(problem.describe() << ", " << mode.what);
      std::vector<T> otherwise;
      in(mode, [&] { otherwise = reference(problem, values); });
      REQUIRE(difference<T>(otherwise, expected));  // or nothing would be tested
      forEachImplementation<T>([&](const Kernels<T>& kernels) {
        Runner<T> runner(problem, values, kernels, Flush::kEnd);
        for (const int threads : {1, 3}) {
          std::span<const T> out;
          const uint64_t after = in(mode, [&] { out = runner.run(threads); });
          CHECK(after == mode.bits);
          const auto wrong = difference<T>(out, expected);
          if (wrong) FAIL_CHECK("threads " << threads << ": " << *wrong);
        }
      });
    }
  }
}

}  // namespace
}  // namespace conv1d::test

#endif
