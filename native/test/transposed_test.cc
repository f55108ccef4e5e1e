// Transposed convolutions: every output is the chain of std::fma in the documented order, by every algorithm, on every
// implementation, for any number of threads.
#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "core/convolution.h"
#include "core/pack/phase_taps.h"
#include "test/implementations.h"
#include "test/problem.h"
#include "test/random.h"
#include "test/runner.h"

namespace conv1d::test {
namespace {

#ifdef CONV1D_SLOW_MACHINE
constexpr int kDraws = 12;
#else
constexpr int kDraws = 60;
#endif

struct Layer {
  int64_t inChannels, outChannels, kernelSize, stride, padding, outputPadding, dilation, groups;
};

Parameters parametersOf(const Layer& layer) {
  Parameters p;
  p.transposed = true;
  p.inChannels = layer.inChannels;
  p.outChannels = layer.outChannels;
  p.kernelSize = layer.kernelSize;
  p.stride = layer.stride;
  p.padLeft = layer.padding;
  p.padRight = layer.padding;
  p.outputPadding = layer.outputPadding;
  p.dilation = layer.dilation;
  p.groups = layer.groups;
  return p;
}

Problem problemOf(const Parameters& p, int64_t batch, int64_t length, uint64_t seed) {
  Problem problem;
  problem.seed = seed;
  REQUIRE(validate(p) == Status::kOk);
  REQUIRE(makeGeometry(p, batch, length, &problem.geometry) == Status::kOk);
  return problem;
}

// A plan for each algorithm that could compute the problem.
template <typename T>
std::vector<Plan> plansOf(const PlanRequest<T>& request) {
  std::vector<Plan> plans;
  int index = 0;
  for (const Algorithm<T>& algorithm : algorithms<T>()) {
    const int at = index++;
    const Parameters& p = request.geometry.parameters;
    if (!suits(algorithm, p, request.kernels) || algorithm.cost(request) == kUnsuited) continue;
    Plan plan;
    plan.geometry = request.geometry;
    plan.algorithm = at;
    plan.layout = algorithm.layout(p, request.kernels);
    plan.threads = request.maxThreads;
    algorithm.plan(request, &plan);
    plans.push_back(plan);
  }
  return plans;
}

template <typename T>
void check(const Problem& problem) {
  INFO(problem.describe());
  const Values<T> values(problem);
  const std::vector<T> expected = reference(problem, values);
  const bool isFinite = allFinite(values.weight.data(), static_cast<int64_t>(values.weight.size()));
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
      Runner<T> runner(problem, values, kernels, flush);
      for (const int threads : {1, 2}) {
        INFO(threads << " threads");
        const auto difference1 = difference<T>(runner.run(threads), expected);
        CHECK_MESSAGE(!difference1, *difference1);
        for (const Plan& plan : plansOf(PlanRequest<T>{problem.geometry, kernels, threads, isFinite})) {
          INFO(std::string(algorithmOf<T>(plan).name));
          CHECK(plan.scratchBytes <= std::size_t{2} << 20);
          const auto difference2 = difference<T>(runner.run(plan), expected);
          CHECK_MESSAGE(!difference2, *difference2);
        }
      }
    }
  });
}

void checkBoth(const Problem& problem) {
  check<float>(problem);
  check<double>(problem);
}

Problem drawn(uint64_t seed) {
  Random random(seed);
  Parameters p;
  p.transposed = true;
  p.groups = random.oneIn(2) ? 1 : random.between(2, 4);
  p.inChannels = p.groups * (random.oneIn(4) ? 1 : random.between(1, 6));
  p.outChannels = p.groups * (random.oneIn(4) ? 1 : random.between(1, 40));
  p.kernelSize = random.between(1, random.oneIn(4) ? 40 : 9);
  p.stride = random.oneIn(4) ? 1 : random.between(2, 9);
  p.dilation = random.oneIn(2) ? 1 : random.between(2, random.oneIn(3) ? 200 : 9);
  const int64_t length = random.between(1, random.oneIn(3) ? 400 : 60);
  const int64_t whole = (length - 1) * p.stride + p.reach() + 1;
  p.padLeft = random.oneIn(3) ? 0 : random.between(0, (whole - 1) / 2);
  p.padRight = random.oneIn(2) ? p.padLeft : random.between(0, (whole - 1) / 2);
  p.outputPadding = random.oneIn(2) ? 0 : random.between(0, std::max(p.stride, p.dilation) - 1);
  Problem problem = problemOf(p, random.between(1, 2), length, seed);
  problem.bias = !random.oneIn(4);
  problem.special = random.oneIn(3);
  problem.specialWeights = random.oneIn(3);
  return problem;
}

TEST_CASE("drawn layers have the bits of the chain") {
  for (uint64_t seed = 1; seed <= kDraws; seed++) checkBoth(drawn(seed));
}

TEST_CASE("corners have the bits of the chain") {
  const struct {
    Layer layer;
    int64_t batch, length;
  } cases[] = {
      {{1, 1, 1, 1, 0, 0, 1, 1}, 1, 1},          {{2, 3, 2, 5, 0, 0, 1, 1}, 2, 7},  // phases without taps have the bias
      {{5, 1, 8, 4, 3, 2, 1, 1}, 2, 50},                                            // phases in the rows of one panel
      {{3, 2, 6, 3, 2, 0, 1, 1}, 1, 900},        {{6, 6, 4, 2, 1, 0, 1, 6}, 2, 300},
      {{6, 12, 14, 7, 20, 0, 1, 6}, 1, 40},      {{3000, 1, 8, 4, 2, 0, 1, 1}, 1, 120},
      {{9, 1, 512, 256, 128, 0, 1, 1}, 1, 40},   {{2, 1, 3000, 1500, 0, 0, 1, 1}, 1, 5},
      {{2, 3, 5, 2, 0, 0, 1, 1}, 2, 0},                                             // no input at all
      {{2, 3, 5, 1, 0, 0, 1, 1}, 2, 0},          {{2, 3, 2, 5, 0, 4, 1, 1}, 2, 7},  // ... behind the last tap as well
      {{2, 9, 5, 6, 3, 0, 4, 1}, 1, 30},       // stride and dilation share a divisor
      {{2, 9, 5, 4, 3, 0, 8, 1}, 1, 30},       // ... all of the stride
      {{3, 5, 4, 2, 61, 1, 1, 1}, 2, 64},      // the padding leaves little
      {{3, 5, 3, 1, 20, 0, 1, 1}, 2, 64},      // ... of stride 1 too: no longer a flipped convolution
      {{5, 5, 4, 2, 1, 0, 1, 5}, 2, 900},      // depthwise, several tiles
      {{4, 8, 7, 3, 1, 2, 1, 4}, 1, 3000},     // two outputs for each input channel
      {{4, 8, 3, 2, 0, 0, 5000, 1}, 1, 300},   // taps far apart
      {{2, 3, 5000, 3, 7, 0, 1, 1}, 1, 6},     // more taps than a block takes
      {{1, 2, 9000, 2, 7, 0, 3, 1}, 1, 20},    // ... and far apart
      {{6000, 2, 2, 2, 0, 0, 1, 1}, 1, 60},    // channels in blocks
      {{6, 30, 5, 700, 100, 3, 1, 1}, 2, 50},  // more phases than a staging block takes
      {{3, 20, 900, 640, 130, 9, 1, 1}, 1, 40},  {{70, 130, 16, 8, 4, 0, 1, 1}, 1, 9},  // several panels of lanes
      {{2, 2, 3, 100000, 5, 0, 70000, 1}, 1, 3},
  };
  for (const auto& each : cases) checkBoth(problemOf(parametersOf(each.layer), each.batch, each.length, 7));
}

TEST_CASE("a weight that is not finite meets inputs alone") {
  for (const Layer& layer :
       {Layer{2, 20, 6, 1, 1, 0, 2, 1}, Layer{2, 20, 6, 3, 1, 0, 2, 1}, Layer{2, 1, 6, 3, 1, 0, 1, 1}}) {
    Problem problem = problemOf(parametersOf(layer), 1, 40, 3);
    problem.specialWeights = true;
    checkBoth(problem);
  }
}

TEST_CASE("a layer computes snapshots and plain weights, fast ones too") {
  for (const bool fast : {false, true}) {
    for (const int64_t stride : {1, 4}) {
      const Problem problem = problemOf(parametersOf({24, 17, 9, stride, 2, 0, 1, 1}), 2, 300, 5);
      INFO(problem.describe());
      Values<float> values(problem);
      for (const bool isFinite : {true, false}) {
        if (!isFinite) values.input[333] = std::numeric_limits<float>::infinity();
        const std::vector<float> expected = reference(problem, values);
        forEachImplementation<float>([&](const Kernels<float>& kernels) {
          Convolution<float> layer(problem.geometry.parameters, kernels, {fast, int64_t{1} << 30});
          const PlainWeights<float> weights{values.weight.data(), values.bias.data()};
          std::vector<float> out(static_cast<size_t>(problem.outputCount()));
          AlignedBuffer panels;
          const Call<float> call{problem.geometry, values.input.data(), out.data(), 2};
          const auto compare = [&] {
            for (size_t i = 0; i < out.size(); i++) {
              if (fast && stride == 1 && std::isfinite(expected[i])) {
                CHECK(std::abs(out[i] - expected[i]) < 1e-3F);
              } else {
                CHECK(sameBits(out[i], expected[i]));
              }
            }
          };
          REQUIRE(layer.run(call, weights, &panels) == Status::kOk);
          compare();
          layer.snapshot = layer.pack(weights);
          REQUIRE(layer.snapshot != nullptr);
          std::fill(out.begin(), out.end(), 0.0F);
          REQUIRE(layer.run(call) == Status::kOk);
          compare();
        });
      }
    }
  }
}

TEST_CASE("fast algorithms compute transposed convolutions of stride 1") {
  const Problem problem = problemOf(parametersOf({64, 64, 15, 1, 3, 0, 1, 1}), 1, 4000, 5);
  const Plan plan =
      makePlan(PlanRequest<float>{problem.geometry, activeKernels().f32, 1, true, {true, int64_t{1} << 30}});
  CHECK_FALSE(algorithmOf<float>(plan).isExact);
}

TEST_CASE("phases know their taps") {
  for (const int64_t stride : {1, 2, 6, 7, 12}) {
    for (const int64_t dilation : {1, 4, 6, 9, 24}) {
      const Parameters p = parametersOf({1, 1, 11, stride, 0, 0, dilation, 1});
      const PhaseTaps taps(p);
      for (int64_t phase = 0; phase < stride; phase++) {
        std::vector<int64_t> expected;
        for (int64_t k = p.kernelSize - 1; k >= 0; k--) {
          if (k * dilation % stride == phase) expected.push_back(k);
        }
        const int64_t residue = taps.residueOf(phase);
        CHECK((residue < 0) == expected.empty());
        if (residue < 0) continue;
        const TapRun run = taps.runOf(residue, 0, p.kernelSize);
        CHECK(run.count == static_cast<int64_t>(expected.size()));
        CHECK(run.last == expected.front());
        CHECK(residue == expected.back());
      }
    }
  }
  // Of a stride so large that products of residues overflow.
  const Parameters p = parametersOf({1, 1, 3, (int64_t{1} << 53) - 111, 0, 0, (int64_t{1} << 52) + 5, 1});
  const PhaseTaps taps(p);
  for (int64_t k = 0; k < 3; k++) CHECK(taps.residueOf(k * p.dilation % p.stride) == k);
  CHECK(taps.residueOf(12345) == -1);
}

TEST_CASE("sizes are counted or refused") {
  constexpr int64_t kHuge = int64_t{1} << 52;
  Geometry g;
  const auto fits = [&](const Layer& layer, int64_t batch, int64_t length) {
    const Parameters p = parametersOf(layer);
    const Status status = validate(p);
    return status == Status::kOk ? makeGeometry(p, batch, length, &g) : status;
  };
  CHECK(fits({1, 1, 3, 2, 1, 1, 1, 1}, 1, 5) == Status::kOk);
  CHECK(g.outLength == 10);
  CHECK(fits({1, 1, 3, 2, 1, 2, 1, 1}, 1, 5) == Status::kInvalidArgument);
  CHECK(fits({1, 1, 3, 2, 1, 2, 4, 1}, 1, 5) == Status::kOk);
  CHECK(fits({1, 1, 3, 2, 6, 0, 1, 1}, 1, 5) == Status::kTooShort);
  CHECK(fits({1, 1, 3, 2, 0, 0, 1, 1}, 0, 0) == Status::kOk);
  CHECK(g.outLength == 1);
  CHECK(fits({1, 1, 3, 3, 0, 0, 1, 1}, 1, 0) == Status::kTooShort);
  CHECK(fits({1, 1, 3, kHuge, 0, 0, 1, 1}, 1, kHuge) == Status::kOverflow);
  CHECK(fits({1, 1, 4096, 1, 0, 0, kHuge, 1}, 1, 1) == Status::kOverflow);
  CHECK(fits({1, 1, 2, 1, kHuge, 0, kHuge * 2, 1}, 1, 1) == Status::kOk);
  CHECK(g.outLength == 1);
  // No batch, no bytes: the plan must count all the same.
  CHECK(fits({1, 2, 3, kHuge / 4, 5, 7, kHuge / 8, 1}, 0, 500) == Status::kOk);
  forEachImplementation<float>([&](const Kernels<float>& kernels) {
    for (const bool isFinite : {true, false}) {
      CHECK(makePlan(PlanRequest<float>{g, kernels, 4, isFinite}).tasks == 0);
    }
  });
}

}  // namespace
}  // namespace conv1d::test
