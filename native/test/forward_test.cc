// The bits of the forward pass: every output is the chain of std::fma in the documented order, on every implementation,
// for any number of threads. Prints "bits <checksum>", which is the same on every machine.
#include <doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cinttypes>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <span>
#include <thread>
#include <vector>

#include "test/implementations.h"
#include "test/problem.h"
#include "test/random.h"
#include "test/runner.h"

namespace conv1d::test {
namespace {

// --- the problems
// -----------------------------------------------------------------------------------------------------

constexpr std::array kModes = {PaddingMode::kZeros, PaddingMode::kReflect, PaddingMode::kReplicate,
                               PaddingMode::kCircular};

struct Draft {
  Parameters parameters;
  int64_t batch = 1;
  int64_t length = 1;
};

// A length that gives about `outLength` outputs before padding.
int64_t lengthFor(const Parameters& p, int64_t outLength) {
  return (outLength - 1) * p.stride + (p.kernelSize - 1) * p.dilation + 1;
}

void pad(Random& random, int64_t most, Parameters& p) {
  p.mode = random.pick(kModes);
  p.padLeft = random.oneIn(3) ? 0 : random.between(0, most);
  p.padRight = random.oneIn(3) ? 0 : random.between(0, most);
}

Draft anyShape(Random& random) {
  Parameters p;
  p.groups = random.oneIn(2) ? 1 : random.between(2, 4);
  p.inChannels = p.groups * random.between(1, 6);
  p.outChannels = p.groups * random.between(1, 19);
  p.kernelSize = random.between(1, 9);
  p.stride = random.oneIn(2) ? 1 : random.between(2, 5);
  p.dilation = random.oneIn(2) ? 1 : random.between(2, 6);
  pad(random, 12, p);
  return {p, random.between(1, 3), random.between(1, 130)};
}

Draft depthwise(Random& random) {
  Parameters p;
  p.groups = random.between(1, 9);
  p.inChannels = p.groups;
  p.outChannels = p.groups * (random.oneIn(2) ? 1 : random.between(1, 3));
  p.kernelSize = random.between(1, 33);
  p.stride = random.oneIn(2) ? 1 : random.between(2, 4);
  p.dilation = random.oneIn(2) ? 1 : random.between(2, 8);
  pad(random, 40, p);
  return {p, random.between(1, 3), random.between(1, 300)};
}

// Neighbouring taps, enough of them for the kernel that broadcasts the input, and outputs enough.
Draft depthwiseLong(Random& random) {
  Parameters p;
  p.groups = random.between(1, 5);
  p.inChannels = p.groups;
  p.outChannels = p.groups;
  p.kernelSize = random.between(10, 120);
  pad(random, random.oneIn(2) ? 4 : 150, p);
  return {p, random.between(1, 2), random.between(80, 1500)};
}

Draft manyShortSignals(Random& random) {
  Parameters p;
  p.inChannels = random.between(1, 5);
  p.outChannels = random.between(1, 12);
  p.kernelSize = random.between(1, 4);
  p.stride = random.between(1, 3);
  pad(random, 2, p);
  return {p, random.between(2, 90), random.between(1, 14)};
}

Draft severalTiles(Random& random) {
  Parameters p;
  p.inChannels = random.between(1, 2);
  p.outChannels = random.between(1, 3);
  p.kernelSize = random.between(1, 3);
  p.stride = random.between(1, 3);
  p.dilation = random.oneIn(2) ? 1 : random.between(2, 700);
  pad(random, 30, p);
  return {p, random.between(1, 2), lengthFor(p, random.between(760, 2500))};
}

Draft channelBlocks(Random& random) {
  Parameters p;
  p.inChannels = random.between(1300, 2400);
  p.outChannels = random.between(1, 2);
  p.kernelSize = random.between(1, 2);
  p.stride = random.between(1, 2);
  pad(random, 5, p);
  return {p, 1, lengthFor(p, random.between(90, 210))};
}

Draft tapBlocks(Random& random) {
  Parameters p;
  p.inChannels = random.between(1, 2);
  p.outChannels = random.between(1, 2);
  p.kernelSize = random.between(4097, 9000);
  p.stride = random.between(1, 3);
  p.dilation = random.between(1, 3);
  pad(random, 2000, p);
  if (random.oneIn(2)) p.mode = PaddingMode::kZeros;
  return {p, 1, lengthFor(p, random.between(2, 19)) - p.padLeft - p.padRight};
}

// Taps so far apart that each has a piece of the tile for itself, and all of them outgrow it.
Draft farTaps(Random& random) {
  Parameters p;
  p.inChannels = random.between(1, 2);
  p.kernelSize = random.between(350, 700);
  p.stride = random.between(1, 2);
  p.dilation = random.between(250, 400) * p.stride;
  p.padLeft = (p.kernelSize - 1) * p.dilation / 2;
  p.padRight = p.padLeft;
  return {p, 1, random.between(192, 400)};
}

// Fewer outputs than fill a vector, or little more than fill some, of many channels.
Draft manyChannels(Random& random) {
  Parameters p;
  p.groups = random.oneIn(3) ? 2 : 1;
  p.inChannels = p.groups * random.between(1, 6);
  p.outChannels = p.groups * random.between(8, 120);
  p.kernelSize = random.between(1, 7);
  p.stride = random.oneIn(2) ? 1 : random.between(2, 5);
  p.dilation = random.oneIn(3) ? random.between(2, 4) : 1;
  pad(random, 6, p);
  return {p, random.between(1, 3), random.between(1, 36)};
}

// Most taps of the first and the last outputs read zeros; some outputs may read nothing else.
Draft mostlyPadding(Random& random) {
  Parameters p;
  p.groups = random.oneIn(2) ? 1 : random.between(2, 4);
  p.inChannels = p.groups * (random.oneIn(3) ? 1 : random.between(1, 4));
  p.outChannels = p.groups * (random.oneIn(3) ? 1 : random.between(1, 40));
  p.kernelSize = random.between(2, 48);
  p.stride = random.oneIn(2) ? 1 : random.between(2, 5);
  p.dilation = random.oneIn(2) ? 1 : random.between(2, 9);
  const int64_t halo = (p.kernelSize - 1) * p.dilation;
  p.padLeft = random.oneIn(4) ? 0 : random.between(0, halo + (random.oneIn(3) ? 40 : 0));
  p.padRight = random.oneIn(4) ? 0 : random.between(0, halo + (random.oneIn(3) ? 40 : 0));
  return {p, random.between(1, 2), random.between(0, 120)};
}

// Swapped, with more weights than all strips of positions read before the next ones.
Draft manyWeights(Random& random) {
  Parameters p;
  p.groups = random.between(1, 2);
  p.inChannels = p.groups * random.between(30, 50);
  p.outChannels = p.groups * random.between(40, 60);
  p.kernelSize = random.between(20, 40);
  pad(random, 20, p);
  p.mode = random.oneIn(2) ? PaddingMode::kZeros : p.mode;
  return {p, 1, random.between(1, 40)};
}

// Whole vectors of channels, of any ISA.
Draft depthwiseVectors(Random& random) {
  Parameters p;
  p.groups = 16 * random.between(1, 3);
  p.inChannels = p.groups;
  p.outChannels = p.groups;
  p.kernelSize = random.between(1, 40);
  p.stride = random.oneIn(3) ? random.between(2, 4) : 1;
  p.dilation = random.oneIn(3) ? random.between(2, 9) : 1;
  pad(random, 40, p);
  return {p, random.between(1, 2), random.oneIn(2) ? random.between(1, 60) : random.between(60, 800)};
}

struct Family {
  Draft (*draw)(Random&);
  int count;
  double leastProducts;
  double mostProducts;
};

// Few products each: an emulator computes only a few million a second.
constexpr Family kFamilies[] = {
    {anyShape, 200, 0, 40e3},        {depthwise, 90, 0, 20e3},         {depthwiseLong, 60, 0, 400e3},
    {manyShortSignals, 90, 0, 20e3}, {severalTiles, 30, 0, 40e3},      {channelBlocks, 4, 0, 400e3},
    {tapBlocks, 10, 0, 150e3},       {farTaps, 3, 0, 300e3},           {manyChannels, 90, 0, 15e3},
    {mostlyPadding, 90, 0, 15e3},    {depthwiseVectors, 60, 0, 200e3}, {manyWeights, 12, 0, 2.5e6},
};

Draft largeShape(Random& random) {
  Draft draft = anyShape(random);
  draft.parameters.outChannels *= 4;
  draft.length *= 12;
  return draft;
}

Draft largeBatch(Random& random) {
  Draft draft = manyShortSignals(random);
  draft.parameters.inChannels *= 8;
  draft.parameters.outChannels *= 8;
  return draft;
}

// Enough for the plan to share out: a thread for each 2^18 products.
constexpr Family kLargeFamilies[] = {
    {largeShape, 4, 2 * 262144.0, 0.9e6},
    {largeBatch, 2, 2 * 262144.0, 0.9e6},
    {largeShape, 1, 7 * 262144.0, 2.4e6},
};

std::vector<Problem> drawProblems(std::span<const Family> families, uint64_t seed) {
  Random random(seed);
  std::vector<Problem> problems;
  for (const Family& family : families) {
    for (int drawn = 0; drawn < family.count;) {
      const Draft draft = family.draw(random);
      Problem problem;
      if (makeGeometry(draft.parameters, draft.batch, draft.length, &problem.geometry) != Status::kOk) continue;
      if (problem.products() > family.mostProducts || problem.products() < family.leastProducts) continue;
      problem.bias = !random.oneIn(4);
      problem.special = random.oneIn(8);
      problem.specialWeights = random.oneIn(8);
      problem.seed = problems.size() + 1;
      problems.push_back(problem);
      drawn++;
    }
  }
  return problems;
}

// --- running them
// -----------------------------------------------------------------------------------------------------

template <typename T>
void checkEverywhere(const Problem& problem, Checksum& checksum) {
  const Values<T> values(problem);
  const std::vector<T> expected = reference(problem, values);
  bool isFirst = true;
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    Runner<T> runner(problem, values, kernels, problem.seed % 2 == 0 ? Flush::kStart : Flush::kEnd);
    for (const int threads : {1, 2, 7}) {
      INFO(problem.describe() << ", " << (sizeof(T) == 4 ? "float32" : "float64") << ", threads " << threads);
      const std::span<const T> out = runner.run(threads);
      const auto wrong = difference<T>(out, expected);
      if (wrong) FAIL_CHECK(*wrong);
      if (isFirst) checksum.add(out);
      isFirst = false;
    }
  });
}

TEST_CASE_TEMPLATE("the problems reach every kind of plan on every implementation", T, float, double) {
  const std::vector<Problem> problems = drawProblems(kFamilies, 1);
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    int folded = 0, depthwise = 0, inPlace = 0, tiles = 0, channelBlocks = 0, tapBlocks = 0, panels = 0;
    int swapped = 0, swappedPanels = 0, skipping = 0, skippingSwapped = 0, skippingDepthwise = 0, skippingBlocks = 0;
    int notFinite = 0, broadcasts = 0, broadcastsInPlace = 0, broadcastsSkipping = 0, inPlacePanels = 0;
    int chunked = 0, chunkedSkipping = 0, inLanes = 0, inLanesTiles = 0, inLanesRepeating = 0, inLanesApart = 0;
    for (const Problem& problem : problems) {
      const Parameters& p = problem.geometry.parameters;
      const Values<T> values(problem);
      const bool isFinite = allFinite(values.weight.data(), p.weightCount());
      const Plan plan = makePlan(PlanRequest<T>{problem.geometry, kernels, 1, isFinite});
      const bool isSwapped = takes<T>(plan, "swapped");
      const bool isBroadcast = takes<T>(plan, "broadcast depthwise");
      const bool isDepthwise = isBroadcast || takes<T>(plan, "depthwise");
      swapped += isSwapped;
      swappedPanels += isSwapped && plan.panels > 1;
      skipping += plan.skipsPadding;
      skippingSwapped += plan.skipsPadding && isSwapped;
      skippingDepthwise += plan.skipsPadding && isDepthwise;
      skippingBlocks += plan.skipsPadding && plan.tapsPerBlock < p.kernelSize;
      notFinite += !isFinite && makePlan(PlanRequest<T>{problem.geometry, kernels, 1, true}).skipsPadding;
      folded += plan.fold > 1;
      depthwise += isDepthwise;
      inPlace += plan.readsInput;
      inPlacePanels += plan.readsInput && plan.panels > 1;
      broadcasts += isBroadcast;
      broadcastsInPlace += isBroadcast && p.padLeft == 0 && p.padRight == 0;
      broadcastsSkipping += isBroadcast && plan.skipsPadding;
      const double panelBytes =
          static_cast<double>(p.groupInChannels() * p.kernelSize * plan.layout.panelWidth) * sizeof(T);
      const bool isChunked = isSwapped && panelBytes > 2.0 * static_cast<double>(kernels.blocks.swappedWeightBytes);
      chunked += isChunked;
      chunkedSkipping += isChunked && plan.skipsPadding;
      const bool isInLanes = takes<T>(plan, "depthwise in lanes");
      inLanes += isInLanes;
      inLanesTiles += isInLanes && plan.tiles > 1;
      inLanesRepeating += isInLanes && p.mode != PaddingMode::kZeros && p.padLeft + p.padRight > 0;
      inLanesApart += isInLanes && p.stride * p.dilation > 1;
      tiles += plan.tiles > 1;
      channelBlocks += plan.channelsPerBlock < p.groupInChannels();
      tapBlocks += plan.tapsPerBlock < p.kernelSize;
      panels += plan.panels > 1;
    }
    CHECK(folded >= 5);
    CHECK(depthwise >= 20);
    CHECK(inPlace >= 20);
    CHECK(inPlacePanels >= 20);
    if (kernels.blocks.minTapsToBroadcast < 100) {
      CHECK(broadcasts >= 20);
      CHECK(broadcastsInPlace >= 3);
      CHECK(broadcastsSkipping >= 5);
    }
    if (kernels.blocks.hasLanes) {
      CHECK(chunked >= 3);  // panels of whole vectors
      CHECK(chunkedSkipping >= 1);
      CHECK(inLanes >= 40);
      CHECK(inLanesTiles >= 3);
      CHECK(inLanesRepeating >= 10);
      CHECK(inLanesApart >= 10);
    }
    CHECK(tiles >= 20);
    CHECK(channelBlocks >= 3);
    CHECK(tapBlocks >= 8);
    CHECK(panels >= 20);
    CHECK(swapped >= 40);
    CHECK(swappedPanels >= 5);
    CHECK(skipping >= 80);
    CHECK(skippingSwapped >= 10);
    CHECK(skippingDepthwise >= 20);
    CHECK(skippingBlocks >= 2);
    CHECK(notFinite >= 5);
  });
}

TEST_CASE("every output is the documented chain, on every implementation, for 1, 2 and 7 threads") {
  Checksum checksum;
  const std::vector<Problem> problems = drawProblems(kFamilies, 1);
  CHECK(problems.size() >= 600);
  for (const Problem& problem : problems) {
    checkEverywhere<float>(problem, checksum);
    checkEverywhere<double>(problem, checksum);
  }
  std::printf("bits %016" PRIx64 "\n", checksum.value());
}

// Work that the plan itself shares out. The definition is slow: it checks every 61st output, the single thread the
// rest.
TEST_CASE_TEMPLATE("the plan's own partitions for 2 and 7 threads leave the bits alone", T, float, double) {
  constexpr size_t kSample = 61;
  for (const Problem& problem : drawProblems(kLargeFamilies, 2)) {
    const Values<T> values(problem);
    const std::vector<T> expected = reference(problem, values, kSample);
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      INFO(problem.describe());
      Runner<T> runner(problem, values, kernels, Flush::kEnd);
      const std::span<const T> out = runner.run(runner.plan(1));
      const std::vector<T> alone(out.begin(), out.end());
      std::vector<T> sample;
      for (size_t i = 0; i < alone.size(); i += kSample) sample.push_back(alone[i]);
      const auto wrong = difference<T>(sample, expected);
      if (wrong) FAIL_CHECK("every 61st: " << *wrong);
      for (const int threads : {2, 7}) {
        const Plan plan = runner.plan(threads);
        CHECK(plan.threads >= 2);
        CAPTURE(threads);
        const auto changed = difference<T>(runner.run(plan), alone);
        if (changed) FAIL_CHECK(*changed);
      }
    });
  }
}

TEST_CASE_TEMPLATE("a batch gives the bits of its items one by one", T, float, double) {
  Random random(3);
  for (int i = 0; i < 60; i++) {
    const Draft draft = i % 2 == 0 ? manyShortSignals(random) : anyShape(random);
    Problem whole;
    if (makeGeometry(draft.parameters, draft.batch, draft.length, &whole.geometry) != Status::kOk) continue;
    whole.seed = static_cast<uint64_t>(i);
    Problem item = whole;
    item.geometry.batch = 1;
    const Values<T> values(whole);
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      INFO(whole.describe());
      Runner<T> runner(whole, values, kernels, Flush::kEnd);
      const std::span<const T> together = runner.run(1);
      for (int64_t n = 0; n < whole.geometry.batch; n++) {
        Values<T> own = values;
        const auto begin = values.input.begin() + n * item.inputCount();
        own.input.assign(begin, begin + item.inputCount());
        Runner<T> alone(item, own, kernels, Flush::kStart);
        const auto size = static_cast<size_t>(item.outputCount());
        const auto changed = difference<T>(together.subspan(static_cast<size_t>(n) * size, size), alone.run(1));
        if (changed) FAIL_CHECK("item " << n << ": " << *changed);
      }
    });
  }
}

// Each tap in turn is infinite: an output is NaN where that tap reads a zero of the padding, as PyTorch has it.
TEST_CASE_TEMPLATE("infinity times the padding is NaN: nothing is skipped when a weight is not finite", T, float,
                   double) {
  constexpr Parameters kConvolutions[] = {
      {.inChannels = 1, .outChannels = 1, .kernelSize = 12, .padLeft = 11, .padRight = 11},  // depthwise
      {.inChannels = 2, .outChannels = 2, .kernelSize = 12, .padLeft = 11, .padRight = 11},
      {.inChannels = 2, .outChannels = 64, .kernelSize = 6, .stride = 2, .padLeft = 5, .padRight = 5},  // swapped
  };
  for (const Parameters& p : kConvolutions) {
    Problem problem;
    REQUIRE(makeGeometry(p, 1, 9, &problem.geometry) == Status::kOk);
    Values<T> values(problem);
    for (int64_t tap = 0; tap < p.kernelSize; tap++) {
      const T before = values.weight[static_cast<size_t>(tap)];
      values.weight[static_cast<size_t>(tap)] = std::numeric_limits<T>::infinity();
      const std::vector<T> expected = reference(problem, values);
      const auto isNaN = [](T value) { return std::isnan(value); };
      REQUIRE(std::any_of(expected.begin(), expected.end(), isNaN));
      forEachImplementation<T>([&](const Kernels<T>& kernels) {
        INFO(problem.describe() << ", infinite tap " << tap);
        CHECK(makePlan(PlanRequest<T>{problem.geometry, kernels, 1, true}).skipsPadding);
        Runner<T> runner(problem, values, kernels, Flush::kEnd);
        const auto wrong = difference<T>(runner.run(1), expected);
        if (wrong) FAIL_CHECK(*wrong);
      });
      values.weight[static_cast<size_t>(tap)] = before;
    }
  }
}

TEST_CASE_TEMPLATE("empty signals and empty batches", T, float, double) {
  const Parameters onlyPadding = {
      .inChannels = 2, .outChannels = 3, .kernelSize = 3, .padLeft = 2, .padRight = 2, .groups = 1};
  Problem empty;
  REQUIRE(makeGeometry(onlyPadding, 2, 0, &empty.geometry) == Status::kOk);
  Problem noItems;
  REQUIRE(makeGeometry(onlyPadding, 0, 5, &noItems.geometry) == Status::kOk);
  for (const Problem& problem : {empty, noItems}) {
    const Values<T> values(problem);
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      INFO(problem.describe());
      Runner<T> runner(problem, values, kernels, Flush::kEnd);
      CHECK_FALSE(difference<T>(runner.run(7), reference(problem, values)));
    });
  }
}

TEST_CASE_TEMPLATE("several callers at once get the right bits", T, float, double) {
  const std::vector<Problem> problems = drawProblems(kLargeFamilies, 4);
  const Kernels<T>& kernels = kernelsFor<T>(*supportedKernels()[0]);
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (size_t caller = 0; caller < 4; caller++) {
    callers.emplace_back([&, caller] {
      const Problem& problem = problems[caller];
      const Values<T> values(problem);
      const Geometry& g = problem.geometry;
      const bool isFinite = allFinite(values.weight.data(), g.parameters.weightCount());
      const Plan alone = makePlan(PlanRequest<T>{g, kernels, 1, isFinite});
      const Plan shared = makePlan(PlanRequest<T>{g, kernels, 3, isFinite});
      std::vector<T> packed(static_cast<size_t>(packedCount(g.parameters, kernels, alone.layout)));
      packWeights(g.parameters, kernels, alone.layout, convolutionWeight(g.parameters, values.weight.data()),
                  packed.data());
      std::vector<T> first(static_cast<size_t>(problem.outputCount()));
      std::vector<T> out = first;
      const T* const bias = values.bias.empty() ? nullptr : values.bias.data();
      forward(alone, kernels, {values.input.data(), packed.data(), bias, first.data()});
      for (int repeat = 0; repeat < 5; repeat++) {
        std::fill(out.begin(), out.end(), T{-1});
        forward(shared, kernels, {values.input.data(), packed.data(), bias, out.data()});
        if (difference<T>(out, first)) wrong++;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(wrong == 0);
}

TEST_CASE("a call that is cancelled says so and writes no further tile") {
  const Problem problem = drawProblems(kLargeFamilies, 1)[0];
  const Values<float> values(problem);
  const Kernels<float>& kernels = kernelsFor<float>(*supportedKernels()[0]);
  const Plan plan = makePlan(PlanRequest<float>{problem.geometry, kernels, 1, true});
  std::vector<float> packed(static_cast<size_t>(packedCount(problem.geometry.parameters, kernels, plan.layout)));
  packWeights(problem.geometry.parameters, kernels, plan.layout,
              convolutionWeight(problem.geometry.parameters, values.weight.data()), packed.data());
  std::vector<float> out(static_cast<size_t>(problem.outputCount()), -1);
  const std::atomic<bool> cancelled{true};
  ForwardArgs<float> args{values.input.data(), packed.data(), nullptr, out.data()};
  args.cancelled = &cancelled;
  CHECK(forward(plan, kernels, args) == Status::kCancelled);
  CHECK(std::count(out.begin(), out.end(), -1.0f) == static_cast<int64_t>(out.size()));
}

}  // namespace
}  // namespace conv1d::test
