// Sizes from the whole range of int64: whatever does not fit is refused, and nothing that is accepted overflows later.
// The sanitizer build (.ci/run) reports a signed overflow anywhere below; without it, results are checked all the same.
#include <doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "core/checked_math.h"
#include "core/pack/pack_weights.h"
#include "core/pack/tile_layout.h"
#include "core/plan/algorithm.h"
#include "core/plan/tiling.h"
#include "core/stream.h"
#include "test/implementations.h"
#include "test/random.h"
#include "test/runner.h"

namespace conv1d::test {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr double kTooMany = 9223372036854775808.0;  // 2^63
constexpr std::array<int, 6> kThreads = {1, 2, 7, 256, 1 << 30, std::numeric_limits<int>::max()};
constexpr std::array<PaddingMode, 6> kModes = {PaddingMode::kZeros,     PaddingMode::kZeros,   PaddingMode::kZeros,
                                               PaddingMode::kReplicate, PaddingMode::kReflect, PaddingMode::kCircular};

// Any number: small, near a power of two, near a limit, or any at all.
int64_t anyNumber(Random& random) {
  switch (random.between(0, 5)) {
    case 0:
      return random.between(-1, 9);
    case 1:
      return (int64_t{1} << random.between(0, 62)) + random.between(-2, 2);
    case 2:
      return random.oneIn(2) ? kMax - random.between(0, 40) : kMin + random.between(0, 40);
    case 3:
      return random.between(kMin, kMax);
    default:
      return random.magnitude(kMax);
  }
}

// A size that a convolution may have, by its product with `other`: often as large as a count of bytes allows.
int64_t anySize(Random& random, int64_t other = 1) {
  const int64_t most = std::max<int64_t>(kMax / 8 / std::max<int64_t>(other, 1), 1);
  switch (random.between(0, 4)) {
    case 0:
    case 1:
      return random.between(1, 4);
    case 2:
      return random.magnitude(most);
    case 3:
      return std::clamp<int64_t>((int64_t{1} << random.between(0, 60)) + random.between(-1, 1), 1, most);
    default:
      return most - std::min(most - 1, random.between(0, 3));
  }
}

struct Sizes {
  Parameters parameters;
  int64_t batch;
  int64_t length;
};

Sizes anyNumbers(Random& random) {
  return {{.inChannels = anyNumber(random),
           .outChannels = anyNumber(random),
           .kernelSize = anyNumber(random),
           .stride = anyNumber(random),
           .padLeft = anyNumber(random),
           .padRight = anyNumber(random),
           .dilation = anyNumber(random),
           .groups = random.oneIn(2) ? 1 : anyNumber(random),
           .mode = random.pick(kModes)},
          anyNumber(random),
          anyNumber(random)};
}

// Sizes that belong together, so that most are accepted, close to where they would not be.
Sizes plausibleSizes(Random& random) {
  Sizes s{};
  Parameters& p = s.parameters;
  p.groups = random.oneIn(2) ? 1 : anySize(random);
  const bool depthwise = random.oneIn(3);
  p.inChannels = p.groups;
  p.outChannels = p.groups;
  if (!depthwise) {
    int64_t channels = 0;
    if (checkedMultiply(p.groups, anySize(random, p.groups), &channels)) p.inChannels = channels;
    if (checkedMultiply(p.groups, anySize(random, p.inChannels), &channels)) p.outChannels = channels;
  }
  p.kernelSize = random.oneIn(40) ? anySize(random, p.outChannels) : random.between(1, random.oneIn(9) ? 40 : 5);
  p.stride = random.oneIn(2) ? 1 : anySize(random);
  const int64_t widest = p.kernelSize == 1 ? kMax : kMax / (p.kernelSize - 1);
  p.dilation = random.oneIn(2) ? 1 : std::max<int64_t>(std::min(widest, kMax - 1) - random.between(-1, 70), 1);
  if (random.oneIn(4)) p.dilation = std::max<int64_t>(widest / random.between(1, 9), 1);
  p.mode = random.pick(kModes);
  s.batch = random.oneIn(8) ? 0 : random.oneIn(2) ? 1 : anySize(random, p.inChannels);
  s.length = s.batch == 0 && random.oneIn(2) ? kMax - random.between(0, 99) : anySize(random, p.inChannels);
  // As much padding as fits, or a little; around the kernel where that is wide.
  const int64_t reach = p.kernelSize == 1 || p.dilation <= widest ? (p.kernelSize - 1) * p.dilation : 0;
  const int64_t room = std::max<int64_t>(kMax - s.length - random.between(0, 40), 0);
  const int64_t padding = random.oneIn(2) ? std::min(room, reach) : random.oneIn(2) ? room : random.between(0, 9);
  p.padLeft = random.oneIn(2) ? padding : random.between(0, padding);
  p.padRight = padding - p.padLeft;
  return s;
}

double product(std::initializer_list<int64_t> factors) {
  double all = 1;
  for (const int64_t factor : factors) all *= static_cast<double>(factor);
  return all;
}

// Whether what makeGeometry promises to fit in 64 bits does, as far as a double tells.
bool fits(const Parameters& p, int64_t batch, int64_t length, double slack) {
  const double padded =
      static_cast<double>(length) + static_cast<double>(p.padLeft) + static_cast<double>(p.padRight) + kMaxLanes;
  const double reach = product({p.kernelSize - 1, p.dilation});
  if (padded >= kTooMany * slack || reach >= kTooMany * slack) return false;
  // Two large numbers, one minus the other: exactly, in 64 bits without a sign, which both fit by now.
  const uint64_t positions =
      static_cast<uint64_t>(length) + static_cast<uint64_t>(p.padLeft) + static_cast<uint64_t>(p.padRight);
  const uint64_t span = static_cast<uint64_t>(p.kernelSize - 1) * static_cast<uint64_t>(p.dilation) + 1;
  const uint64_t steps = positions < span ? 0 : (positions - span) / static_cast<uint64_t>(p.stride);
  const double outLength = static_cast<double>(steps) + 1;
  return product({batch, p.inChannels, length, 8}) < kTooMany * slack &&
         product({batch, p.outChannels, 8}) * outLength < kTooMany * slack;
}

std::string describe(const Parameters& p, int64_t batch, int64_t length) {
  std::ostringstream text;
  text << "channels " << p.inChannels << " -> " << p.outChannels << ", groups " << p.groups << ", kernelSize "
       << p.kernelSize << ", stride " << p.stride << ", padding " << p.padLeft << " + " << p.padRight << ", dilation "
       << p.dilation << ", mode " << static_cast<int>(p.mode) << ", batch " << batch << ", length " << length;
  return text.str();
}

template <typename T>
void planEverywhere(const Geometry& g, Random& random) {
  const int threads = random.pick(kThreads);
  const bool finite = !random.oneIn(4);
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    const PlanRequest<T> request{g, kernels, threads, finite};
    const Plan plan = makePlan(request);
    CHECK(plan.columns >= 1);
    CHECK(plan.columns <= g.outLength);
    CHECK((plan.tasks == 0) == (g.batch == 0));
    CHECK(plan.tasks >= 0);
    CHECK(plan.threads >= 1);
    CHECK(plan.scratchBytes <= size_t{2} << 20);
    CHECK(packedCount(g.parameters, kernels, plan.layout) >= g.parameters.weightCount());
    CHECK(packedCount(g.parameters, kernels, plan.layout) <= kMax / static_cast<int64_t>(sizeof(T)));
    CHECK(plan.rowStride >= tileRowLength(g.parameters, plan.tapsPerBlock, plan.tileColumns));
    for (const Algorithm<T>& algorithm : algorithms<T>()) {
      if (algorithm.isExact && suits(algorithm, g.parameters, kernels)) CHECK(algorithm.cost(request) >= plan.cost);
    }
  });
}

// What came of many draws.
struct Tally {
  int refusedParameters = 0;
  int overflows = 0;
  int planned = 0;
  int nearLimit = 0;  // planned, with more than 2^62 positions or bytes
  int emptyBatches = 0;
};

template <typename T>
void tryOut(const Sizes& s, Random& random, Tally& tally) {
  const Parameters& p = s.parameters;
  INFO(describe(p, s.batch, s.length));
  if (validate(p) != Status::kOk) {
    tally.refusedParameters++;
    return;
  }
  Geometry g;
  const Status status = makeGeometry(p, s.batch, s.length, &g);
  if (status == Status::kOverflow) {
    tally.overflows++;
    CHECK_FALSE(fits(p, s.batch, s.length, 0.999));
  }
  if (status != Status::kOk) return;
  CHECK(fits(p, s.batch, s.length, 1.001));
  tally.planned++;
  tally.emptyBatches += s.batch == 0 ? 1 : 0;
  tally.nearLimit += fits(p, s.batch, s.length, 0.5) ? 0 : 1;
  planEverywhere<T>(g, random);
}

TEST_CASE_TEMPLATE("sizes of any kind are refused or planned, never wrapped around", T, float, double) {
  Random random(19);
  Tally tally;
  for (int i = 0; i < 100'000; i++) tryOut<T>(anyNumbers(random), random, tally);
  CHECK(tally.refusedParameters > 50'000);

  tally = Tally{};
  for (int i = 0; i < 8000; i++) tryOut<T>(plausibleSizes(random), random, tally);
  CAPTURE(tally.refusedParameters);
  CAPTURE(tally.planned);
  CHECK(tally.overflows > 500);
  CHECK(tally.planned > 1500);
  CHECK(tally.nearLimit > 300);
  CHECK(tally.emptyBatches > 200);
}

TEST_CASE("steps of a stream of any size are refused or planned, never wrapped around") {
  Random random(20);
  int steps = 0;
  int withOutputs = 0;
  int overflows = 0;
  for (int i = 0; i < 30'000; i++) {
    const Sizes s = random.oneIn(3) ? anyNumbers(random) : plausibleSizes(random);
    Parameters p = s.parameters;
    if (validate(p) != Status::kOk) continue;
    const int64_t length = random.oneIn(2) ? random.between(0, 9) : s.length;
    const int64_t lead = random.oneIn(3) ? anyNumber(random) : random.oneIn(2) ? p.padLeft : random.between(-9, 9);
    const int64_t padRight = random.oneIn(3) ? anyNumber(random) : random.oneIn(2) ? p.padRight : 0;
    INFO(describe(p, s.batch, length) << ", lead " << lead << ", zeros behind " << padRight);
    StreamStep step;
    const Status status = makeStreamStep(p, s.batch, length, lead, padRight, &step);
    if (status == Status::kOverflow) overflows++;
    if (status != Status::kOk) continue;
    steps++;
    CHECK(step.outputs >= 0);
    CHECK(step.skipped <= length);
    CHECK(step.carried <= step.reach);
    if (step.outputs == 0) continue;
    withOutputs++;
    CHECK(step.geometry.outLength == step.outputs);
    CHECK(step.joinedElements >= 0);
    if (i % 8 == 0) planEverywhere<float>(step.geometry, random);
  }
  CHECK(steps > 5000);
  CHECK(withOutputs > 2000);
  CHECK(overflows > 500);
}

TEST_CASE("the row of a tile is counted for any parameters that were accepted") {
  Random random(21);
  constexpr std::array<int64_t, 7> kColumns = {1, 2, 15, 16, 192, 769, 4096};
  for (int i = 0; i < 4000; i++) {
    Parameters p = plausibleSizes(random).parameters;
    int64_t reach = 0;
    if (validate(p) != Status::kOk || !checkedMultiply(p.kernelSize - 1, p.dilation, &reach)) continue;
    INFO(describe(p, 1, 1));
    const int64_t taps = std::min(p.kernelSize, random.oneIn(9) ? kMaxTapsPerBlock : random.between(1, 9));
    const int64_t columns = random.pick(kColumns);
    const int64_t rowLength = tileRowLength(p, taps, columns);
    CHECK(rowLength >= columns);
    CHECK(rowLength <= taps * (2 * columns + kPieceAlignment));
    std::vector<Piece> pieces(static_cast<size_t>(taps));
    std::vector<int64_t> offsets(static_cast<size_t>(taps));
    TileLayout layout;
    layout.pieces = pieces.data();
    layout.tapOffsets = offsets.data();
    layOutTile(p, p.kernelSize - taps, taps, columns, &layout);
    CHECK(layout.pieceCount >= 1);
    CHECK(layout.pieceCount <= taps);
    for (const int64_t offset : offsets) {
      CHECK(offset >= 0);
      CHECK(offset + columns <= layout.rowLength);
    }
  }
}

// Few elements, but steps and paddings as large as they go: all of it can be computed.
bool drawSmallProblem(Random& random, Problem* problem) {
  Parameters p;
  const bool depthwise = random.oneIn(3);
  p.groups = random.between(1, 3);
  p.inChannels = p.groups * (depthwise ? 1 : random.between(1, 3));
  p.outChannels = p.groups * (depthwise ? 1 : random.between(1, 20));
  p.kernelSize = random.oneIn(6) ? random.between(14, 30) : random.between(1, 5);
  p.mode = random.pick(kModes);
  const int64_t length = random.between(1, 60);
  const int64_t outLength = random.oneIn(4) ? random.between(1, 90) : random.between(1, 6);
  // The room there is, shared out between dilation, stride and what is left over.
  int64_t room = kMax - kMaxLanes - 1 - random.between(0, 3);
  if (random.oneIn(4)) room = random.magnitude(room);
  p.dilation = 1;
  if (p.kernelSize > 1 && !random.oneIn(4)) {
    p.dilation = std::max<int64_t>(room / (random.oneIn(2) ? 1 : random.between(1, 3)) / (p.kernelSize - 1), 1);
  }
  const int64_t reach = (p.kernelSize - 1) * p.dilation;
  if (reach >= room) return false;
  p.stride = outLength == 1 ? anySize(random) : std::max<int64_t>((room - reach) / (outLength - 1), 1);
  if (random.oneIn(3)) p.stride = random.between(1, 3);
  int64_t steps = 0;
  int64_t padded = 0;
  if (!checkedMultiply(outLength - 1, p.stride, &steps) || !checkedAdd(steps, reach + 1, &padded)) return false;
  padded = std::max(padded, length);
  const int64_t padding = padded - length;
  p.padLeft = random.oneIn(3) ? padding : random.oneIn(2) ? 0 : random.between(0, padding);
  p.padRight = padding - p.padLeft;
  if (validate(p) != Status::kOk) return false;
  if (makeGeometry(p, random.between(1, 3), length, &problem->geometry) != Status::kOk) return false;
  problem->bias = random.oneIn(2);
  problem->seed = random.bits();
  return problem->outputCount() <= 3000 && problem->products() <= 200'000;
}

TEST_CASE_TEMPLATE("few elements under huge strides, dilations and paddings are computed as defined", T, float,
                   double) {
  Random random(22);
  int ran = 0;
  int huge = 0;
  for (int i = 0; i < 1200; i++) {
    Problem problem;
    if (!drawSmallProblem(random, &problem)) continue;
    INFO(problem.describe());
    const Parameters& p = problem.geometry.parameters;
    ran++;
    huge += p.padLeft > kMax / 2 || p.padRight > kMax / 2 || p.dilation > kMax / 40 || p.stride > kMax / 100 ? 1 : 0;
    const Values<T> values(problem);
    const std::vector<T> expected = reference(problem, values);
    const int threads = random.oneIn(4) ? 3 : 1;
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      Runner<T> runner(problem, values, kernels, Flush::kEnd);
      const auto wrong = difference<T>(runner.run(threads), expected);
      if (wrong) FAIL_CHECK(*wrong);
    });
  }
  CHECK(ran > 300);
  CHECK(huge > 150);
}

TEST_CASE("what only just fits is accepted, one more is refused") {
  struct Case {
    const char* what;
    Parameters parameters;
    int64_t batch, length;
    Status status;
  };
  constexpr int64_t kMostPositions = kMax - kMaxLanes;
  const Case kCases[] = {
      {"positions", {.stride = kMax, .padLeft = kMostPositions - 1}, 1, 1, Status::kOk},
      {"positions", {.stride = kMax, .padLeft = kMostPositions}, 1, 1, Status::kOverflow},
      {"positions", {.stride = kMax, .padLeft = kMax, .padRight = kMax}, 1, 1, Status::kOverflow},
      {"reach", {.kernelSize = 2, .padLeft = kMostPositions - 1, .dilation = kMostPositions - 1}, 1, 1, Status::kOk},
      {"reach", {.kernelSize = 3, .dilation = kMax / 2 + 1}, 1, 1, Status::kOverflow},
      {"bytes of the input", {.inChannels = 4, .stride = kMax}, 1, int64_t{1} << 57, Status::kOk},
      {"bytes of the input", {.inChannels = 4, .stride = kMax}, 2, int64_t{1} << 57, Status::kOverflow},
      {"bytes of the output", {.padLeft = int64_t{1} << 59}, 1, 1, Status::kOk},
      {"bytes of the output", {.padLeft = int64_t{1} << 60}, 1, 1, Status::kOverflow},
      {"an empty batch", {.inChannels = 7, .outChannels = 7}, 0, kMostPositions, Status::kOk},
  };
  for (const Case& c : kCases) {
    INFO(c.what << ", case " << &c - kCases);
    Geometry g;
    REQUIRE(validate(c.parameters) == Status::kOk);
    CHECK(makeGeometry(c.parameters, c.batch, c.length, &g) == c.status);
  }
  CHECK(validate({.outChannels = kMax / 8 / 33}) == Status::kOk);
  CHECK(validate({.outChannels = kMax / 8 / 33 + 1}) == Status::kOverflow);
  CHECK(validate({.kernelSize = kMax / 8 - 32}) == Status::kOk);
  CHECK(validate({.kernelSize = kMax / 8 - 31}) == Status::kOverflow);
  CHECK(validate({.kernelSize = kMax}) == Status::kOverflow);
}

}  // namespace
}  // namespace conv1d::test
