// Items of a batch side by side in the rows: when that is done, and that each of them has the bits of the documented
// chain, as if it were alone.
#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/checked_math.h"
#include "test/implementations.h"
#include "test/problem.h"
#include "test/random.h"
#include "test/runner.h"

namespace conv1d::test {
namespace {

#ifdef CONV1D_SLOW_MACHINE
constexpr uint64_t kDraws = 60;
#else
constexpr uint64_t kDraws = 250;
#endif

bool isJoined(const char* name) { return std::string_view(name).starts_with("joined"); }

Problem problemOf(const Parameters& p, int64_t batch, int64_t length, uint64_t seed) {
  Problem problem;
  REQUIRE(validate(p) == Status::kOk);
  REQUIRE(makeGeometry(p, batch, length, &problem.geometry) == Status::kOk);
  problem.bias = seed % 3 != 0;
  problem.special = seed % 4 == 0;
  problem.specialWeights = seed % 7 == 0;
  problem.seed = seed;
  return problem;
}

// The plan by which items are joined, whatever else is cheaper; false where they may not be.
template <typename T>
bool planJoined(const PlanRequest<T>& request, Plan* plan) {
  const Parameters& p = request.geometry.parameters;
  int index = 0;
  for (const Algorithm<T>& algorithm : algorithms<T>()) {
    const int at = index++;
    if (!isJoined(algorithm.name) || !suits(algorithm, p, request.kernels)) continue;
    if (algorithm.cost(request) == kUnsuited) continue;
    plan->geometry = request.geometry;
    plan->algorithm = at;
    plan->layout = algorithm.layout(p, request.kernels);
    plan->threads = request.maxThreads;
    algorithm.plan(request, plan);
    return true;
  }
  return false;
}

// The sum in float64 and its largest possible rounding error, by definition.
struct Sum {
  double value;
  double magnitude;
};

template <typename T>
Sum naive(const Problem& problem, const Values<T>& values, int64_t item, int64_t o, int64_t t) {
  const Geometry& g = problem.geometry;
  const Parameters& p = g.parameters;
  const int64_t group = o / p.groupOutChannels();
  const double bias = values.bias.empty() ? 0 : static_cast<double>(values.bias[static_cast<size_t>(o)]);
  Sum sum{bias, std::abs(bias)};
  for (int64_t c = 0; c < p.groupInChannels(); c++) {
    const int64_t channel = group * p.groupInChannels() + c;
    const auto signal =
        std::span<const T>(values.input)
            .subspan(static_cast<size_t>((item * p.inChannels + channel) * g.length), static_cast<size_t>(g.length));
    for (int64_t k = 0; k < p.kernelSize; k++) {
      double x = 0;
      int64_t w = (o * p.groupInChannels() + c) * p.kernelSize + k;
      if (p.transposed) {
        const int64_t scaled = t + p.padLeft - k * p.dilation;
        if (scaled < 0 || scaled % p.stride != 0 || scaled / p.stride >= g.length) continue;
        x = static_cast<double>(signal[static_cast<size_t>(scaled / p.stride)]);
        w = (channel * p.groupOutChannels() + o % p.groupOutChannels()) * p.kernelSize + k;
      } else {
        x = static_cast<double>(paddedElement(signal, t * p.stride + k * p.dilation - p.padLeft, p.mode));
      }
      const double product = x * static_cast<double>(values.weight[static_cast<size_t>(w)]);
      sum.value += product;
      sum.magnitude += std::abs(product);
    }
  }
  return sum;
}

template <typename T>
void compareWithNaive(const Problem& problem, const Values<T>& values, std::span<const T> outputs) {
  const Geometry& g = problem.geometry;
  const Parameters& p = g.parameters;
  const double terms = static_cast<double>(p.groupInChannels() * p.kernelSize + 1);
  int64_t wrong = 0;
  for (int64_t i = 0; i < problem.outputCount(); i++) {
    const int64_t row = i / g.outLength;
    const Sum sum = naive(problem, values, row / p.outChannels, row % p.outChannels, i % g.outLength);
    const double error = std::abs(static_cast<double>(outputs[static_cast<size_t>(i)]) - sum.value);
    if (!(error <= terms * static_cast<double>(std::numeric_limits<T>::epsilon()) * sum.magnitude)) wrong++;
  }
  CHECK(wrong == 0);
}

// One item of a problem as a problem of its own.
template <typename T>
std::vector<T> alone(const Problem& problem, const Values<T>& values, const Kernels<T>& kernels) {
  Problem one = problem;
  one.geometry.batch = 1;
  std::vector<T> outputs;
  for (int64_t item = 0; item < problem.geometry.batch; item++) {
    Values<T> ofOne = values;
    const auto begin = values.input.begin() + item * one.inputCount();
    ofOne.input.assign(begin, begin + one.inputCount());
    Runner<T> runner(one, ofOne, kernels, Flush::kEnd);
    const std::span<const T> out = runner.run(runner.plan(1));
    outputs.insert(outputs.end(), out.begin(), out.end());
  }
  return outputs;
}

// How many implementations joined its items.
template <typename T>
int compare(const Problem& problem) {
  const Values<T> values(problem);
  const std::vector<T> expected = reference<T>(problem, values);
  const bool isFinite = allFinite(values.weight.data(), static_cast<int64_t>(values.weight.size()));
  int joined = 0;
  INFO(problem.describe());
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    for (const int threads : {1, 3}) {
      Plan plan;
      if (!planJoined(PlanRequest<T>{problem.geometry, kernels, threads, isFinite}, &plan)) continue;
      joined++;
      CHECK(plan.scratchBytes <= std::size_t{2} << 20);
      for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
        Runner<T> runner(problem, values, kernels, flush);
        const std::span<const T> outputs = runner.run(plan);
        const auto differs = difference<T>(outputs, expected);
        CHECK_MESSAGE(!differs, *differs);
        if (threads > 1 || flush == Flush::kStart) continue;
        const std::vector<T> oneByOne = alone(problem, values, kernels);
        CHECK(!difference<T>(outputs, oneByOne).has_value());
        if (!problem.special && !problem.specialWeights) compareWithNaive(problem, values, outputs);
      }
    }
  });
  return joined;
}

Problem drawn(uint64_t seed) {
  Random random(seed);
  for (;;) {
    Parameters p;
    p.transposed = random.oneIn(3);
    p.groups = random.oneIn(3) ? random.between(2, 3) : 1;
    p.inChannels = p.groups * random.between(1, 20);
    p.outChannels = p.groups * random.between(2, random.oneIn(2) ? 12 : 120);
    p.kernelSize = random.between(1, 7);
    p.stride = random.between(1, 4);
    p.dilation = random.oneIn(3) ? random.between(2, 3) : 1;
    p.padLeft = random.oneIn(2) ? 0 : random.between(1, 4);
    p.padRight = p.transposed || random.oneIn(2) ? p.padLeft : random.between(0, 4);
    const int64_t length = random.between(1, 9);
    constexpr PaddingMode kModes[] = {PaddingMode::kZeros, PaddingMode::kReflect, PaddingMode::kReplicate,
                                      PaddingMode::kCircular};
    if (!p.transposed && random.oneIn(3)) p.mode = kModes[random.between(0, 3)];
    Geometry geometry;
    const int64_t batch = random.between(2, 27);
    if (validate(p) != Status::kOk || makeGeometry(p, batch, length, &geometry) != Status::kOk) continue;
    if (geometry.outLength > 0) return problemOf(p, batch, length, seed);
  }
}

TEST_CASE_TEMPLATE("joined items have the bits of the chain, and of each item alone", T, float, double) {
  int joined = 0;
  for (uint64_t seed = 1; seed <= kDraws; seed++) joined += compare<T>(drawn(seed));
  CHECK(joined > static_cast<int>(kDraws) / 3);
}

TEST_CASE_TEMPLATE("so do the layers of a voice activity detector", T, float, double) {
  const Parameters basis = {.inChannels = 1,
                            .outChannels = 50,
                            .kernelSize = 64,
                            .stride = 32,
                            .padRight = 16,
                            .mode = PaddingMode::kReflect};
  CHECK(compare<T>(problemOf(basis, 25, 144, 1)) > 0);
  const auto encoder = [](int64_t inputs, int64_t outputs, int64_t stride) {
    return Parameters{
        .inChannels = inputs, .outChannels = outputs, .kernelSize = 3, .stride = stride, .padLeft = 1, .padRight = 1};
  };
  CHECK(compare<T>(problemOf(encoder(25, 49, 1), 11, 4, 2)) > 0);
  CHECK(compare<T>(problemOf(encoder(40, 64, 2), 9, 4, 5)) > 0);
  CHECK(compare<T>(problemOf(encoder(40, 64, 2), 24, 2, 10)) > 0);
  CHECK(compare<T>(problemOf(encoder(64, 40, 1), 150, 1, 11)) > 0);
}

TEST_CASE_TEMPLATE("a batch is joined where that fills more rows, unless a weight is infinite beside padding", T, float,
                   double) {
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    const auto joins = [&](int64_t batch, int64_t outLength, bool isFinite) {
      const Parameters p = {.inChannels = 64, .outChannels = 128, .kernelSize = 3, .padLeft = 1, .padRight = 1};
      Geometry geometry;
      REQUIRE(makeGeometry(p, batch, outLength, &geometry) == Status::kOk);
      return takes<T>(makePlan(PlanRequest<T>{geometry, kernels, 1, isFinite}), "joined");
    };
    const int64_t rows = kernels.blocks.maxRows;
    CHECK(joins(rows, 1, true));
    CHECK(joins(2, 1, true));
    CHECK(joins(10 * rows, 1, true));
    CHECK_FALSE(joins(rows, 1, false));
    CHECK_FALSE(joins(1, 1, true));
    CHECK_FALSE(joins(2, 3, true));
    CHECK_FALSE(joins(rows, 1000, true));
  });
}

}  // namespace
}  // namespace conv1d::test
