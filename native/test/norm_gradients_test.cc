// Gradients of norms and of functions with parameters of a channel beside those of long double, on every
// implementation; the same bits from each of them, on any number of threads.
#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "core/backward/channel_gradients.h"
#include "core/backward/norm_gradients.h"
#include "core/backward/weight_norm_gradients.h"
#include "test/bits.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/random.h"

namespace conv1d::test {
namespace {

using Wide = long double;

template <typename T>
std::vector<T> numbers(int64_t count, uint64_t seed) {
  Random random(seed);
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = random.real<T>();
  return values;
}

// A sum, and that of its terms' absolute values, which its error is measured by.
struct Sum {
  Wide value = 0;
  Wide magnitude = 0;

  void add(Wide term, Wide of) {
    value += term;
    magnitude += of;
  }
  void add(Wide term) { add(term, std::abs(term)); }
};

// What each output should be, and how far from it its error may take it.
struct Expected {
  std::vector<Sum> x;
  std::vector<Sum> weight;
  std::vector<Sum> bias;
};

// The elements of x in the rows that are normed together, each with its weight: rows (in any order) of indices.
struct Layout {
  std::vector<std::vector<int64_t>> rows;
  std::vector<int64_t> weightOf;  // by index
  int64_t weights;
};

template <typename T>
Expected expectedOf(const Layout& layout, const std::vector<T>& g, const std::vector<T>& x, const std::vector<T>& means,
                    const std::vector<T>& rstds, const std::vector<T>* weight, bool areOfInput) {
  Expected expected{std::vector<Sum>(x.size()), std::vector<Sum>(static_cast<size_t>(layout.weights)),
                    std::vector<Sum>(static_cast<size_t>(layout.weights))};
  for (size_t row = 0; row < layout.rows.size(); row++) {
    const Wide mean = means[row];
    const Wide rstd = rstds[row];
    Sum sum;
    Sum product;
    for (const int64_t index : layout.rows[row]) {
      const auto i = static_cast<size_t>(index);
      const auto w = static_cast<size_t>(layout.weightOf[i]);
      const Wide normed = (x[i] - mean) * rstd;
      const Wide through = g[i] * (weight == nullptr ? Wide{1} : Wide{(*weight)[w]});
      sum.add(through);
      product.add(through * normed);
      expected.weight[w].add(g[i] * normed);
      expected.bias[w].add(g[i]);
    }
    const auto n = static_cast<Wide>(layout.rows[row].size());
    for (const int64_t index : layout.rows[row]) {
      const auto i = static_cast<size_t>(index);
      const auto w = static_cast<size_t>(layout.weightOf[i]);
      const Wide normed = (x[i] - mean) * rstd;
      const Wide through = g[i] * (weight == nullptr ? Wide{1} : Wide{(*weight)[w]});
      expected.x[i].add(rstd * through);
      if (!areOfInput) continue;
      expected.x[i].add(-rstd * sum.value / n, rstd * sum.magnitude / n);
      expected.x[i].add(-rstd * normed * product.value / n, rstd * std::abs(normed) * product.magnitude / n);
    }
  }
  return expected;
}

// A few roundings of each term, and those of a sum, which a tree keeps to a few dozen.
constexpr Wide kRoundings = 24;

template <typename T>
void checkClose(const std::vector<T>& actual, const std::vector<Sum>& expected, const char* what) {
  int64_t wrong = 0;
  for (size_t i = 0; i < actual.size(); i++) {
    const Wide bound = kRoundings * static_cast<Wide>(std::numeric_limits<T>::epsilon()) * expected[i].magnitude;
    if (!(std::abs(static_cast<Wide>(actual[i]) - expected[i].value) <= bound)) wrong++;
  }
  INFO(what);
  CHECK(wrong == 0);
}

template <typename T>
void checkSame(const std::vector<T>& actual, const std::vector<T>& expected, const char* what) {
  int64_t wrong = 0;
  for (size_t i = 0; i < actual.size(); i++) wrong += sameBits(actual[i], expected[i]) ? 0 : 1;
  INFO(what);
  CHECK(wrong == 0);
}

template <typename T>
struct Outputs {
  std::vector<T> x;
  std::vector<T> weight;
  std::vector<T> bias;
};

// Runs on every implementation and several numbers of threads, with and without each of the outputs.
template <typename T>
void checkAll(int64_t count, int64_t weights, const Expected& expected,
              const std::function<Status(const Kernels<T>&, const NormGradients<T>&, int)>& run) {
  Outputs<T> first;
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    for (const int threads : {1, 2, 7}) {
      CAPTURE(threads);
      GuardedBuffer<T> x(count);
      GuardedBuffer<T> weight(weights);
      GuardedBuffer<T> bias(weights);
      const std::span<T> ofX = x.place(count, Flush::kEnd);
      const std::span<T> ofWeight = weight.place(weights, Flush::kEnd);
      const std::span<T> ofBias = bias.place(weights, Flush::kEnd);
      REQUIRE(run(kernels, {ofX.data(), ofWeight.data(), ofBias.data()}, threads) == Status::kOk);
      CHECK(x.surroundingsUntouched());
      CHECK(weight.surroundingsUntouched());
      CHECK(bias.surroundingsUntouched());
      const Outputs<T> got{
          {ofX.begin(), ofX.end()}, {ofWeight.begin(), ofWeight.end()}, {ofBias.begin(), ofBias.end()}};
      if (first.x.empty()) {
        first = got;
        checkClose(got.x, expected.x, "x");
        checkClose(got.weight, expected.weight, "weight");
        checkClose(got.bias, expected.bias, "bias");
      }
      checkSame(got.x, first.x, "x");
      checkSame(got.weight, first.weight, "weight");
      checkSame(got.bias, first.bias, "bias");
      Outputs<T> alone{std::vector<T>(first.x.size()), std::vector<T>(first.weight.size()),
                       std::vector<T>(first.bias.size())};
      REQUIRE(run(kernels, {alone.x.data(), nullptr, nullptr}, threads) == Status::kOk);
      REQUIRE(run(kernels, {nullptr, alone.weight.data(), nullptr}, threads) == Status::kOk);
      REQUIRE(run(kernels, {nullptr, nullptr, alone.bias.data()}, threads) == Status::kOk);
      checkSame(alone.x, first.x, "x alone");
      checkSame(alone.weight, first.weight, "weight alone");
      checkSame(alone.bias, first.bias, "bias alone");
    }
  });
}

// What normalise() keeps.
template <typename T>
std::vector<T> statisticsOf(const NormShape& shape, const std::vector<T>& x) {
  std::vector<T> out(x.size());
  std::vector<T> statistics(static_cast<size_t>(2 * shape.batch * shape.groups));
  REQUIRE(normalise<T>(kernelsFor<T>(activeKernels()), shape, 1e-3, x.data(), {nullptr, nullptr, false}, out.data(), 1,
                       statistics.data()) == Status::kOk);
  return statistics;
}

Layout groupLayout(const NormShape& shape, bool areElementwise) {
  const int64_t count = shape.channels * shape.length;
  const int64_t rows = shape.batch * shape.groups;
  Layout layout{{}, {}, areElementwise ? count : shape.groups * shape.channels};
  for (int64_t row = 0; row < rows; row++) {
    layout.rows.emplace_back();
    for (int64_t i = 0; i < count; i++) {
      layout.rows.back().push_back(row * count + i);
      layout.weightOf.push_back(areElementwise ? i : row % shape.groups * shape.channels + i / shape.length);
    }
  }
  return layout;
}

template <typename T>
void checkNorm(const NormShape& shape, bool areElementwise) {
  const Layout layout = groupLayout(shape, areElementwise);
  const auto count = static_cast<int64_t>(layout.weightOf.size());
  const std::vector<T> x = numbers<T>(count, 1);
  const std::vector<T> g = numbers<T>(count, 2);
  const std::vector<T> weight = numbers<T>(layout.weights, 3);
  const std::vector<T> statistics = statisticsOf(shape, x);
  const auto rows = static_cast<std::ptrdiff_t>(layout.rows.size());
  const std::vector<T> means(statistics.begin(), statistics.begin() + rows);
  const std::vector<T> rstds(statistics.begin() + rows, statistics.end());
  INFO("(" << shape.batch << ", " << shape.groups << ", " << shape.channels << ", " << shape.length << ")");
  for (const std::vector<T>* given : {&weight, static_cast<const std::vector<T>*>(nullptr)}) {
    const NormedBy<T> by{x.data(), statistics.data(), given == nullptr ? nullptr : given->data()};
    checkAll<T>(count, layout.weights, expectedOf(layout, g, x, means, rstds, given, true),
                [&](const Kernels<T>& kernels, const NormGradients<T>& out, int threads) {
                  if (!areElementwise) return groupNormGradients<T>(kernels, shape, g.data(), by, out, threads);
                  return layerNormGradients<T>(kernels, shape.batch, shape.length, g.data(), by, out, threads);
                });
  }
}

// Emulators take a minute for what is larger, and run the same code.
#ifdef CONV1D_SLOW_MACHINE
constexpr int64_t kMostElements = 30000;
#else
constexpr int64_t kMostElements = 1 << 30;
#endif

TEST_CASE_TEMPLATE("gradients of group and instance norms", T, float, double) {
  for (const NormShape& shape :
       {NormShape{1, 1, 1, 2}, NormShape{2, 3, 4, 5}, NormShape{3, 1, 7, 1}, NormShape{2, 4, 1, 50},
        NormShape{40, 2, 1, 33}, NormShape{1, 2, 3, 4097}, NormShape{5, 20, 1, 31}, NormShape{1, 1, 3, 100000},
        NormShape{2, 40, 2, 3000}, NormShape{1, 3, 1, 90000}, NormShape{100, 8, 16, 20}}) {
    if (shape.batch * shape.groups * shape.channels * shape.length > kMostElements) continue;
    checkNorm<T>(shape, false);
  }
}

TEST_CASE_TEMPLATE("gradients of layer norms", T, float, double) {
  for (const auto& [rows, count] : {std::pair<int64_t, int64_t>{1, 2},
                                    {3, 64},
                                    {40, 77},
                                    {200, 33},
                                    {2, 5000},
                                    {300, 900},
                                    {1, 250000},
                                    {2000, 130},
                                    {5, 60000},
                                    {129, 16}}) {
    if (rows * count > kMostElements) continue;
    checkNorm<T>({rows, 1, 1, count}, true);
  }
}

TEST_CASE_TEMPLATE("gradients of batch norms", T, float, double) {
  for (const BatchNormShape& shape :
       {BatchNormShape{2, 1, 1}, BatchNormShape{4, 3, 5}, BatchNormShape{7, 33, 1}, BatchNormShape{300, 5, 3},
        BatchNormShape{9000, 40, 1}, BatchNormShape{130, 200, 15}, BatchNormShape{3, 2, 16}, BatchNormShape{1, 3, 4097},
        BatchNormShape{2, 2, 90000}, BatchNormShape{8, 40, 1000}, BatchNormShape{3, 70, 50}}) {
    Layout layout{{}, {}, shape.channels};
    const int64_t count = shape.batch * shape.channels * shape.length;
    if (count > kMostElements) continue;
    layout.rows.resize(static_cast<size_t>(shape.channels));
    for (int64_t i = 0; i < count; i++) {
      const int64_t channel = i / shape.length % shape.channels;
      layout.rows[static_cast<size_t>(channel)].push_back(i);
      layout.weightOf.push_back(channel);
    }
    const std::vector<T> x = numbers<T>(count, 4);
    const std::vector<T> g = numbers<T>(count, 5);
    const std::vector<T> means = numbers<T>(shape.channels, 6);
    std::vector<T> rstds = numbers<T>(shape.channels, 7);
    for (T& rstd : rstds) rstd = std::abs(rstd);
    const std::vector<T> weight = numbers<T>(shape.channels, 8);
    std::vector<T> scales(rstds);
    for (size_t c = 0; c < scales.size(); c++) scales[c] *= weight[c];
    INFO("(" << shape.batch << ", " << shape.channels << ", " << shape.length << ")");
    for (const bool areOfInput : {true, false}) {
      CAPTURE(areOfInput);
      const BatchNormedBy<T> by{x.data(), means.data(), rstds.data(), scales.data(), areOfInput};
      checkAll<T>(count, shape.channels, expectedOf(layout, g, x, means, rstds, &weight, areOfInput),
                  [&](const Kernels<T>& kernels, const NormGradients<T>& out, int threads) {
                    return batchNormGradients<T>(kernels, shape, g.data(), by, out, threads);
                  });
    }
  }
}

TEST_CASE_TEMPLATE("gradients of snake and of the leaky ReLU", T, float, double) {
  for (const ChannelGradientShape& shape :
       {ChannelGradientShape{1, 1, 1}, ChannelGradientShape{6, 3, 5}, ChannelGradientShape{300, 2, 1},
        ChannelGradientShape{1400, 10, 15}, ChannelGradientShape{4, 2, 16}, ChannelGradientShape{1, 1, 9000},
        ChannelGradientShape{2, 2, 130000}, ChannelGradientShape{80, 40, 3000}, ChannelGradientShape{9000, 30, 1}}) {
    const int64_t count = shape.rows * shape.length;
    const std::vector<T> x = numbers<T>(count, 9);
    const std::vector<T> g = numbers<T>(count, 10);
    const std::vector<T> a = numbers<T>(shape.channels, 11);
    std::vector<T> b(a);
    for (T& each : b) each = 1 / each;
    INFO("(" << shape.rows << ", " << shape.channels << ", " << shape.length << ")");
    for (const ChannelGradient function : {kSnakeGradient, kLeakyReluGradient}) {
      CAPTURE(function);
      const auto channels = static_cast<size_t>(shape.channels);
      Expected expected{std::vector<Sum>(x.size()), std::vector<Sum>(channels), std::vector<Sum>(channels)};
      for (size_t i = 0; i < x.size(); i++) {
        const auto channel = i / static_cast<size_t>(shape.length) % channels;
        const Wide slope = a[channel];
        const Wide factor = b[channel];
        const Wide angle = slope * x[i];
        Sum& ofA = expected.weight[channel];
        if (function == kLeakyReluGradient) {
          expected.x[i].add(x[i] > 0 ? Wide{g[i]} : g[i] * slope);
          ofA.add(x[i] > 0 ? Wide{0} : Wide{g[i]} * x[i]);
        } else {
          // The rounding of the angle counts as often as the angle is long.
          const Wide spread = 1 + std::abs(angle);
          expected.x[i].add(g[i]);
          expected.x[i].add(g[i] * slope * factor * std::sin(2 * angle), std::abs(g[i] * slope * factor) * spread);
          ofA.add(g[i] * factor * x[i] * std::sin(2 * angle), std::abs(g[i] * factor * x[i]) * spread);
          ofA.add(-g[i] * factor * factor * std::sin(angle) * std::sin(angle),
                  std::abs(g[i] * factor * factor) * spread);
        }
      }
      checkAll<T>(
          count, shape.channels, expected, [&](const Kernels<T>& kernels, const NormGradients<T>& out, int threads) {
            if (out.bias != nullptr) std::fill_n(out.bias, channels, T{0});  // there is none
            return channelGradients<T>(
                kernels, function, shape,
                {g.data(), x.data(), a.data(), function == kSnakeGradient ? b.data() : nullptr, out.x, out.weight},
                threads);
          });
    }
  }
}

TEST_CASE_TEMPLATE("gradients of weight norm", T, float, double) {
  for (const WeightNormShape& shape :
       {WeightNormShape{1, 1, 1}, WeightNormShape{1, 3, 7}, WeightNormShape{5, 3, 1}, WeightNormShape{40, 7, 11},
        WeightNormShape{1, 64, 4100}, WeightNormShape{1, 1, 300000}, WeightNormShape{3, 100000, 1}}) {
    const int64_t count = shape.before * shape.size * shape.after;
    if (count > kMostElements) continue;
    const auto sizes = static_cast<size_t>(shape.size);
    const std::vector<T> v = numbers<T>(count, 12);
    const std::vector<T> dw = numbers<T>(count, 13);
    const std::vector<T> g = numbers<T>(shape.size, 14);
    std::vector<Sum> squares(sizes);
    std::vector<Sum> products(sizes);
    const auto normOf = [&](size_t i) { return i / static_cast<size_t>(shape.after) % sizes; };
    for (size_t i = 0; i < v.size(); i++) {
      squares[normOf(i)].add(Wide{v[i]} * v[i]);
      products[normOf(i)].add(Wide{dw[i]} * v[i]);
    }
    Expected expected{std::vector<Sum>(v.size()), std::vector<Sum>(sizes), std::vector<Sum>(sizes)};
    for (size_t j = 0; j < sizes; j++) {
      const Wide norm = std::sqrt(squares[j].value);
      expected.weight[j].add(products[j].value / norm, products[j].magnitude / norm);
    }
    for (size_t i = 0; i < v.size(); i++) {
      const size_t j = normOf(i);
      const Wide scale = g[j] / std::sqrt(squares[j].value);
      expected.x[i].add(scale * dw[i]);
      expected.x[i].add(-scale * v[i] * products[j].value / squares[j].value,
                        std::abs(scale * v[i]) * products[j].magnitude / squares[j].value);
    }
    INFO("(" << shape.before << ", " << shape.size << ", " << shape.after << ")");
    checkAll<T>(count, shape.size, expected, [&](const Kernels<T>& kernels, const NormGradients<T>& out, int threads) {
      if (out.bias != nullptr) std::fill_n(out.bias, sizes, T{0});  // there is none
      return weightNormGradients<T>(kernels, shape, dw.data(), g.data(), v.data(), out.weight, out.x, threads);
    });
  }
}

TEST_CASE_TEMPLATE("a NaN and a zero end as everywhere", T, float, double) {
  constexpr T kNaN = std::numeric_limits<T>::quiet_NaN();
  const std::vector<T> x = {1, 2, 3, 4};
  const std::vector<T> g = {-0.0, -0.0, -0.0, -0.0};
  const std::vector<T> bad = {-kNaN, 1, 1, 1};
  const std::vector<T> statistics = {2.5, 0.5};
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    for (const auto& [gradient, wanted] : {std::pair{&g, T{0}}, std::pair{&bad, normalised(kNaN)}}) {
      std::vector<T> ofX(4);
      T ofWeight[4];
      T ofBias[4];
      const NormGradients<T> out{ofX.data(), ofWeight, ofBias};
      const NormedBy<T> by{x.data(), statistics.data(), nullptr};
      REQUIRE(groupNormGradients<T>(kernels, {1, 1, 1, 4}, gradient->data(), by, out, 1) == Status::kOk);
      for (const T value : ofX) CHECK(sameBits(value, wanted));
      CHECK(sameBits(ofWeight[0], wanted));
      CHECK(sameBits(ofBias[0], wanted));
    }
  });
}

}  // namespace
}  // namespace conv1d::test
