// Layer, group, instance and batch norms: the written sequence of roundings on every implementation, and how close it
// is.
#include <doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/norm/batch_statistics.h"
#include "core/norm/normalise.h"
#include "test/bits.h"
#include "test/fold_reference.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/random.h"

namespace conv1d::test {
namespace {

template <typename T>
std::vector<T> numbers(int64_t count, uint64_t seed, T offset = 0) {
  Random random(seed);
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = random.real<T>() + offset;
  return values;
}

template <typename T>
std::vector<T> normaliseInOrder(const NormShape& shape, double eps, const std::vector<T>& x,
                                const NormWeights<T>& weights) {
  const int64_t count = shape.channels * shape.length;
  std::vector<T> out;
  for (int64_t row = 0; row < shape.batch * shape.groups; row++) {
    const std::vector<T> values(x.begin() + row * count, x.begin() + (row + 1) * count);
    const T mean = normalised(sumInOrder(values) / static_cast<T>(count));
    const T squares = squaresInOrder(values, mean);
    const T rstd = static_cast<T>(1 / std::sqrt(static_cast<double>(squares) / static_cast<double>(count) + eps));
    for (int64_t i = 0; i < count; i++) {
      const T distance = values[static_cast<size_t>(i)] - mean;
      const int64_t at = weights.areElementwise ? i : row % shape.groups * shape.channels + i / shape.length;
      const T weight = weights.weight == nullptr ? T{1} : weights.weight[at];
      const T bias = weights.bias == nullptr ? T{0} : weights.bias[at];
      const T y = weights.areElementwise && weights.weight != nullptr ? std::fma(distance * rstd, weight, bias)
                                                                      : std::fma(distance, rstd * weight, bias);
      out.push_back(normalised(y));
    }
  }
  return out;
}

TEST_CASE_TEMPLATE("norms have the written roundings", T, float, double) {
  struct Case {
    NormShape shape;
    bool areElementwise;
    double eps;
  };
  const Case cases[] = {
      {{1, 1, 1, 1}, false, 1e-5},    {{3, 1, 1, 64}, true, 1e-5},     {{40, 1, 1, 77}, true, 1e-5},
      {{2, 1, 1, 5000}, true, 0},     {{2, 4, 3, 50}, false, 1e-5},    {{1, 1, 8, 9000}, false, 1e-3},
      {{2, 33, 1, 100}, false, 1e-5}, {{1, 1, 1, 300000}, true, 1e-5}, {{1, 1, 3, 30000}, false, 1e-5},
      {{5, 2, 16, 1}, false, 1e-5},   {{1, 20, 1, 4097}, false, 1e-5},
  };
  for (const Case& c : cases) {
    const int64_t channels = c.shape.groups * c.shape.channels;
    const int64_t rows = c.shape.batch * c.shape.groups;
    const std::vector<T> x = numbers<T>(rows * c.shape.channels * c.shape.length, 1);
    const std::vector<T> weight = numbers<T>(c.areElementwise ? c.shape.length : channels, 2);
    const std::vector<T> bias = numbers<T>(c.areElementwise ? c.shape.length : channels, 3);
    for (const int given : {0, 1, 2, 3}) {
      const NormWeights<T> weights{(given & 1) != 0 ? weight.data() : nullptr, (given & 2) != 0 ? bias.data() : nullptr,
                                   c.areElementwise};
      const std::vector<T> expected = normaliseInOrder(c.shape, c.eps, x, weights);
      forEachImplementation<T>([&](const Kernels<T>& kernels) {
        for (const int threads : {1, 2}) {
          std::vector<T> out(x.size());
          REQUIRE(normalise<T>(kernels, c.shape, c.eps, x.data(), weights, out.data(), threads) == Status::kOk);
          int64_t wrong = 0;
          for (size_t i = 0; i < out.size(); i++) wrong += sameBits(out[i], expected[i]) ? 0 : 1;
          INFO("(" << c.shape.batch << ", " << c.shape.groups << ", " << c.shape.channels << ", " << c.shape.length
                   << "), given " << given << ", threads " << threads);
          CHECK(wrong == 0);
        }
      });
    }
  }
}

TEST_CASE_TEMPLATE("norms are close to those of float64, far from zero as well", T, float, double) {
  constexpr int64_t kCount = 5000;
  const auto unit = static_cast<long double>(std::numeric_limits<T>::epsilon());
  for (const T offset : {T{0}, T{1000}}) {
    const std::vector<T> x = numbers<T>(kCount, 5, offset);
    long double mean = 0;
    for (const T value : x) mean += static_cast<long double>(value) / kCount;
    long double variance = 0;
    for (const T value : x) {
      variance += (static_cast<long double>(value) - mean) * (static_cast<long double>(value) - mean) / kCount;
    }
    const long double rstd = 1 / std::sqrt(variance + 1e-5L);
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      std::vector<T> out(x.size());
      normalise<T>(kernels, {1, 1, 1, kCount}, 1e-5, x.data(), {nullptr, nullptr, true}, out.data(), 1);
      long double worst = 0;
      for (size_t i = 0; i < x.size(); i++) {
        const long double error =
            std::abs(static_cast<long double>(out[i]) - (static_cast<long double>(x[i]) - mean) * rstd);
        worst = std::max(worst, error);
      }
      // The rounding of the mean, and a few of the result.
      CHECK(worst <= 2 * unit * rstd * std::abs(mean) + 16 * unit);
    });
  }
}

TEST_CASE_TEMPLATE("batch statistics have the order of a channel's elements, wherever they lie", T, float, double) {
  struct Case {
    int64_t batch;
    int64_t channels;
    int64_t length;
  };
  for (const Case& c : {Case{1, 1, 1}, Case{3, 2, 5}, Case{32, 7, 300}, Case{2, 3, 4096}, Case{3, 2, 5000},
                        Case{9000, 2, 1}, Case{1, 3, 100000}, Case{4, 40, 1000}}) {
    const std::vector<T> x = numbers<T>(c.batch * c.channels * c.length, 8);
    std::vector<T> expectedMeans;
    std::vector<T> expectedVariances;
    for (int64_t channel = 0; channel < c.channels; channel++) {
      std::vector<T> values;
      for (int64_t n = 0; n < c.batch; n++) {
        const auto begin = x.begin() + (n * c.channels + channel) * c.length;
        values.insert(values.end(), begin, begin + c.length);
      }
      const auto count = static_cast<T>(values.size());
      expectedMeans.push_back(normalised(sumInOrder(values) / count));
      expectedVariances.push_back(normalised(squaresInOrder(values, expectedMeans.back()) / count));
    }
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      for (const int threads : {1, 2}) {
        std::vector<T> means(expectedMeans.size());
        std::vector<T> variances(expectedMeans.size());
        REQUIRE(batchStatistics<T>(kernels, c.batch, c.channels, c.length, x.data(), means.data(), variances.data(),
                                   threads) == Status::kOk);
        CHECK(means == expectedMeans);
        CHECK(variances == expectedVariances);
      }
    });
  }
}

TEST_CASE_TEMPLATE("batch statistics of nothing are NaN", T, float, double) {
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    T means[2] = {0, 0};
    T variances[2] = {0, 0};
    REQUIRE(batchStatistics<T>(kernels, 0, 2, 5, nullptr, means, variances, 2) == Status::kOk);
    CHECK(std::isnan(means[1]));
    CHECK(std::isnan(variances[1]));
  });
}

TEST_CASE_TEMPLATE("a normalised row reads and writes nothing around it", T, float, double) {
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    GuardedBuffer<T> from(40);
    GuardedBuffer<T> weights(40);
    GuardedBuffer<T> biases(40);
    GuardedBuffer<T> to(40);
    for (int64_t count = 0; count <= 40; count++) {
      for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
        const std::vector<T> values = numbers<T>(count, 4);
        const std::span<const T> x = from.place(std::span<const T>(values), flush);
        const std::span<const T> weight = weights.place(std::span<const T>(values), flush);
        const std::span<const T> bias = biases.place(std::span<const T>(values), flush);
        const std::span<T> out = to.place(count, flush);
        kernels.normaliseRow({x.data(), count, T{1}, T{2}, T{3}, weight.data(), bias.data(), out.data()});
        CHECK(to.surroundingsUntouched());
        kernels.normaliseRow({x.data(), count, T{1}, T{2}, T{3}, nullptr, nullptr, out.data()});
        CHECK(to.surroundingsUntouched());
      }
    }
  });
}

}  // namespace
}  // namespace conv1d::test
