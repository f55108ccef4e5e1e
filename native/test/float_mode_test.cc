// The bits do not depend on the floating-point mode that the caller's thread is in.
#include <doctest.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "test/float_modes.h"
#include "test/implementations.h"
#include "test/problem.h"
#include "test/random.h"
#include "test/runner.h"

#if defined(__x86_64__) || defined(__aarch64__)

namespace conv1d::test {
namespace {

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
      {{.inChannels = 3, .outChannels = 9, .kernelSize = 8, .stride = 4, .transposed = true}, 2, 70},
      {{.inChannels = 3, .outChannels = 40, .kernelSize = 5, .stride = 2, .transposed = true}, 1, 4},
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
      inMode(mode, [&] { otherwise = reference(problem, values); });
      REQUIRE(difference<T>(otherwise, expected));  // or nothing would be tested
      forEachImplementation<T>([&](const Kernels<T>& kernels) {
        Runner<T> runner(problem, values, kernels, Flush::kEnd);
        for (const int threads : {1, 3}) {
          std::span<const T> out;
          const uint64_t after = inMode(mode, [&] { out = runner.run(threads); });
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
