// What makePlan promises, for shapes from the smallest to those that no memory holds.
#include <doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "core/checked_math.h"
#include "core/pack/tile_layout.h"
#include "core/parts.h"
#include "core/plan/algorithm.h"
#include "core/plan/dense.h"
#include "test/implementations.h"
#include "test/random.h"
#include "test/runner.h"

namespace conv1d::test {
namespace {

constexpr size_t kMostScratch = 2 << 20;

std::string describe(const Geometry& g) {
  const Parameters& p = g.parameters;
  std::ostringstream text;
  text << "batch " << g.batch << ", channels " << p.inChannels << " -> " << p.outChannels << ", groups " << p.groups
       << ", kernelSize " << p.kernelSize << ", stride " << p.stride << ", padding " << p.padLeft << " + " << p.padRight
       << ", dilation " << p.dilation << ", length " << g.length << " -> " << g.outLength;
  return text.str();
}

double products(const Geometry& g) {
  return static_cast<double>(g.batch) * static_cast<double>(g.outLength) *
         static_cast<double>(g.parameters.weightCount());
}

// The promises that hold whatever the sizes are.
template <typename T>
void checkPlan(const Geometry& g, const Kernels<T>& kernels, int maxThreads, bool finiteWeights) {
  const Plan plan = makePlan(PlanRequest<T>{g, kernels, maxThreads, finiteWeights});
  const Parameters& p = g.parameters;
  INFO(describe(g) << ", at most " << maxThreads << " threads, " << (finiteWeights ? "finite" : "any") << " weights");

  CHECK(plan.threads >= 1);
  CHECK(plan.threads <= maxThreads);
  constexpr double kSmall = 1 << 18;  // products that one thread does faster alone
  if (products(g) <= kSmall) CHECK(plan.threads == 1);
  CHECK(plan.threads <= std::max<int64_t>(plan.tasks, 1));

  // Tiles cover each signal once.
  REQUIRE(plan.columns >= 1);
  CHECK(plan.columns <= g.outLength);
  const bool broadcasts = takes<T>(plan, "broadcast depthwise");
  const bool swaps = takes<T>(plan, "swapped");
  const bool isInLanes = takes<T>(plan, "depthwise in lanes");
  const int64_t channels = isInLanes ? kernels.lanes : 1;  // of a task, beside the outputs of a group
  CHECK(plan.columns <= (broadcasts && !plan.skipsPadding ? 4 : 1) * kernels.blocks.maxColumns);
  CHECK((plan.tiles - 1) * plan.columns < g.outLength);
  CHECK(g.outLength - (plan.tiles - 1) * plan.columns <= plan.columns);

  // Panels and tasks.
  // The layout follows from the algorithm and the layer alone: a snapshot holds one copy for each of them.
  CHECK(plan.layout == algorithmOf<T>(plan).layout(p, kernels));
  CHECK(algorithmOf<T>(plan).maySuit(p, kernels));
  CHECK(plan.cost < kUnsuited);
  CHECK(plan.panels == panelsOf(p, plan.layout).count());
  REQUIRE(plan.panelsPerTask >= 1);
  CHECK(plan.panelsPerTask <= plan.panels);
  CHECK(plan.tasks == ceilDivide(g.batch, plan.fold) * (p.groups / channels) * plan.tiles *
                          ceilDivide(plan.panels, plan.panelsPerTask));
  if (isInLanes) {
    CHECK(isDepthwise(p));
    CHECK(p.groups % kernels.lanes == 0);
    CHECK(Parts(g.outLength, plan.columns).count() == plan.tiles);
    const int64_t last = Parts(g.outLength, plan.columns).size(plan.tiles - 1);
    CHECK(last >= kernels.blocks.lanesOutputs);  // what the kernel writes at a time
    CHECK(plan.scratchBytes <= kMostScratch);
    CHECK(plan.tileElements >= kernels.lanes * ((plan.columns - 1) * p.stride + (p.kernelSize - 1) * p.dilation + 1));
    CHECK(plan.scratchBytes >= static_cast<size_t>(plan.tileElements + (p.kernelSize + 1) * kernels.lanes) * sizeof(T));
    return;
  }

  if (takes<T>(plan, "rows")) {
    CHECK(g.outLength == 1);
    CHECK(p.padLeft + p.padRight == 0);
    CHECK(plan.fold <= g.batch);
    CHECK(plan.scratchBytes <= kMostScratch);
    return;
  }

  if (takes<T>(plan, "joined")) {
    CHECK(g.batch > 1);
    CHECK(plan.tiles == 1);
    CHECK(plan.columns == g.outLength);
    CHECK(plan.fold <= g.batch);
    CHECK(plan.tileElements >= plan.fold * p.groupInChannels() * g.length);
    CHECK(plan.scratchBytes <= kMostScratch);
    if (p.mode == PaddingMode::kZeros && p.padLeft + p.padRight > 0) CHECK(finiteWeights);
    return;
  }

  // Blocks of the reduction.
  REQUIRE(plan.channelsPerBlock >= 1);
  CHECK(plan.channelsPerBlock <= p.groupInChannels());
  REQUIRE(plan.tapsPerBlock >= 1);
  CHECK(plan.tapsPerBlock <= p.kernelSize);
  if (plan.tapsPerBlock < p.kernelSize) CHECK(plan.channelsPerBlock == 1);

  // The tile holds them.
  CHECK(plan.rowStride >= tileRowLength(p, plan.tapsPerBlock, plan.tileColumns));
  CHECK(plan.tileElements >= plan.channelsPerBlock * plan.rowStride);
  CHECK(plan.scratchBytes <= kMostScratch);
  CHECK(plan.scratchBytes >= static_cast<size_t>(plan.tileElements + plan.stagingElements) * sizeof(T));
  CHECK(plan.rowStride * static_cast<int64_t>(sizeof(T)) % 4096 != 0);

  if (plan.skipsPadding) {
    CHECK(finiteWeights);
    CHECK(p.mode == PaddingMode::kZeros);
    CHECK(p.padLeft + p.padRight > 0);
  }
  if (swaps) {
    CHECK(plan.fold == 1);
    CHECK_FALSE(plan.readsInput);
    CHECK(plan.channelsPerBlock == p.groupInChannels());
    CHECK(plan.tapsPerBlock == p.kernelSize);
    CHECK(plan.tiles == 1);
    CHECK(plan.stagingElements >= plan.columns * plan.layout.panelWidth);
  }
  if (plan.readsInput) CHECK(p.stride == 1);
  if (broadcasts) {
    CHECK(isDepthwise(p));
    CHECK(plan.layout.margin == kernels.lanes - 1);
    CHECK(p.stride == 1);
    CHECK(p.dilation == 1);
    CHECK(plan.tapsPerBlock == p.kernelSize);  // the kernel is asked for whole chains only
  }

  REQUIRE(plan.fold >= 1);
  if (plan.fold == 1) {
    CHECK(plan.tileColumns == (broadcasts ? roundUp(plan.columns, kernels.lanes) : plan.columns));
    return;
  }
  // Folded: whole signals side by side, one tile along the signal, the whole reduction in one block.
  CHECK(plan.fold <= g.batch);
  CHECK(plan.tiles == 1);
  CHECK(plan.columns == g.outLength);
  CHECK(plan.channelsPerBlock == p.groupInChannels());
  CHECK(plan.tapsPerBlock == p.kernelSize);
  CHECK_FALSE(isDepthwise(p));
  CHECK_FALSE(plan.readsInput);
  CHECK(plan.foldPitch >= g.outLength + (p.kernelSize - 1) * p.dilation / p.stride);
  CHECK((plan.fold - 1) * plan.foldPitch + g.outLength <= plan.tileColumns);
  CHECK(plan.tileColumns <= kernels.blocks.maxColumns);
  CHECK(plan.stagingElements >= static_cast<int64_t>(kernels.blocks.maxRows) * kMaxVectors * kernels.lanes);
}

TEST_CASE_TEMPLATE("short signals of a single output channel are folded, never swapped", T, float, double) {
  const Kernels<T>& kernels = kernelsFor<T>(*supportedKernels()[0]);
  Geometry geometry;
  REQUIRE(makeGeometry({.inChannels = 16, .outChannels = 1, .kernelSize = 3}, 256, 6, &geometry) == Status::kOk);
  const Plan plan = makePlan(PlanRequest<T>{geometry, kernels, 1, true});
  CHECK_FALSE(takes<T>(plan, "swapped"));
  if (kernels.lanes > 4) CHECK(plan.fold > 1);
}

TEST_CASE_TEMPLATE("plans of any size keep their promises", T, float, double) {
  constexpr std::array<int, 4> kThreads = {1, 2, 7, 256};
  Random random(1);
  int planned = 0;
  for (int i = 0; i < 6000; i++) {
    Parameters p;
    p.groups = random.oneIn(2) ? 1 : random.magnitude(1000);
    p.inChannels = p.groups * (random.oneIn(3) ? 1 : random.magnitude(100'000));
    p.outChannels = p.groups * (random.oneIn(3) ? 1 : random.magnitude(100'000));
    p.kernelSize = random.magnitude(1'000'000);
    p.stride = random.oneIn(2) ? 1 : random.magnitude(1'000'000'000'000);
    p.dilation = random.oneIn(2) ? 1 : random.magnitude(1'000'000'000);
    p.padLeft = random.oneIn(2) ? 0 : random.magnitude(1'000'000'000'000);
    p.padRight = random.oneIn(2) ? (p.kernelSize - 1) * p.dilation : 0;
    p.mode = random.oneIn(4) ? PaddingMode::kReplicate : PaddingMode::kZeros;
    const int64_t batch = random.oneIn(2) ? 1 : random.magnitude(100'000);
    const int64_t length = random.magnitude(1'000'000'000'000);
    Geometry geometry;
    if (validate(p) != Status::kOk || makeGeometry(p, batch, length, &geometry) != Status::kOk) continue;
    planned++;
    const int threads = random.pick(kThreads);
    const bool finiteWeights = !random.oneIn(4);
    forEachImplementation<T>([&](const Kernels<T>& kernels) { checkPlan(geometry, kernels, threads, finiteWeights); });
  }
  CHECK(planned > 3000);
}

TEST_CASE_TEMPLATE("plans at the corners keep their promises", T, float, double) {
  constexpr int64_t kChannels[] = {1, 2, 512, 2000, 100'000};
  constexpr int64_t kKernelSizes[] = {1, 3, 128, 4096, 4097, 1'000'000};
  constexpr int64_t kStrides[] = {1, 2, 160, int64_t{1} << 40};
  constexpr int64_t kDilations[] = {1, 2, 191, 192, 193, 769, 1'000'000'000};
  constexpr int64_t kOutLengths[] = {1, 2, 15, 17, 191, 193, 767, 769, 1000, 1'000'000'000'000};
  int planned = 0;
  for (const int64_t channels : kChannels) {
    for (const int64_t kernelSize : kKernelSizes) {
      for (const int64_t stride : kStrides) {
        for (const int64_t dilation : kDilations) {
          for (const int64_t outLength : kOutLengths) {
            const Parameters p = {.inChannels = channels,
                                  .outChannels = 17,
                                  .kernelSize = kernelSize,
                                  .stride = stride,
                                  .padLeft = (kernelSize - 1) * dilation,
                                  .dilation = dilation};
            int64_t length = 0;
            Geometry geometry;
            if (!checkedMultiply(outLength - 1, stride, &length)) continue;
            if (makeGeometry(p, 3, length + 1, &geometry) != Status::kOk) continue;
            planned++;
            REQUIRE(geometry.outLength == outLength);
            const bool finiteWeights = planned % 2 == 0;
            forEachImplementation<T>(
                [&](const Kernels<T>& kernels) { checkPlan(geometry, kernels, 7, finiteWeights); });
          }
        }
      }
    }
  }
  CHECK(planned > 3000);
}

// Counts how often each output is computed, task by task in the order (item, group, tile, rows).
bool coversEachOutputOnce(const Geometry& g, const Plan& plan) {
  const Parameters& p = g.parameters;
  std::vector<int> computed(static_cast<size_t>(g.batch * p.outChannels * g.outLength));
  const Parts panels = panelsOf(p, plan.layout);
  int64_t tasks = 0;
  for (int64_t firstItem = 0; firstItem < g.batch; firstItem += plan.fold) {
    for (int64_t group = 0; group < p.groups; group++) {
      for (int64_t tile = 0; tile < plan.tiles; tile++) {
        for (int64_t firstPanel = 0; firstPanel < plan.panels; firstPanel += plan.panelsPerTask) {
          tasks++;
          const int64_t endPanel = std::min(firstPanel + plan.panelsPerTask, plan.panels);
          const int64_t endRow = panels.begin(endPanel - 1) + panels.size(endPanel - 1);
          const int64_t endColumn = std::min((tile + 1) * plan.columns, g.outLength);
          for (int64_t item = firstItem; item < std::min(firstItem + plan.fold, g.batch); item++) {
            for (int64_t row = panels.begin(firstPanel); row < endRow; row++) {
              for (int64_t column = tile * plan.columns; column < endColumn; column++) {
                const int64_t o = group * p.groupOutChannels() + row;
                computed[static_cast<size_t>((item * p.outChannels + o) * g.outLength + column)]++;
              }
            }
          }
        }
      }
    }
  }
  return tasks == plan.tasks && std::all_of(computed.begin(), computed.end(), [](int times) { return times == 1; });
}

TEST_CASE_TEMPLATE("the tasks compute each output exactly once", T, float, double) {
  Random random(2);
  int folded = 0;
  int swapped = 0;
  int threaded = 0;
  for (int i = 0; i < 400; i++) {
    Parameters p;
    p.groups = random.between(1, 4);
    p.inChannels = p.groups * random.between(1, 40);
    p.outChannels = p.groups * random.between(1, 150);
    p.kernelSize = random.between(1, 9);
    p.stride = random.between(1, 4);
    p.dilation = random.between(1, 4);
    const int64_t length =
        (p.kernelSize - 1) * p.dilation + (random.oneIn(2) ? random.between(1, 12) : random.between(1, 2500));
    Geometry geometry;
    REQUIRE(makeGeometry(p, random.between(0, 20), length, &geometry) == Status::kOk);
    const int threads = static_cast<int>(random.between(1, 9));
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      const Plan plan = makePlan(PlanRequest<T>{geometry, kernels, threads, true});
      folded += plan.fold > 1 ? 1 : 0;
      swapped += takes<T>(plan, "swapped") ? 1 : 0;
      threaded += plan.threads > 1 ? 1 : 0;
      INFO(describe(geometry) << ", at most " << threads << " threads");
      CHECK(coversEachOutputOnce(geometry, plan));
    });
  }
  CHECK(folded > 10);
  CHECK(swapped > 10);
  CHECK(threaded > 10);
}

TEST_CASE_TEMPLATE("small work stays on the calling thread, large work spreads", T, float, double) {
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    Geometry geometry;
    REQUIRE(makeGeometry({.inChannels = 2, .outChannels = 3, .kernelSize = 5}, 4, 6, &geometry) == Status::kOk);
    CHECK(makePlan(PlanRequest<T>{geometry, kernels, 64, true}).threads == 1);
    REQUIRE(makeGeometry({.inChannels = 512, .outChannels = 512, .kernelSize = 3}, 1, 3199, &geometry) == Status::kOk);
    const Plan plan = makePlan(PlanRequest<T>{geometry, kernels, 7, true});
    CHECK(plan.threads == 7);
    CHECK(plan.tasks >= 7);
  });
}

TEST_CASE_TEMPLATE("an empty batch has no tasks", T, float, double) {
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    Geometry geometry;
    REQUIRE(makeGeometry({.inChannels = 2, .outChannels = 3, .kernelSize = 5}, 0, 6, &geometry) == Status::kOk);
    const Plan plan = makePlan(PlanRequest<T>{geometry, kernels, 7, true});
    CHECK(plan.tasks == 0);
    CHECK(plan.threads == 1);
  });
}

TEST_CASE_TEMPLATE("padding is skipped where zeros are many and every weight is finite", T, float, double) {
  using enum PaddingMode;
  struct Case {
    const char* what;
    Parameters parameters;
    int64_t length;
    bool finiteWeights, skips;
  };
  constexpr Case kCases[] = {
      {"half of it padding", {.kernelSize = 128, .padLeft = 64, .padRight = 64}, 49, true, true},
      {"the same, with an infinite weight", {.kernelSize = 128, .padLeft = 64, .padRight = 64}, 49, false, false},
      {"on the left only", {.kernelSize = 31, .padLeft = 30}, 100, true, true},
      {"on the right only", {.kernelSize = 31, .padRight = 30}, 100, true, true},
      {"a thousandth of it padding", {.kernelSize = 3, .padLeft = 1, .padRight = 1}, 3000, true, false},
      {"none", {.kernelSize = 3}, 5, true, false},
      {"repeated elements", {.kernelSize = 5, .padLeft = 4, .padRight = 4, .mode = kReflect}, 5, true, false},
      {"repeated elements", {.kernelSize = 5, .padLeft = 4, .padRight = 4, .mode = kReplicate}, 5, true, false},
      {"repeated elements", {.kernelSize = 5, .padLeft = 4, .padRight = 4, .mode = kCircular}, 5, true, false},
  };
  for (const Case& c : kCases) {
    INFO(c.what << ", case " << &c - kCases);
    Geometry geometry;
    REQUIRE(makeGeometry(c.parameters, 1, c.length, &geometry) == Status::kOk);
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      CHECK(makePlan(PlanRequest<T>{geometry, kernels, 1, c.finiteWeights}).skipsPadding == c.skips);
    });
  }
}

TEST_CASE_TEMPLATE("many channels of few positions swap the roles, long signals and few channels do not", T, float,
                   double) {
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    const auto swaps = [&](int64_t batch, int64_t outChannels, int64_t outLength) {
      const Parameters p = {.inChannels = 64, .outChannels = outChannels, .kernelSize = 3};
      Geometry geometry;
      REQUIRE(makeGeometry(p, batch, outLength + 2, &geometry) == Status::kOk);
      return takes<T>(makePlan(PlanRequest<T>{geometry, kernels, 1, true}), batch > 1 ? "joined" : "swapped");
    };
    const int64_t lanes = kernels.lanes;
    const bool areTwoAVector = lanes == 2;
    CHECK(swaps(1, 512, 2) != areTwoAVector);
    CHECK(swaps(32, 512, 2) != areTwoAVector);
    CHECK_FALSE(swaps(32, 512, 1));  // a product of matrices
    CHECK(swaps(1, 8 * lanes, lanes / 2) != areTwoAVector);
    CHECK(swaps(1, 8 * lanes, lanes + 1));
    CHECK_FALSE(swaps(1, 8 * lanes, lanes));  // whole vectors either way
    CHECK_FALSE(swaps(1, 1, 1));
    CHECK_FALSE(swaps(1, 512, 1000));
  });
}

TEST_CASE_TEMPLATE("a plan takes the cheapest algorithm whose weights are there", T, float, double) {
  Random random(3);
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    for (int i = 0; i < 200; i++) {
      Parameters p;
      p.inChannels = random.between(1, 40);
      p.groups = random.oneIn(3) ? p.inChannels : 1;
      p.outChannels = p.groups * random.between(1, random.oneIn(2) ? 1 : 60);
      p.kernelSize = random.between(1, 40);
      Geometry geometry;
      REQUIRE(makeGeometry(p, random.between(1, 20), p.kernelSize + random.between(0, 200), &geometry) == Status::kOk);
      const std::vector<T> weight(static_cast<size_t>(p.weightCount()), T{1});
      const std::shared_ptr<const PackedWeights> snapshot = PackedWeights::pack<T>(p, kernels, weight.data(), nullptr);
      REQUIRE(snapshot != nullptr);
      const PlanRequest<T> request{geometry, kernels, 1, true, {}, snapshot.get()};
      const Plan plan = makePlan(request);
      INFO(describe(geometry) << ", " << algorithmOf<T>(plan).name);
      CHECK(snapshot->in<T>(kernels, plan.layout) != nullptr);
      CHECK(makePlan(PlanRequest<T>{geometry, kernels, 1, true}).algorithm == plan.algorithm);
      for (const Algorithm<T>& algorithm : algorithms<T>()) {
        if (algorithm.isExact && suits(algorithm, p, kernels)) CHECK(plan.cost <= algorithm.cost(request));
      }
    }
  });
}

TEST_CASE_TEMPLATE("weights of another layer have no layout that a plan would read", T, float, double) {
  const Kernels<T>& kernels = kernelsFor<T>(*supportedKernels()[0]);
  const std::vector<T> weight(64, T{1});
  const Parameters depthwise = {.inChannels = 2, .outChannels = 2, .kernelSize = 30, .groups = 2};
  const std::shared_ptr<const PackedWeights> snapshot =
      PackedWeights::pack<T>(depthwise, kernels, weight.data(), nullptr);
  CHECK(snapshot->in<T>(kernels, {WeightLayout::Kind::kPanels, 77, 0}) == nullptr);
  CHECK(snapshot->in<T>(kernels, {WeightLayout::Kind::kReversed, kernels.blocks.maxRows, 99}) == nullptr);
}

}  // namespace
}  // namespace conv1d::test
