// The algorithms that sum in another order: close to float64, the same bits on every implementation, for any threads
// and batch, and where values are not finite those of the direct sum. Prints "fast bits <checksum>", which is the same
// on every machine.
#include <doctest.h>

#include <array>
#include <cinttypes>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "core/fast/tile_form.h"
#include "core/fast/windowed_dft.h"
#include "core/pack/pack_weights.h"
#include "core/plan/algorithm.h"
#include "test/filterbank.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/problem.h"
#include "test/random.h"
#include "test/runner.h"

namespace conv1d::test {
namespace {

#if CONV1D_SLOW_MACHINE
constexpr bool kIsSlow = true;
#else
constexpr bool kIsSlow = false;
#endif

constexpr std::array kModes = {PaddingMode::kZeros, PaddingMode::kReflect, PaddingMode::kReplicate,
                               PaddingMode::kCircular};

// Indices of the algorithms that are not exact.
template <typename T>
std::vector<int> fastAlgorithms() {
  std::vector<int> indices;
  int index = 0;
  for (const Algorithm<T>& algorithm : algorithms<T>()) {
    if (!algorithm.isExact) indices.push_back(index);
    index++;
  }
  return indices;
}

void finish(const Parameters& p, int64_t batch, int64_t length, Random& random, Problem* problem) {
  REQUIRE(makeGeometry(p, batch, length, &problem->geometry) == Status::kOk);
  problem->bias = random.oneIn(2);
  problem->seed = random.bits();
}

// Short signals, whose padding, taps and outputs all fit a transform of 128, and often one of 64.
Problem shortProblem(Random& random) {
  const int64_t size = random.oneIn(2) ? 64 : 128;
  Parameters p;
  p.groups = random.oneIn(3) ? random.between(2, 3) : 1;
  p.inChannels = p.groups * random.between(1, random.oneIn(3) ? 40 : 8);
  p.outChannels = p.groups * random.between(2, random.oneIn(3) ? 150 : 40);
  p.padLeft = random.between(0, random.oneIn(2) ? 3 : size - 1);
  p.padRight = random.between(0, random.oneIn(2) ? 3 : size - 1);
  const int64_t room = size - std::max(p.padLeft, p.padRight);
  const int64_t length = random.oneIn(3) ? room : random.between(1, room);
  const int64_t padded = length + p.padLeft + p.padRight;
  const int64_t span = random.between(std::max<int64_t>(1, padded + 1 - size), std::min(size, padded));
  p.dilation = random.oneIn(2) ? 1 : random.between(1, std::max<int64_t>(1, (span - 1) / 3));
  p.kernelSize = (span - 1) / p.dilation + 1;
  Problem problem;
  const int64_t batch = random.between(1, 9);
  finish(p, batch, length, random, &problem);
  return problem;
}

// Layers that valuesOf() makes a windowed DFT of.
Problem spectrumProblem(Random& random) {
  constexpr std::array<int64_t, 6> kSizes = {32, 35, 45, 60, 96, 128};
  Parameters p;
  p.groups = random.oneIn(2) ? 1 : random.between(2, 3);
  p.inChannels = p.groups;
  p.outChannels = p.groups * random.between(2, 40);
  p.kernelSize = random.pick(kSizes);
  p.stride = random.between(1, random.oneIn(3) ? 200 : 40);
  p.mode = random.pick(kModes);
  p.padLeft = random.between(0, 30);
  p.padRight = random.between(0, 30);
  Problem problem;
  const int64_t batch = random.between(1, 3);
  const int64_t length = p.kernelSize + random.between(0, 3000);
  finish(p, batch, length, random, &problem);
  return problem;
}

bool isSpectrum(const Parameters& p) {
  return p.groupInChannels() == 1 && p.groupOutChannels() > 1 && p.dilation == 1 &&
         std::find(kDftSizes.begin(), kDftSizes.end(), p.kernelSize) != kDftSizes.end();
}

template <typename T>
Values<T> valuesOf(const Problem& problem) {
  Values<T> values(problem);
  const Parameters& p = problem.geometry.parameters;
  if (!isSpectrum(p)) return values;
  Random random(problem.seed);
  std::vector<DftRow> rows = {{0, DftRow::Part::kCosine, 1}};
  while (static_cast<int64_t>(rows.size()) < p.outChannels) {
    rows.push_back({random.between(1, p.kernelSize / 2), random.oneIn(2) ? DftRow::Part::kCosine : DftRow::Part::kSine,
                    random.oneIn(2) ? 1 : -1});
  }
  values.weight = filterbank<T>(p.kernelSize, rows, kHamming);
  return values;
}

// Draws mode and padding, `widest` at most, and returns a length with up to `longest` outputs before padding.
int64_t padAnyhow(Random& random, int64_t longest, int64_t widest, Parameters* p) {
  p->mode = random.pick(kModes);
  const int64_t span = (p->kernelSize - 1) * p->dilation + 1;
  const int64_t length = span + random.between(0, random.oneIn(2) ? 40 : longest);
  const int64_t most = std::min<int64_t>(length - 1, random.oneIn(2) ? 0 : random.between(1, widest));
  p->padLeft = random.between(0, most);
  p->padRight = random.between(0, most);
  return length;
}

// Depthwise layers with long kernels: several pieces, and now and then a residue or many phases.
Problem depthwiseProblem(Random& random) {
  Problem problem;
  Parameters p;
  p.groups = p.inChannels = p.outChannels = random.between(1, 4);
  p.kernelSize = random.between(4, random.oneIn(2) ? 60 : 700);
  p.stride = random.oneIn(2) ? 1 : random.between(2, 5);
  p.dilation = random.oneIn(2) ? 1 : random.between(2, random.oneIn(2) ? 4 : 40);
  const int64_t length = padAnyhow(random, 9000, 400, &p);
  REQUIRE(makeGeometry(p, random.between(1, 4), length, &problem.geometry) == Status::kOk);
  problem.bias = random.oneIn(2);
  problem.seed = random.bits();
  return problem;
}

// Layers of every kind that tiles meet: groups, phases, residues, pieces, short and long signals.
Problem anyProblem(Random& random) {
  if (random.oneIn(5)) return spectrumProblem(random);
  if (random.oneIn(5)) return depthwiseProblem(random);
  if (random.oneIn(3)) return shortProblem(random);
  Problem problem;
  Parameters p;
  p.groups = random.oneIn(3) ? random.between(2, 3) : 1;
  p.inChannels = p.groups * random.between(1, 5);
  p.outChannels = p.groups * random.between(random.oneIn(2) ? 1 : 2, 21);
  p.kernelSize = random.oneIn(3) ? 3 : random.between(2, random.oneIn(3) ? 150 : 20);
  p.stride = random.oneIn(2) ? 1 : random.between(2, 5);
  p.dilation = random.oneIn(2) ? 1 : random.between(2, 60);
  const int64_t length = padAnyhow(random, 900, 70, &p);
  const int64_t batch = random.between(1, 4);
  finish(p, batch, length, random, &problem);
  return problem;
}

template <typename T>
PlanRequest<T> requestOf(const Geometry& g, const Kernels<T>& kernels, int threads, const WindowedDft<T>* dft) {
  return {g, kernels, threads, true, {true, int64_t{1} << 40}, nullptr, dft};
}

// Whether an algorithm suits the weights and the length.
template <typename T>
bool suits(const Algorithm<T>& algorithm, const Geometry& g, const Values<T>& values, const Kernels<T>& kernels) {
  if (!algorithm.maySuit(g.parameters, kernels)) return false;
  const auto dft = windowedDft(g.parameters, convolutionWeight(g.parameters, values.weight.data()));
  return algorithm.cost(requestOf(g, kernels, 1, dft ? &*dft : nullptr)) < kUnsuited;
}

// Runs one algorithm, whatever the costs, with operands flush against guard pages.
template <typename T>
std::vector<T> runWith(const Algorithm<T>& algorithm, int index, const Problem& problem, const Values<T>& values,
                       const Kernels<T>& kernels, int threads, Flush flush) {
  const Geometry& g = problem.geometry;
  const Parameters& p = g.parameters;
  const auto dft = windowedDft(p, convolutionWeight(p, values.weight.data()));
  const PlanRequest<T> request = requestOf(g, kernels, threads, dft ? &*dft : nullptr);
  Plan plan;
  plan.geometry = g;
  plan.algorithm = index;
  plan.layout = algorithm.layout(p, kernels);
  plan.threads = threads;
  algorithm.plan(request, &plan);
  const int64_t count = packedCount(p, kernels, plan.layout);
  GuardedBuffer<T> packedMemory(count), inputMemory(problem.inputCount()), outMemory(problem.outputCount()),
      weightMemory(p.weightCount());
  const std::span<T> packed = packedMemory.place(count, flush);
  const std::span<T> input = inputMemory.place(problem.inputCount(), flush);
  const std::span<T> weight = weightMemory.place(p.weightCount(), flush);
  const std::span<T> out = outMemory.place(problem.outputCount(), flush);
  std::copy(values.input.begin(), values.input.end(), input.begin());
  std::copy(values.weight.begin(), values.weight.end(), weight.begin());
  const WeightView<T> view = convolutionWeight(p, weight.data());
  REQUIRE(packWeights(p, kernels, plan.layout, view, packed.data()));
  CHECK(packedMemory.surroundingsUntouched());
  const ForwardArgs<T> args{input.data(),
                            packed.data(),
                            values.bias.empty() ? nullptr : values.bias.data(),
                            out.data(),
                            nullptr,
                            view,
                            gainsOf(p, view).largest,
                            request.dft};
  CHECK(forward(plan, kernels, args) == Status::kOk);
  CHECK(outMemory.surroundingsUntouched());
  CHECK(plan.scratchBytes <= std::size_t{4} << 20);
  return {out.begin(), out.end()};
}

// The sum in float64 (float128 would be too slow to be worth it for float64's own test, which allows more), and what
// its terms add up to without their signs.
template <typename T>
struct Exact {
  double value;
  double magnitude;
};

template <typename T>
Exact<T> exactOutput(const Problem& problem, const Values<T>& values, int64_t row, int64_t t) {
  const Geometry& g = problem.geometry;
  const Parameters& p = g.parameters;
  const int64_t item = row / p.outChannels;
  const int64_t o = row % p.outChannels;
  const int64_t group = o / p.groupOutChannels();
  Exact<T> result{values.bias.empty() ? 0 : static_cast<double>(values.bias[static_cast<size_t>(o)]), 0};
  for (int64_t c = 0; c < p.groupInChannels(); c++) {
    const int64_t channel = item * p.inChannels + group * p.groupInChannels() + c;
    const auto signal = std::span<const T>(values.input)
                            .subspan(static_cast<size_t>(channel * g.length), static_cast<size_t>(g.length));
    double largest = 0;
    double weights = 0;
    for (int64_t k = 0; k < p.kernelSize; k++) {
      const double w = values.weight[static_cast<size_t>((o * p.groupInChannels() + c) * p.kernelSize + k)];
      const double x = paddedElement(signal, t * p.stride + k * p.dilation - p.padLeft, p.mode);
      result.value += w * x;
      weights += std::abs(w);
    }
    for (const T x : signal) largest = std::max(largest, static_cast<double>(std::abs(x)));
    result.magnitude += weights * largest;
  }
  return result;
}

// The largest error of a selection of the outputs, in eps * max |x| * sum |w|. Winograd's F(6, 3) comes near the bound.
constexpr double kWorst = 10;

template <typename T>
double worstError(const Problem& problem, const Values<T>& values, const std::vector<T>& out) {
  double worst = 0;
  const int64_t outLength = problem.geometry.outLength;
  for (size_t at = 0; at < out.size(); at += 1 + out.size() / 97) {
    const auto position = static_cast<int64_t>(at);
    const Exact<T> exact = exactOutput(problem, values, position / outLength, position % outLength);
    const double error = std::abs(static_cast<double>(out[at]) - exact.value);
    const double unit = std::numeric_limits<T>::epsilon() * (exact.magnitude + std::abs(exact.value));
    worst = std::max(worst, error / unit);
  }
  return worst;
}

TEST_CASE_TEMPLATE("every fast algorithm is close to float64, with the same bits on every implementation", T, float,
                   double) {
  Random random(1);
  Checksum checksum;
  std::vector<int> runs(algorithms<T>().size());
  // The first ones make the checksum, which is the same on every machine.
  constexpr int kInChecksum = 40;
  constexpr int kProblems = kIsSlow ? kInChecksum : 220;
  for (int i = 0; i < kProblems; i++) {
    const Problem problem = anyProblem(random);
    const Values<T> values = valuesOf<T>(problem);
    const Flush flush = random.oneIn(2) ? Flush::kStart : Flush::kEnd;
    const int threads = static_cast<int>(random.between(2, 4));
    INFO(problem.describe());
    for (const int index : fastAlgorithms<T>()) {
      const Algorithm<T>& algorithm = algorithms<T>()[static_cast<size_t>(index)];
      INFO(std::string(algorithm.name));
      std::vector<T> first;
      forEachImplementation<T>([&](const Kernels<T>& kernels) {
        if (!suits(algorithm, problem.geometry, values, kernels)) return;
        const std::vector<T> out = runWith(algorithm, index, problem, values, kernels, 1, flush);
        if (first.empty()) {
          first = out;
          runs[static_cast<size_t>(index)]++;
          CHECK(worstError(problem, values, out) < kWorst);
        }
        CHECK_FALSE(difference<T>(out, first));
        const auto shared = difference<T>(runWith(algorithm, index, problem, values, kernels, threads, flush), first);
        CHECK_MESSAGE(!shared, shared.value_or(""));
      });
      // The weights of spectra come from the C library's cosine, which differs from machine to machine.
      if (i < kInChecksum && !isSpectrum(problem.geometry.parameters)) checksum.add(std::span<const T>(first));
    }
  }
  for (const int index : fastAlgorithms<T>()) CHECK(runs[static_cast<size_t>(index)] > (kIsSlow ? 0 : 10));
  std::printf("fast bits %s %016" PRIx64 "\n", sizeof(T) == 4 ? "float32" : "float64", checksum.value());
}

TEST_CASE_TEMPLATE("each item of a batch has the bits that it has alone", T, float, double) {
  Random random(2);
  for (int i = 0; i < (kIsSlow ? 8 : 60); i++) {
    Problem problem = anyProblem(random);
    const int64_t batch = random.between(2, 30);
    const Geometry one = problem.geometry;
    REQUIRE(makeGeometry(one.parameters, batch, one.length, &problem.geometry) == Status::kOk);
    const Values<T> values = valuesOf<T>(problem);
    const Kernels<T>& kernels = kernelsFor<T>(*supportedKernels()[0]);
    INFO(problem.describe());
    for (const int index : fastAlgorithms<T>()) {
      const Algorithm<T>& algorithm = algorithms<T>()[static_cast<size_t>(index)];
      if (!suits(algorithm, one, values, kernels)) continue;
      const std::vector<T> all = runWith(algorithm, index, problem, values, kernels, 2, Flush::kEnd);
      const int64_t item = random.between(0, batch - 1);
      Problem alone = problem;
      REQUIRE(makeGeometry(one.parameters, 1, one.length, &alone.geometry) == Status::kOk);
      Values<T> its = values;
      const auto size = static_cast<size_t>(alone.inputCount());
      const auto begin = values.input.begin() + static_cast<std::ptrdiff_t>(size) * item;
      its.input.assign(begin, begin + static_cast<std::ptrdiff_t>(size));
      const std::vector<T> out = runWith(algorithm, index, alone, its, kernels, 1, Flush::kStart);
      const auto wrong =
          difference<T>(std::span<const T>(all).subspan(static_cast<size_t>(item) * out.size(), out.size()), out);
      CHECK_MESSAGE(!wrong, algorithm.name << ": " << wrong.value_or(""));
    }
  }
}

// Where the direct sum of an output meets nothing that is not finite, the fast one does not either; where it does, it
// has the direct bits.
TEST_CASE_TEMPLATE("NaN, infinity and overflow spread no further than in the direct sum", T, float, double) {
  Random random(3);
  int64_t special = 0;
  for (int i = 0; i < (kIsSlow ? 8 : 80); i++) {
    Problem problem = anyProblem(random);
    Values<T> values = valuesOf<T>(problem);
    using Limits = std::numeric_limits<T>;
    const std::array<T, 5> odd = {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity(), Limits::max(),
                                  -Limits::max() / 16};
    for (int64_t count = random.between(1, 3); count > 0; count--) {
      values.input[static_cast<size_t>(random.between(0, problem.inputCount() - 1))] = random.pick(odd);
    }
    INFO(problem.describe());
    const std::vector<T> direct = reference(problem, values);
    for (const int index : fastAlgorithms<T>()) {
      const Algorithm<T>& algorithm = algorithms<T>()[static_cast<size_t>(index)];
      std::vector<T> first;
      forEachImplementation<T>([&](const Kernels<T>& kernels) {
        if (!suits(algorithm, problem.geometry, values, kernels)) return;
        const std::vector<T> out = runWith(algorithm, index, problem, values, kernels, 2, Flush::kEnd);
        if (first.empty()) first = out;
        CHECK_FALSE(difference<T>(out, first));
        bool same = true;
        for (size_t at = 0; at < out.size(); at++) {
          const bool isHuge = !(std::abs(direct[at]) <= Limits::max() / 1e6);
          special += isHuge ? 1 : 0;
          same = same && (isHuge ? sameBits(out[at], direct[at]) : std::isfinite(out[at]));
        }
        CHECK_MESSAGE(same, algorithm.name);
      });
    }
  }
  CHECK(special > (kIsSlow ? 10 : 1000));
}

TEST_CASE_TEMPLATE("layers of so many channels that scratch memory holds a part of them have the same bits", T, float,
                   double) {
  Random random(5);
  if (kIsSlow) return;
  constexpr std::array<std::array<int64_t, 2>, 2> kChannels = {{{1700, 3}, {2, 3400}}};
  for (const auto& [inChannels, outChannels] : kChannels) {
    Parameters p;
    p.inChannels = inChannels;
    p.outChannels = outChannels;
    p.kernelSize = 4;
    p.padLeft = 3;
    Problem problem;
    finish(p, 2, 5, random, &problem);
    const Values<T> values = valuesOf<T>(problem);
    INFO(problem.describe());
    for (const int index : fastAlgorithms<T>()) {
      const Algorithm<T>& algorithm = algorithms<T>()[static_cast<size_t>(index)];
      std::vector<T> first;
      forEachImplementation<T>([&](const Kernels<T>& kernels) {
        if (!suits(algorithm, problem.geometry, values, kernels)) return;
        const std::vector<T> out = runWith(algorithm, index, problem, values, kernels, 2, Flush::kEnd);
        if (first.empty()) {
          first = out;
          CHECK_MESSAGE(worstError(problem, values, out) < kWorst, algorithm.name);
        }
        CHECK_FALSE(difference<T>(out, first));
      });
    }
  }
}

TEST_CASE("every tap has one place in a form, and every output one tile") {
  Random random(4);
  for (int i = 0; i < 2000; i++) {
    Parameters p;
    p.kernelSize = random.between(1, 300);
    p.stride = random.between(1, 12);
    p.dilation = random.between(1, 12);
    const int64_t size = int64_t{8} << random.between(0, 4);
    const int64_t outputs = size == 8 ? 6 : size;
    const TileForm form = makeTileForm(p, size, outputs);
    CAPTURE(p.kernelSize);
    CAPTURE(p.stride);
    CAPTURE(p.dilation);
    CAPTURE(size);
    REQUIRE(form.hop >= 1);
    REQUIRE(form.hop + form.pieceTaps - 1 <= size);
    std::vector<int> seen(static_cast<size_t>(p.kernelSize));
    for (int64_t sub = 0; sub < form.subChannels(); sub++) {
      for (int64_t j = 0; j < form.pieceTaps; j++) {
        const int64_t tap = form.tap(sub, j);
        if (tap >= p.kernelSize) continue;
        seen[static_cast<size_t>(tap)]++;
        // What tile element j of the first tile reads for output 0.
        const int64_t position =
            (j + sub % form.pieces * form.pieceTaps) * form.step * p.stride + sub / form.pieces * p.dilation;
        CHECK(position == tap * p.dilation);
      }
    }
    CHECK(std::count(seen.begin(), seen.end(), 1) == p.kernelSize);
  }
}

}  // namespace
}  // namespace conv1d::test
