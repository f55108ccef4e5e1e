// Gradients of convolutions: weights and biases are summed in the documented order, bit for bit, on every
// implementation and any number of threads; inputs get what the definition says.
#include <doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/backward/adjoint.h"
#include "core/backward/input_gradient.h"
#include "core/backward/short_weight_gradient.h"
#include "core/backward/weight_gradient.h"
#include "core/backward/weight_plan.h"
#include "core/reduce/fold_channels.h"
#include "test/fold_reference.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/problem.h"
#include "test/random.h"
#include "test/runner.h"

namespace conv1d::test {
namespace {

#ifdef CONV1D_SLOW_MACHINE
constexpr int kDraws = 15;
#else
constexpr int kDraws = 150;
#endif

// The values of a problem, and gradients of its outputs.
template <typename T>
struct Backward {
  const Problem& problem;
  Values<T> values;
  std::vector<T> gradient;

  explicit Backward(const Problem& from) : problem(from), values(from) {
    Random random(from.seed + 1);
    gradient.resize(static_cast<size_t>(from.outputCount()));
    for (T& value : gradient) value = from.special ? random.special<T>() : random.real<T>();
  }
};

// Calls visit(item, o, t, c, k, at) for all products of a problem's convolution: output (item, o, t) reads input (item,
// c, at) with weight (o, c, k), c counted within the group; `at` is -1 for a zero of the padding. A transposed one is
// seen from its inputs, (item, o, t), which add to output (item, c, at).
template <typename Visit>
void forEachProduct(const Problem& problem, const Visit& visit) {
  const Geometry& g = problem.geometry;
  const Parameters& p = g.parameters;
  const int64_t rows = p.transposed ? p.inChannels : p.outChannels;
  const int64_t perGroup = p.transposed ? p.groupOutChannels() : p.groupInChannels();
  const int64_t positions = p.transposed ? g.length : g.outLength;
  const int64_t length = p.transposed ? g.outLength : g.length;
  for (int64_t item = 0; item < g.batch; item++) {
    for (int64_t o = 0; o < rows; o++) {
      const int64_t group = o / (rows / p.groups);
      for (int64_t t = 0; t < positions; t++) {
        for (int64_t c = 0; c < perGroup; c++) {
          for (int64_t k = 0; k < p.kernelSize; k++) {
            const int64_t at = sourcePosition(t * p.stride + k * p.dilation - p.padLeft, length, p.mode);
            visit(item, o, t, group * perGroup + c, k, at);
          }
        }
      }
    }
  }
}

// In the order of core/backward/weight_gradient.h.
template <typename T>
std::vector<T> weightReference(const Backward<T>& backward) {
  const Problem& problem = backward.problem;
  const Geometry& g = problem.geometry;
  const Parameters& p = g.parameters;
  const std::vector<T>& rowValues = p.transposed ? backward.values.input : backward.gradient;
  const std::vector<T>& tapValues = p.transposed ? backward.gradient : backward.values.input;
  const int64_t rowChannels = p.transposed ? p.inChannels : p.outChannels;
  const int64_t tapChannels = p.transposed ? p.outChannels : p.inChannels;
  const int64_t rowLength = p.transposed ? g.length : g.outLength;
  const int64_t tapLength = p.transposed ? g.outLength : g.length;
  const int64_t perGroup = tapChannels / p.groups;
  const int64_t positions = g.batch * rowLength;
  std::vector<T> weights;
  for (int64_t o = 0; o < rowChannels; o++) {
    for (int64_t c = 0; c < perGroup; c++) {
      for (int64_t k = 0; k < p.kernelSize; k++) {
        const int64_t channel = o / (rowChannels / p.groups) * perGroup + c;
        std::vector<T> blocks;
        for (int64_t begin = 0; begin < positions; begin += kGradientBlock<T>) {
          std::array<T, 16> chains{};
          for (int64_t i = begin; i < std::min(positions, begin + kGradientBlock<T>); i++) {
            const int64_t item = i / rowLength;
            const int64_t t = i % rowLength;
            const int64_t at = sourcePosition(t * p.stride + k * p.dilation - p.padLeft, tapLength, p.mode);
            const T x = at < 0 ? T{0} : tapValues[static_cast<size_t>((item * tapChannels + channel) * tapLength + at)];
            T& chain = chains[static_cast<size_t>(i % 16)];
            chain = std::fma(rowValues[static_cast<size_t>((item * rowChannels + o) * rowLength + t)], x, chain);
          }
          for (size_t half = 8; half > 0; half /= 2) {
            for (size_t j = 0; j < half; j++) chains[j] = chains[j] + chains[j + half];
          }
          blocks.push_back(chains[0]);
        }
        while (blocks.size() > 1) {
          std::vector<T> pairs;
          for (size_t b = 0; b < blocks.size(); b += 2) {
            pairs.push_back(b + 1 < blocks.size() ? blocks[b] + blocks[b + 1] : blocks[b]);
          }
          blocks = pairs;
        }
        weights.push_back(normalised(blocks.empty() ? T{0} : blocks[0]));
      }
    }
  }
  return weights;
}

// What goes through the kernels: where the input lies on the one side, and the gradient on the other.
template <typename T>
WeightGradientCall<T> weightCall(const Backward<T>& backward, const T* input, const T* gradient, T* out, int threads) {
  const Geometry& g = backward.problem.geometry;
  if (!g.parameters.transposed) return {g, input, gradient, out, threads};
  Geometry back;
  REQUIRE(makeAdjoint(g, &back) == Status::kOk);
  return {back, gradient, input, out, threads};
}

template <typename T>
void checkWeights(const Kernels<T>& kernels, const Backward<T>& backward, const std::vector<T>& expected) {
  const Problem& problem = backward.problem;
  const int64_t count = problem.geometry.parameters.weightCount();
  for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
    GuardedBuffer<T> inputMemory(problem.inputCount());
    GuardedBuffer<T> gradientMemory(problem.outputCount());
    GuardedBuffer<T> outMemory(count);
    const std::span<T> input = inputMemory.place(problem.inputCount(), flush);
    std::copy(backward.values.input.begin(), backward.values.input.end(), input.begin());
    const std::span<T> gradient = gradientMemory.place(problem.outputCount(), flush);
    std::copy(backward.gradient.begin(), backward.gradient.end(), gradient.begin());
    for (const int threads : {1, 2, 7}) {
      INFO(threads << " threads");
      const std::span<T> out = outMemory.place(count, flush);
      const WeightGradientCall<T> call = weightCall(backward, input.data(), gradient.data(), out.data(), threads);
      CHECK(weightGradient(kernels, call) == Status::kOk);
      CHECK(outMemory.surroundingsUntouched());
      const auto wrong = difference<T>(out, expected);
      CHECK_MESSAGE(!wrong, *wrong);
    }
  }
}

// With positions in the lanes, and with columns wherever a panel of them fits.
template <typename T>
void checkWeights(const Backward<T>& backward) {
  const std::vector<T> expected = weightReference(backward);
  forEachImplementation<T>([&](Kernels<T> kernels) {
    kernels.blocks.minProductsPerThread = 1;
    for (const double costInColumns : {1e9, -1e9}) {
      INFO("cost in columns: " << costInColumns);
      kernels.blocks.costInColumns = costInColumns;
      checkWeights(kernels, backward, expected);
    }
  });
}

// The definition, in float64, and the sum of magnitudes that bounds what rounding may do.
template <typename T>
void checkInputs(const Backward<T>& backward) {
  const Problem& problem = backward.problem;
  const Geometry& g = problem.geometry;
  const Parameters& p = g.parameters;
  std::vector<double> sums(static_cast<size_t>(problem.inputCount()));
  std::vector<double> magnitudes(sums.size());
  forEachProduct(problem, [&](int64_t item, int64_t o, int64_t t, int64_t c, int64_t k, int64_t at) {
    if (at < 0) return;
    const int64_t perGroup = p.transposed ? p.groupOutChannels() : p.groupInChannels();
    const double w = backward.values.weight[static_cast<size_t>((o * perGroup + c % perGroup) * p.kernelSize + k)];
    const int64_t output =
        p.transposed ? (item * p.outChannels + c) * g.outLength + at : (item * p.outChannels + o) * g.outLength + t;
    const int64_t input =
        p.transposed ? (item * p.inChannels + o) * g.length + t : (item * p.inChannels + c) * g.length + at;
    const double product = w * static_cast<double>(backward.gradient[static_cast<size_t>(output)]);
    sums[static_cast<size_t>(input)] += product;
    magnitudes[static_cast<size_t>(input)] += std::abs(product);
  });
  const double products = static_cast<double>(p.weightCount());
  std::vector<T> first;
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    for (const int threads : {1, 2, 7}) {
      std::vector<T> out(sums.size());
      AlignedBuffer panels;
      CHECK(inputGradient(
                kernels, {},
                InputGradientCall<T>{g, backward.gradient.data(), backward.values.weight.data(), out.data(), threads},
                &panels) == Status::kOk);
      for (size_t i = 0; i < sums.size(); i++) {
        const double bound = products * std::numeric_limits<T>::epsilon() * magnitudes[i];
        if (std::abs(static_cast<double>(out[i]) - sums[i]) > bound) {
          FAIL_CHECK("input " << i << " is " << out[i] << " instead of " << sums[i]);
          return;
        }
      }
      if (first.empty()) first = out;
      const auto wrong = difference<T>(out, first);
      CHECK_MESSAGE(!wrong, *wrong);
    }
  });
}

template <typename T>
void checkBias(const Backward<T>& backward) {
  const Geometry& g = backward.problem.geometry;
  const int64_t channels = g.parameters.outChannels;
  std::vector<T> expected;
  for (int64_t o = 0; o < channels; o++) {
    std::vector<T> row;
    for (int64_t item = 0; item < g.batch; item++) {
      const T* const from = backward.gradient.data() + (item * channels + o) * g.outLength;
      row.insert(row.end(), from, from + g.outLength);
    }
    expected.push_back(row.empty() ? T{0} : normalised(sumInOrder(row)));
  }
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    for (const int threads : {1, 2, 7}) {
      std::vector<T> out(static_cast<size_t>(channels));
      CHECK(sumChannels<T>(kernels, {g.batch, channels, g.outLength}, backward.gradient.data(), out.data(), threads) ==
            Status::kOk);
      const auto wrong = difference<T>(out, expected);
      CHECK_MESSAGE(!wrong, *wrong);
    }
  });
}

void check(const Problem& problem) {
  INFO(problem.describe());
  const auto checkAs = [&]<typename T>(T) {
    const Backward<T> backward(problem);
    checkWeights(backward);
    checkBias(backward);
    if (!problem.special && !problem.specialWeights) checkInputs(backward);
  };
  checkAs(float{});
  checkAs(double{});
}

Problem problemOf(const Parameters& p, int64_t batch, int64_t length, uint64_t seed) {
  Problem problem;
  problem.seed = seed;
  REQUIRE(validate(p) == Status::kOk);
  REQUIRE(makeGeometry(p, batch, length, &problem.geometry) == Status::kOk);
  return problem;
}

Problem drawn(uint64_t seed, bool isTransposed) {
  Random random(seed);
  for (;;) {
    Parameters p;
    p.transposed = isTransposed;
    p.groups = random.oneIn(2) ? 1 : random.between(2, 5);
    p.inChannels = p.groups * (random.oneIn(3) ? 1 : random.between(1, 9));
    p.outChannels = p.groups * (random.oneIn(3) ? 1 : random.between(1, 17));
    p.kernelSize = random.between(1, random.oneIn(4) ? 40 : 9);
    p.stride = random.oneIn(2) ? 1 : random.between(2, 9);
    p.dilation = random.oneIn(2) ? 1 : random.between(2, random.oneIn(3) ? 60 : 9);
    p.padLeft = random.oneIn(3) ? 0 : random.between(0, 20);
    p.padRight = random.oneIn(2) ? p.padLeft : random.between(0, 20);
    if (isTransposed) {
      p.outputPadding = random.oneIn(2) ? 0 : random.between(0, std::max(p.stride, p.dilation) - 1);
    } else {
      p.mode = random.pick(std::array{PaddingMode::kZeros, PaddingMode::kZeros, PaddingMode::kReflect,
                                      PaddingMode::kReplicate, PaddingMode::kCircular});
    }
    const int64_t length = random.between(1, random.oneIn(3) ? 700 : 60);
    Problem problem;
    problem.seed = seed;
    problem.special = random.oneIn(8);
    const int64_t batch = random.oneIn(20) ? 0 : random.between(1, 4);
    if (makeGeometry(p, batch, length, &problem.geometry) != Status::kOk || problem.products() > 3e5) continue;
    return problem;
  }
}

TEST_CASE("random convolutions") {
  for (int draw = 0; draw < kDraws; draw++) check(drawn(static_cast<uint64_t>(draw) + 1, false));
}

TEST_CASE("random transposed convolutions") {
  for (int draw = 0; draw < kDraws; draw++) check(drawn(static_cast<uint64_t>(draw) + 1000, true));
}

Parameters layer(int64_t inChannels, int64_t outChannels, int64_t kernelSize) {
  Parameters p;
  p.inChannels = inChannels;
  p.outChannels = outChannels;
  p.kernelSize = kernelSize;
  return p;
}

TEST_CASE("more rows and columns than a task takes") { check(problemOf(layer(30, 70, 5), 3, 20, 1)); }

TEST_CASE("every height and width of a tile") {
  for (int64_t channels = 1; channels <= 18; channels++) {
    check(problemOf(layer(1, channels, 1), 2, 37, 2));
    check(problemOf(layer(channels, 2, 1), 2, 37, 3));
  }
}

TEST_CASE("many blocks, whose tree is not complete") {
  for (const int64_t length : {1023, 1024, 1025, 5000, 7 * 1024 - 3, 9 * 1024}) {
    check(problemOf(layer(1, 2, 3), 1, length, 4));
    Parameters p = layer(3, 3, 3);
    p.groups = 3;
    p.padLeft = p.padRight = 1;
    check(problemOf(p, 2, length, 5));
  }
}

TEST_CASE("many short signals in a block") {
  for (const int64_t length : {1, 2, 15, 16, 17, 33}) {
    Parameters p = layer(3, 4, 3);
    p.padLeft = p.padRight = 1;
    check(problemOf(p, 90, length, 6));
  }
}

TEST_CASE("few positions and many columns") {
  for (const int64_t length : {1, 2, 3, 5, 8, 15, 16, 17, 31, 33, 49, 64}) {
    Parameters p = layer(7, 11, 3);
    p.padLeft = p.padRight = 1;
    Problem problem = problemOf(p, 1, length, 7);
    check(problem);
    problem.special = true;
    check(problem);
    p.groups = 2;
    p.inChannels = 6;
    p.outChannels = 18;
    p.kernelSize = 40;
    p.padLeft = p.padRight = 20;
    check(problemOf(p, length % 2 + 1, length, 8));
  }
  Parameters p = layer(5, 33, 7);
  p.stride = 3;
  p.dilation = 2;
  p.padLeft = p.padRight = 6;
  p.mode = PaddingMode::kReflect;
  check(problemOf(p, 5, 17, 9));
}

TEST_CASE("more columns than a strip takes") {
  check(problemOf(layer(300, 9, 1), 1, 40, 10));
  check(problemOf(layer(70, 20, 5), 3, 7, 11));
}

TEST_CASE("columns go into the lanes where this takes less work") {
  const auto isShort = [](const Parameters& p, int64_t batch, int64_t length) {
    const Problem problem = problemOf(p, batch, length, 1);
    return isShortWeightGradient(activeKernels().f32, problem.geometry);
  };
  CHECK(isShort(layer(128, 64, 3), 1, 4));
  CHECK(isShort(layer(128, 64, 3), 2, 18));
  CHECK_FALSE(isShort(layer(128, 64, 3), 8, 100));
  CHECK_FALSE(isShort(layer(1, 64, 1), 1, 32));
  CHECK_FALSE(isShort(layer(64, 1, 1), 1, 64));
}

TEST_CASE("the scratch of a worker stays below 2 MiB") {
  for (uint64_t seed = 1; seed < 400; seed++) {
    Random random(seed);
    Parameters p;
    p.groups = random.oneIn(2) ? 1 : random.magnitude(64);
    p.inChannels = p.groups * random.magnitude(2000);
    p.outChannels = p.groups * random.magnitude(2000);
    p.kernelSize = random.magnitude(3000);
    p.padLeft = p.kernelSize;
    Geometry g;
    if (makeGeometry(p, random.magnitude(1000), random.magnitude(1'000'000), &g) != Status::kOk) continue;
    forEachImplementation<double>([&](const Kernels<double>& kernels) {
      const WeightPlan plan = planWeightGradient(kernels, g, static_cast<int>(random.between(1, 8)));
      CHECK(plan.scratchBytes <= std::size_t{2} << 20);
      CHECK(plan.segmentBlocks * plan.segments >= plan.blocks);
      if (!isShortWeightGradient(kernels, g)) return;
      CHECK(planShortWeightGradient(kernels, g, 2).scratchBytes <= std::size_t{2} << 20);
    });
  }
}

}  // namespace
}  // namespace conv1d::test
