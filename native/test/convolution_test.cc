// A layer with its snapshots and its plans: whatever changes between two calls, each gives the outputs by definition.
#include <doctest.h>

#include <limits>
#include <memory>
#include <vector>

#include "core/convolution.h"
#include "core/stream.h"
#include "test/implementations.h"
#include "test/problem.h"
#include "test/runner.h"

namespace conv1d::test {
namespace {

template <typename T>
Problem problemOf(const Parameters& p, int64_t batch, int64_t length, uint64_t seed) {
  Problem problem;
  REQUIRE(makeGeometry(p, batch, length, &problem.geometry) == Status::kOk);
  problem.seed = seed;
  return problem;
}

template <typename T>
PlainWeights<T> plain(const Values<T>& values) {
  return {values.weight.data(), values.bias.empty() ? nullptr : values.bias.data()};
}

// The outputs of the layer's snapshot; `values` has the input.
template <typename T>
std::vector<T> runSnapshot(Convolution<T>& layer, const Problem& problem, const Values<T>& values, int threads) {
  std::vector<T> out(static_cast<size_t>(problem.outputCount()), T{-1});
  CHECK(layer.run({problem.geometry, values.input.data(), out.data(), threads}) == Status::kOk);
  return out;
}

template <typename T>
void checkSame(const std::vector<T>& actual, const std::vector<T>& expected) {
  const auto wrong = difference<T>(actual, expected);
  if (wrong) FAIL_CHECK(*wrong);
}

const Parameters kLayers[] = {
    {.inChannels = 5, .outChannels = 11, .kernelSize = 7, .padLeft = 6, .padRight = 6},
    {.inChannels = 4, .outChannels = 4, .kernelSize = 30, .padLeft = 29, .groups = 4},
    {.inChannels = 6, .outChannels = 2, .kernelSize = 3, .stride = 2, .padLeft = 1, .dilation = 4, .groups = 2},
    {.inChannels = 1, .outChannels = 40, .kernelSize = 16, .padLeft = 8, .padRight = 8},
};

TEST_CASE_TEMPLATE("lengths, threads and snapshots may change from call to call", T, float, double) {
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    for (const Parameters& p : kLayers) {
      Convolution<T> layer(p, kernels);
      for (const bool isFinite : {true, false, true}) {
        const Values<T> first(problemOf<T>(p, 1, 20, 1));
        std::vector<T> weight = first.weight;
        if (!isFinite) weight[weight.size() / 2] = std::numeric_limits<T>::infinity();
        layer.snapshot = layer.pack({weight.data(), first.bias.data()});
        REQUIRE(layer.snapshot != nullptr);
        // More lengths than the cache holds plans, each twice.
        for (const int64_t length : {20, 33, 64, 100, 257, 20, 33, 64, 100, 257}) {
          for (const int threads : {1, 7}) {
            const Problem problem = problemOf<T>(p, 2, length, 1);
            Values<T> values(problem);
            values.weight = weight;
            values.bias = first.bias;
            INFO(problem.describe() << ", " << threads << " threads" << (isFinite ? "" : ", an infinite weight"));
            checkSame(runSnapshot(layer, problem, values, threads), reference(problem, values));
          }
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("plain weights are packed into panels that grow", T, float, double) {
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    AlignedBuffer panels;
    for (const Parameters& p : kLayers) {
      const Convolution<T> layer(p, kernels);
      const Problem problem = problemOf<T>(p, 3, 40, 2);
      const Values<T> values(problem);
      std::vector<T> out(static_cast<size_t>(problem.outputCount()));
      INFO(problem.describe());
      REQUIRE(layer.run({problem.geometry, values.input.data(), out.data(), 2}, plain(values), &panels) == Status::kOk);
      checkSame(out, reference(problem, values));
    }
  });
}

TEST_CASE_TEMPLATE("a stream's steps, whose dilation shrinks, read the layer's snapshot", T, float, double) {
  const Parameters layers[] = {
      {.inChannels = 3, .outChannels = 4, .kernelSize = 20, .dilation = 512},
      {.inChannels = 4, .outChannels = 4, .kernelSize = 20, .dilation = 512, .groups = 4},
      {.inChannels = 4, .outChannels = 4, .kernelSize = 20, .groups = 4},
  };
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    for (const Parameters& p : layers) {
      Convolution<T> layer(p, kernels);
      const int64_t reach = (p.kernelSize - 1) * p.dilation;
      const Problem whole = problemOf<T>(p, 1, reach + 3, 3);
      const Values<T> values(whole);
      layer.snapshot = layer.pack(plain(values));
      const std::vector<T> expected = reference(whole, values);
      // All but the last three inputs are history; then they come one by one.
      std::vector<T> history(static_cast<size_t>(p.inChannels * reach));
      for (int64_t c = 0; c < p.inChannels; c++) {
        std::copy_n(values.input.begin() + c * whole.geometry.length, reach, history.begin() + c * reach);
      }
      int64_t oldest = 0;
      for (int64_t t = 0; t < 3; t++) {
        StreamStep step;
        REQUIRE(makeStreamStep(p, 1, 1, reach, 0, &step) == Status::kOk);
        REQUIRE(step.outputs == 1);
        std::vector<T> chunk(static_cast<size_t>(p.inChannels));
        for (int64_t c = 0; c < p.inChannels; c++) {
          chunk[static_cast<size_t>(c)] = values.input[static_cast<size_t>(c * whole.geometry.length + reach + t)];
        }
        std::vector<T> joined(static_cast<size_t>(step.joinedElements));
        joinRows<T>(step, history.data(), oldest, chunk.data(), joined.data());
        std::vector<T> out(static_cast<size_t>(p.outChannels));
        REQUIRE(layer.run({step.geometry, joined.data(), out.data(), 1}) == Status::kOk);
        for (int64_t o = 0; o < p.outChannels; o++) {
          CHECK(sameBits(out[static_cast<size_t>(o)], expected[static_cast<size_t>(o * 3 + t)]));
        }
        oldest = remember<T>(step, chunk.data(), oldest, history.data());
      }
    }
  });
}

}  // namespace
}  // namespace conv1d::test
