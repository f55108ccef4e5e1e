// Functions behind the chains: every algorithm applies them to each output, once, and with the bits of the convolution
// followed by the same functions one after the other; on every implementation, for any number of threads.
#include "core/run/epilogue.h"

#include <doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/fast/gain.h"
#include "core/fast/windowed_dft.h"
#include "core/pack/pack_weights.h"
#include "core/plan/algorithm.h"
#include "core/plan/tiling.h"
#include "test/filterbank.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/problem.h"
#include "test/random.h"
#include "test/runner.h"

namespace conv1d::test {
namespace {

#ifdef CONV1D_SLOW_MACHINE
constexpr int64_t kManyChannels = 60;
constexpr double kMostProducts = 5e6;
constexpr std::array<int64_t, 1> kBatches = {3};
constexpr std::array kThreads = {2};
#else
constexpr int64_t kManyChannels = 1400;
constexpr double kMostProducts = 1e9;
constexpr std::array<int64_t, 2> kBatches = {1, 3};
constexpr std::array kThreads = {1, 2, 7};
#endif

struct Layer {
  const char* what;
  int64_t inChannels, outChannels, kernelSize, length;
  int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
  bool transposed = false;
  PaddingMode mode = PaddingMode::kZeros;
};

constexpr auto kReflect = PaddingMode::kReflect;

const std::array kLayers = {
    Layer{"few channels", 5, 7, 3, 100, 1, 1},
    Layer{"channels of several panels", 24, 40, 5, 300, 1, 2},
    Layer{"many output channels", 3, 100, 3, 70},
    Layer{"several tiles", 2, 9, 3, 2000, 1, 1, 1, 1, false, kReflect},
    Layer{"the reduction in blocks of channels", kManyChannels, 8, 3, 210},
    Layer{"the reduction in blocks of taps", 2, 3, 4500, 4700},
    Layer{"strided", 16, 20, 4, 400, 3, 2},
    Layer{"dilated", 8, 9, 3, 150, 1, 7, 7},
    Layer{"dilated and strided", 4, 5, 5, 900, 6, 0, 9},
    Layer{"more phases than columns", 2, 3, 3, 1000, 1, 0, 211},
    Layer{"more phases than outputs", 2, 3, 3, 440, 1, 0, 211},
    Layer{"grouped", 12, 18, 3, 90, 1, 1, 1, 3},
    Layer{"long", 3, 4, 90, 1500, 1, 40},
    Layer{"a short signal", 20, 33, 3, 9, 1, 1},
    Layer{"a short signal in groups", 24, 44, 2, 11, 1, 1, 1, 2},
    Layer{"a short signal of many channels", 40, 300, 5, 50, 1, 2},
    Layer{"two outputs", 6, 50, 4, 5},
    Layer{"one output", 30, 150, 1, 1},
    Layer{"one output of several taps", 6, 40, 5, 5},
    Layer{"one output in groups", 6, 40, 3, 3, 1, 0, 1, 2},
    Layer{"one output between padding", 6, 40, 3, 1, 1, 1},
    Layer{"depthwise, 3 taps", 32, 32, 3, 900, 1, 1, 1, 32},
    Layer{"depthwise, 7 taps", 16, 16, 7, 300, 1, 3, 1, 16},
    Layer{"depthwise, 31 taps", 16, 16, 31, 3000, 1, 15, 1, 16},
    Layer{"depthwise, 129 taps", 16, 16, 129, 1000, 1, 64, 1, 16, false, kReflect},
    Layer{"depthwise, 700 taps", 3, 3, 700, 3000, 1, 0, 1, 3},
    Layer{"depthwise, taps in blocks", 2, 2, 4500, 5000, 1, 0, 1, 2},
    Layer{"depthwise, strided", 16, 16, 9, 700, 3, 4, 1, 16},
    Layer{"depthwise, dilated", 16, 16, 60, 1500, 1, 10, 5, 16},
    Layer{"depthwise, more phases than columns", 2, 2, 60, 16000, 1, 0, 251, 2},
    Layer{"depthwise, short", 16, 16, 5, 20, 1, 2, 1, 16},
    Layer{"depthwise, one output", 16, 16, 5, 5, 1, 0, 1, 16},
    Layer{"a windowed DFT", 1, 20, 32, 900, 7, 16, 1, 1, false, kReflect},
    Layer{"windowed DFTs of groups", 2, 26, 60, 500, 5, 0, 1, 2},
    Layer{"transposed", 8, 13, 4, 300, 2, 1, 1, 1, true},
    Layer{"transposed, dilated", 5, 20, 3, 70, 3, 2, 4, 1, true},
    Layer{"transposed, grouped", 6, 10, 7, 100, 3, 2, 1, 2, true},
    Layer{"transposed, one output channel", 12, 1, 8, 1500, 4, 2, 1, 1, true},
    Layer{"transposed, two output channels", 6, 4, 6, 60, 3, 1, 1, 2, true},
    Layer{"transposed, stride 256", 3, 1, 512, 9, 256, 128, 1, 1, true},
    Layer{"transposed, more phases than are staged", 2, 8, 900, 70, 700, 100, 1, 1, true},
    Layer{"transposed, a short signal", 16, 70, 3, 5, 2, 1, 1, 1, true},
    Layer{"transposed, one output", 4, 21, 1, 1, 2, 0, 1, 1, true},
};

// Weights that are a windowed DFT where the layer may be one.
template <typename T>
Values<T> valuesOf(const Problem& problem) {
  Values<T> values(problem);
  const Parameters& p = problem.geometry.parameters;
  const bool isSpectrum = !p.transposed && p.groupInChannels() == 1 && p.groupOutChannels() > 1 &&
                          std::find(kDftSizes.begin(), kDftSizes.end(), p.kernelSize) != kDftSizes.end();
  if (!isSpectrum) return values;
  std::vector<DftRow> rows = {{0, DftRow::Part::kCosine, 1}};
  for (int64_t row = 1; row < p.outChannels; row++) {
    rows.push_back({row % (p.kernelSize / 2), row % 3 == 0 ? DftRow::Part::kCosine : DftRow::Part::kSine, 1});
  }
  values.weight = filterbank<T>(p.kernelSize, rows, kHann);
  return values;
}

// What the outputs become, and what comes beside them, a few elements between one item and the next.
template <typename T>
class Finished {
 public:
  static constexpr T kSlope = T{0.125};
  static constexpr T kFactor = T{-0.75};

  explicit Finished(const Problem& problem)
      : channels_(problem.geometry.parameters.outChannels),
        length_(problem.geometry.outLength),
        itemStride_(channels_ * length_ + 5),
        batch_(problem.geometry.batch) {
    Random random(7);
    const auto count = static_cast<size_t>(batch_ * itemStride_);
    for (size_t i = 0; i < count; i++) residual_.push_back(random.real<T>());
    for (int64_t i = 0; i < channels_; i++) {
      frequencies_.push_back(random.real<T>());
      amplitudes_.push_back(random.real<T>());
    }
    clear();
  }

  void clear() {
    const auto count = static_cast<size_t>(batch_ * itemStride_);
    snakes_.assign(count, T{0});
    visits_.assign(count, T{0});
  }

  // As one epilogue.
  std::array<EpilogueStage<T>, 5> stages() {
    using Kind = typename EpilogueStage<T>::Kind;
    std::array<EpilogueStage<T>, 5> stages;
    stages[0] = {.kind = Kind::kUnary, .function = kLeakyRelu, .a = kSlope};
    stages[1] = {.kind = Kind::kBinary, .function = kAdd, .other = {residual_.data(), itemStride_}};
    stages[2] = {.kind = Kind::kChannel,
                 .function = kChannelSnake,
                 .out = {snakes_.data(), itemStride_},
                 .as = frequencies_.data(),
                 .bs = amplitudes_.data()};
    stages[3] = {.kind = Kind::kBinary, .function = kMul, .a = kFactor, .otherIsLeft = true};
    const Rows<T> visits{visits_.data(), itemStride_};
    stages[4] = {.kind = Kind::kUnary, .function = kAffine, .in = visits, .out = visits, .a = T{1}, .b = T{1}};
    return stages;
  }

  // One after the other, over whole rows.
  void applySeparately(const Kernels<T>& kernels, std::span<T> out) {
    for (int64_t row = 0; row < batch_ * channels_; row++) {
      const int64_t channel = row % channels_;
      const int64_t beside = row / channels_ * itemStride_ + channel * length_;
      T* const x = out.data() + row * length_;
      T* const snake = snakes_.data() + beside;
      const T* const residual = residual_.data() + beside;
      const T a = frequencies_[static_cast<size_t>(channel)];
      const T b = amplitudes_[static_cast<size_t>(channel)];
      kernels.unary[kLeakyRelu]({x, x, length_, kSlope, T{0}});
      kernels.binary[kAdd]({x, residual, x, length_, false, false});
      kernels.unary[kSnake]({x, snake, length_, a, b});
      kernels.binary[kMul]({&kFactor, x, x, length_, true, false});
      std::fill_n(visits_.data() + beside, length_, T{1});
    }
  }

  std::span<const T> snakes() const { return snakes_; }
  std::span<const T> visits() const { return visits_; }

 private:
  const int64_t channels_, length_, itemStride_, batch_;
  std::vector<T> residual_, frequencies_, amplitudes_, snakes_, visits_;
};

// Operands of a problem, and one algorithm after the other.
template <typename T>
class Bench {
 public:
  Bench(const Problem& problem, const Values<T>& values, const Kernels<T>& kernels)
      : problem_(problem),
        p_(problem.geometry.parameters),
        values_(values),
        kernels_(kernels),
        view_(weightOf(p_, values.weight.data())),
        dft_(windowedDft(p_, view_)),
        outMemory_(problem.outputCount()),
        actual_(problem),
        expected_(problem) {}

  PlanRequest<T> request(int threads) const {
    const auto count = static_cast<int64_t>(values_.weight.size());
    const bool isFinite = allFinite(values_.weight.data(), count);
    return {problem_.geometry,      kernels_, threads, isFinite, {isFinite, int64_t{1} << 40}, nullptr,
            dft_ ? &*dft_ : nullptr};
  }

  bool canTake(const Algorithm<T>& algorithm) const {
    return suits(algorithm, p_, kernels_) && algorithm.cost(request(1)) < kUnsuited;
  }

  void compare(int index, std::span<const int> threads) {
    const Algorithm<T>& algorithm = algorithms<T>()[static_cast<size_t>(index)];
    INFO(std::string(algorithm.name));
    const WeightLayout layout = algorithm.layout(p_, kernels_);
    packed_.resize(static_cast<size_t>(packedCount(p_, kernels_, layout)));
    REQUIRE(packWeights(p_, kernels_, layout, view_, packed_.data()));
    const std::vector<T> convolved = run(index, 1, nullptr);
    std::vector<T> expected = convolved;
    expected_.clear();
    expected_.applySeparately(kernels_, expected);
    for (const int count : threads) {
      INFO(count << " threads");
      actual_.clear();
      const auto stages = actual_.stages();
      const auto wrong = difference<T>(run(index, count, &stages), expected);
      CHECK_MESSAGE(!wrong, wrong.value_or(""));
      const auto wrongSnake = difference<T>(actual_.snakes(), expected_.snakes());
      CHECK_MESSAGE(!wrongSnake, "in the second store: " << wrongSnake.value_or(""));
      const auto wrongVisits = difference<T>(actual_.visits(), expected_.visits());
      CHECK_MESSAGE(!wrongVisits, "how often it was finished: " << wrongVisits.value_or(""));
    }
  }

 private:
  Plan plan(int index, int threads) const {
    const Algorithm<T>& algorithm = algorithms<T>()[static_cast<size_t>(index)];
    Plan plan;
    plan.geometry = problem_.geometry;
    plan.algorithm = index;
    plan.layout = algorithm.layout(p_, kernels_);
    plan.threads = threads;
    plan.skipsPadding = skipsPadding(request(threads));
    algorithm.plan(request(threads), &plan);
    return plan;
  }

  std::vector<T> run(int index, int threads, const std::array<EpilogueStage<T>, 5>* stages) {
    const std::span<T> out = outMemory_.place(problem_.outputCount(), Flush::kEnd);
    ForwardArgs<T> args{};
    args.input = values_.input.data();
    args.packedWeights = packed_.data();
    args.bias = values_.bias.empty() ? nullptr : values_.bias.data();
    args.out = out.data();
    args.weight = view_;
    args.largestGain = gainsOf(p_, view_).largest;
    args.dft = dft_ ? &*dft_ : nullptr;
    std::optional<Epilogue<T>> epilogue;
    if (stages != nullptr) {
      epilogue.emplace(kernels_, stages->data(), static_cast<int>(stages->size()), out.data(), p_.outChannels,
                       problem_.geometry.outLength);
      args.epilogue = &*epilogue;
    }
    CHECK(forward(plan(index, threads), kernels_, args) == Status::kOk);
    CHECK(outMemory_.surroundingsUntouched());
    return {out.begin(), out.end()};
  }

  const Problem& problem_;
  const Parameters& p_;
  const Values<T>& values_;
  const Kernels<T>& kernels_;
  const WeightView<T> view_;
  const std::optional<WindowedDft<T>> dft_;
  std::vector<T> packed_;
  GuardedBuffer<T> outMemory_;
  Finished<T> actual_, expected_;
};

// By the index of an implementation and that of an algorithm, whether a layer was computed.
using Coverage = std::vector<std::vector<bool>>;

template <typename T>
void compare(const Problem& problem, const Values<T>& values, std::span<const int> threads, Coverage* coverage) {
  INFO(problem.describe());
  size_t implementation = 0;
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    coverage->resize(std::max(coverage->size(), implementation + 1), std::vector<bool>(algorithms<T>().size()));
    Bench<T> bench(problem, values, kernels);
    int index = 0;
    for (const Algorithm<T>& algorithm : algorithms<T>()) {
      const int at = index++;
      if (!bench.canTake(algorithm)) continue;
      bench.compare(at, threads);
      (*coverage)[implementation][static_cast<size_t>(at)] = true;
    }
    implementation++;
  });
}

template <typename T>
void checkCoverage(const Coverage& coverage, bool fastAlone) {
  size_t implementation = 0;
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    size_t index = 0;
    for (const Algorithm<T>& algorithm : algorithms<T>()) {
      const size_t at = index++;
      const std::string_view name = algorithm.name;
      if (fastAlone && algorithm.isExact) continue;
      if (name == "depthwise in lanes" && !kernels.blocks.hasLanes) continue;
      if (name == "broadcast depthwise" && kernels.blocks.minTapsToBroadcast == INT64_MAX) continue;
      CHECK_MESSAGE(coverage[implementation][at], "no layer was computed by " << name);
    }
    implementation++;
  });
}

Problem problemOf(const Layer& layer, int64_t batch, uint64_t seed) {
  const Parameters p = {.inChannels = layer.inChannels,
                        .outChannels = layer.outChannels,
                        .kernelSize = layer.kernelSize,
                        .stride = layer.stride,
                        .padLeft = layer.padding,
                        .padRight = layer.padding,
                        .dilation = layer.dilation,
                        .groups = layer.groups,
                        .mode = layer.mode,
                        .transposed = layer.transposed};
  Problem problem;
  problem.seed = seed;
  problem.bias = seed % 3 != 0;
  REQUIRE(validate(p) == Status::kOk);
  REQUIRE(makeGeometry(p, batch, layer.length, &problem.geometry) == Status::kOk);
  return problem;
}

TEST_CASE_TEMPLATE("every algorithm finishes each output once, with the bits of separate functions", T, float, double) {
  Coverage coverage;
  uint64_t seed = 1;
  for (const Layer& layer : kLayers) {
    INFO(std::string(layer.what));
    for (const int64_t batch : kBatches) {
      const Problem problem = problemOf(layer, batch, seed++);
      if (problem.products() > kMostProducts) continue;
      compare<T>(problem, valuesOf<T>(problem), kThreads, &coverage);
    }
  }
  checkCoverage<T>(coverage, false);
}

TEST_CASE_TEMPLATE("fast algorithms finish what they fall back to the direct sum for once as well", T, float, double) {
  Coverage coverage;
  Random random(3);
  uint64_t seed = 1;
  for (const Layer& layer : kLayers) {
    if (layer.transposed || layer.kernelSize > 1000) continue;
    INFO(std::string(layer.what));
    const Problem problem = problemOf(layer, 3, seed++);
    if (problem.products() > kMostProducts) continue;
    Values<T> values = valuesOf<T>(problem);
    for (int i = 0; i < 2; i++) {
      values.input[static_cast<size_t>(random.between(0, problem.inputCount() - 1))] =
          std::numeric_limits<T>::infinity();
    }
    compare<T>(problem, values, std::array{2}, &coverage);
  }
  checkCoverage<T>(coverage, true);
}

// More of them than a folded tile holds.
TEST_CASE_TEMPLATE("short signals of large batches are finished once", T, float, double) {
  Coverage coverage;
  for (const Layer& layer : kLayers) {
    if (layer.length > 20) continue;
    INFO(std::string(layer.what));
    const Problem problem = problemOf(layer, 90, 1);
    if (problem.products() > kMostProducts) continue;
    compare<T>(problem, valuesOf<T>(problem), std::array{3}, &coverage);
  }
}

}  // namespace
}  // namespace conv1d::test
