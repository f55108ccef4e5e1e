// The algorithm of signals with one output: it is taken for them, and keeps the bits of the direct sum.
#include <doctest.h>

#include <cstdint>
#include <vector>

#include "test/implementations.h"
#include "test/problem.h"
#include "test/runner.h"

namespace conv1d::test {
namespace {

Problem linear(int64_t batch, int64_t inputs, int64_t outputs, int64_t kernelSize, uint64_t seed) {
  Problem problem;
  Parameters p;
  p.inChannels = inputs;
  p.outChannels = outputs;
  p.kernelSize = kernelSize;
  REQUIRE(makeGeometry(p, batch, kernelSize, &problem.geometry) == Status::kOk);
  problem.bias = seed % 3 != 0;
  problem.special = seed % 4 == 0;
  problem.specialWeights = seed % 5 == 0;
  problem.seed = seed;
  return problem;
}

template <typename T>
void compare(const Problem& problem) {
  const Values<T> values(problem);
  const std::vector<T> expected = reference<T>(problem, values);
  INFO(problem.describe());
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
      Runner<T> runner(problem, values, kernels, flush);
      for (const int threads : {1, 2}) {
        CHECK(takes<T>(runner.plan(threads), "rows"));
        CHECK(!difference<T>(runner.run(runner.plan(threads)), expected).has_value());
        CHECK(!difference<T>(runner.run(threads), expected).has_value());
      }
    }
  });
}

TEST_CASE_TEMPLATE("a linear layer keeps the order of the sum, for any batch and sizes", T, float, double) {
  Random random(3);
  for (uint64_t seed = 1; seed <= 60; seed++) {
    const int64_t kernelSize = random.oneIn(3) ? random.between(2, 6) : 1;
    compare<T>(linear(random.between(1, 40), random.between(2, 60), random.between(1, 130), kernelSize, seed));
  }
}

#ifndef CONV1D_SLOW_MACHINE
TEST_CASE_TEMPLATE("so do those whose weights outgrow caches or whose batch has several groups", T, float, double) {
  compare<T>(linear(1, 1300, 300, 1, 1));
  compare<T>(linear(2, 1300, 300, 1, 2));
  compare<T>(linear(150, 530, 65, 1, 3));
  compare<T>(linear(300, 40, 50, 1, 4));
}
#endif

TEST_CASE_TEMPLATE("longer signals are none of its business", T, float, double) {
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    Problem problem = linear(4, 64, 64, 1, 1);
    REQUIRE(makeGeometry(problem.geometry.parameters, 4, 2, &problem.geometry) == Status::kOk);
    const Values<T> values(problem);
    CHECK_FALSE(takes<T>(Runner<T>(problem, values, kernels, Flush::kEnd).plan(1), "rows"));
  });
}

}  // namespace
}  // namespace conv1d::test
