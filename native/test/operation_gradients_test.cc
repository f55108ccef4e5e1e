// Gradients of functions of elements, gates, softmax, windows, other lengths and indices: against their definitions in
// float64, with the same bits on every implementation and any number of threads.
#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/backward/element_gradient.h"
#include "core/backward/gate_gradient.h"
#include "core/backward/pool_gradient.h"
#include "core/backward/softmax_gradient.h"
#include "core/backward/upsample_gradient.h"
#include "core/indexing/indexing.h"
#include "core/upsample/sources.h"
#include "test/bits.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/random.h"

namespace conv1d::test {
namespace {

#ifdef CONV1D_SLOW_MACHINE
constexpr int kDraws = 10;
#else
constexpr int kDraws = 60;
#endif

template <typename T>
std::vector<T> drawn(Random& random, int64_t count) {
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = random.real<T>();
  return values;
}

// run(kernels, threads, out) on every implementation and with several numbers of threads: all give the same bits, write
// nothing beside `out`, and lie within `units` of the last place of the larger of `expected` and 1.
template <typename T, typename Run>
void check(const std::vector<double>& expected, double units, const Run& run) {
  std::vector<T> first;
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    for (const int threads : {1, 2, 7}) {
      GuardedBuffer<T> to(static_cast<int64_t>(expected.size()));
      const std::span<T> out = to.place(static_cast<int64_t>(expected.size()), Flush::kEnd);
      std::fill(out.begin(), out.end(), std::numeric_limits<T>::quiet_NaN());
      run(kernels, threads, out.data());
      CHECK(to.surroundingsUntouched());
      if (first.empty()) first.assign(out.begin(), out.end());
      int64_t different = 0;
      double distance = 0;
      for (size_t i = 0; i < out.size(); i++) {
        different += sameBits(out[i], first[i]) ? 0 : 1;
        const double error = std::abs(static_cast<double>(out[i]) - expected[i]);
        const double unit =
            static_cast<double>(std::numeric_limits<T>::epsilon()) * std::max(1.0, std::abs(expected[i]));
        if (!(error <= units * unit)) distance = std::max(distance, std::isnan(error) ? 1e300 : error / unit);
      }
      CAPTURE(threads);
      CHECK(different == 0);
      CHECK(distance == 0);
    }
  });
}

// Functions of elements ---------------------------------------------------------------------------------------------

// The slope at x, and what is saved of it: x, or what the function gives.
struct Slope {
  double slope;
  double saved;
};

Slope slopeOf(int function, double x, double a, double b) {
  const double s = 1 / (1 + std::exp(-x));
  const double pi = std::acos(-1.0);
  switch (function) {
    case kAbsSlope:
      return {x < 0 ? -1.0 : 1.0, x};
    case kSqrtSlope:
      return {0.5 / std::sqrt(std::abs(x)), std::sqrt(std::abs(x))};
    case kSinSlope:
      return {std::cos(x), x};
    case kCosSlope:
      return {-std::sin(x), x};
    case kTanhSlope:
      return {1 - std::tanh(x) * std::tanh(x), std::tanh(x)};
    case kSigmoidSlope:
      return {s * (1 - s), s};
    case kErfSlope:
      return {2 / std::sqrt(pi) * std::exp(-x * x), x};
    case kReluSlope:
      return {x > 0 ? 1.0 : 0.0, std::max(x, 0.0)};
    case kLeakyReluSlope:
      return {x > 0 ? 1.0 : a, x};
    case kEluSlope:
      return {x > 0 ? 1.0 : a * std::exp(x), x};
    case kSiluSlope:
      return {s * (1 + x * (1 - s)), x};
    case kGeluSlope:
      return {0.5 * std::erfc(-x / std::sqrt(2.0)) + x * std::exp(-x * x / 2) / std::sqrt(2 * pi), x};
    case kGeluTanhSlope: {
      const double root = std::sqrt(2 / pi);
      const double t = std::tanh(root * (x + 0.044715 * x * x * x));
      return {0.5 * (1 + t) + 0.5 * x * (1 - t * t) * root * (1 + 3 * 0.044715 * x * x), x};
    }
    case kSoftplusSlope:
      return {a * x > b ? 1.0 : 1 / (1 + std::exp(-a * x)), x};
    case kHardtanhSlope:
    case kClampSlope:
      return {a < x && x < b ? 1.0 : 0.0, x};
    case kSquareSlope:
      return {2 * x, x};
    case kReciprocalSlope:
      return {-1 / (x * x), 1 / x};
    case kRsqrtSlope:
      return {-0.5 * std::pow(std::abs(x), -1.5), 1 / std::sqrt(std::abs(x))};
    case kExpm1Slope:
      return {std::exp(x), std::expm1(x)};
    case kLog1pSlope:
      return {1 / (1 + std::abs(x)), std::abs(x)};
    default:
      FAIL("a function without a slope here");
      return {0, 0};
  }
}

TEST_CASE_TEMPLATE("functions of one element", T, float, double) {
  Random random(11);
  for (int function = 0; function < kElementGradients; function++) {
    CAPTURE(function);
    for (const int64_t count : {0, 1, 3, 4, 7, 8, 15, 16, 17, 33, 1000}) {
      const T a = T{0.5};
      const T b = T{2};
      const std::vector<T> g = drawn<T>(random, count);
      std::vector<T> saved(g.size());
      std::vector<double> expected(g.size());
      for (size_t i = 0; i < g.size(); i++) {
        const auto x = static_cast<double>(static_cast<float>(random.real<T>()));
        saved[i] = static_cast<T>(slopeOf(function, x, a, b).saved);
        expected[i] = slopeOf(function, x, a, b).slope * static_cast<double>(g[i]);
      }
      // What was saved is rounded, and some slopes are large.
      check<T>(expected, 64, [&](const Kernels<T>& kernels, int threads, T* out) {
        elementGradient<T>(kernels, static_cast<ElementGradientFunction>(function),
                           {saved.data(), g.data(), out, count, a, b}, threads);
      });
    }
  }
}

TEST_CASE_TEMPLATE("functions of one element, of anything, have one NaN and write where they read", T, float, double) {
  Random random(12);
  constexpr int64_t kCount = 500;
  std::vector<T> saved(kCount);
  std::vector<T> g(kCount);
  for (T& value : saved) value = random.special<T>();
  for (T& value : g) value = random.special<T>();
  for (int function = 0; function < kElementGradients; function++) {
    CAPTURE(function);
    std::vector<T> first;
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      std::vector<T> out(g);
      kernels.elementGradients[function]({saved.data(), out.data(), out.data(), kCount, T{-1}, T{1}});
      if (first.empty()) first = out;
      int64_t wrong = 0;
      for (size_t i = 0; i < out.size(); i++) {
        wrong += sameBits(out[i], first[i]) && (out[i] != T{0} || !std::signbit(out[i])) ? 0 : 1;
      }
      CHECK(wrong == 0);
    });
  }
}

TEST_CASE_TEMPLATE("gated halves", T, float, double) {
  Random random(13);
  for (int draw = 0; draw < kDraws; draw++) {
    const int64_t outer = random.between(1, 5);
    const int64_t size = draw % 10 == 0 ? 2500 : random.between(1, 70);
    const std::vector<T> x = drawn<T>(random, outer * 2 * size);
    const std::vector<T> g = drawn<T>(random, outer * size);
    std::vector<double> expected(x.size());
    for (int64_t i = 0; i < outer * size; i++) {
      const auto first = static_cast<size_t>(i / size * 2 * size + i % size);
      const size_t second = first + static_cast<size_t>(size);
      const double s = 1 / (1 + std::exp(-static_cast<double>(x[second])));
      const auto gradient = static_cast<double>(g[static_cast<size_t>(i)]);
      expected[first] = s * gradient;
      expected[second] = s * (1 - s) * gradient * static_cast<double>(x[first]);
    }
    check<T>(expected, 64, [&](const Kernels<T>& kernels, int threads, T* out) {
      gateGradient<T>(kernels, outer, size, x.data(), g.data(), out, threads);
    });
  }
}

TEST_CASE_TEMPLATE("softmax and its logarithm", T, float, double) {
  Random random(14);
  for (int draw = 0; draw < kDraws; draw++) {
    const bool isLog = draw % 2 == 1;
    const int64_t rows = random.between(1, 40);
    const int64_t count = draw % 10 == 0 ? 9000 : random.between(1, 50);
    const std::vector<T> g = drawn<T>(random, rows * count);
    std::vector<T> y(g.size());
    std::vector<double> expected(g.size());
    for (int64_t row = 0; row < rows; row++) {
      const auto begin = static_cast<size_t>(row * count);
      const size_t end = begin + static_cast<size_t>(count);
      double total = 0;
      for (size_t i = begin; i < end; i++) total += static_cast<double>(y[i] = std::abs(random.real<T>()));
      double sum = 0;
      for (size_t i = begin; i < end; i++) {
        const double share = static_cast<double>(y[i]) / total;
        y[i] = static_cast<T>(isLog ? std::log(share) : share);
        sum += static_cast<double>(g[i]) * (isLog ? 1 : static_cast<double>(y[i]));
      }
      for (size_t i = begin; i < end; i++) {
        const auto gradient = static_cast<double>(g[i]);
        const auto value = static_cast<double>(y[i]);
        expected[i] = isLog ? gradient - std::exp(value) * sum : (gradient - sum) * value;
      }
    }
    check<T>(expected, 64, [&](const Kernels<T>& kernels, int threads, T* out) {
      REQUIRE(softmaxGradient<T>(kernels, isLog, {rows, count, 1}, y.data(), g.data(), out, threads) == Status::kOk);
    });
  }
}

TEST_CASE_TEMPLATE("softmax of columns has the bits of rows", T, float, double) {
  Random random(19);
  for (int draw = 0; draw < kDraws; draw++) {
    const bool isLog = draw % 2 == 1;
    const bool isLarge = draw % 20 == 0;
    const FoldShape shape{random.between(1, 3), isLarge ? 5000 : random.between(1, 70), random.between(2, 90)};
    const int64_t elements = shape.outer * shape.count * shape.inner;
    const std::vector<T> y = drawn<T>(random, elements);
    const std::vector<T> g = drawn<T>(random, elements);
    const auto place = [&](int64_t i) {
      const int64_t column = i % shape.inner;
      const int64_t row = i / shape.inner % shape.count;
      return static_cast<size_t>((i / shape.inner / shape.count * shape.inner + column) * shape.count + row);
    };
    std::vector<T> rows(y.size());
    std::vector<T> gradients(y.size());
    for (int64_t i = 0; i < elements; i++) {
      rows[place(i)] = y[static_cast<size_t>(i)];
      gradients[place(i)] = g[static_cast<size_t>(i)];
    }
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      for (const int threads : {1, 2, 7}) {
        std::vector<T> ofRows(y.size());
        std::vector<T> out(y.size());
        const FoldShape turned{shape.outer * shape.inner, shape.count, 1};
        REQUIRE(softmaxGradient<T>(kernels, isLog, turned, rows.data(), gradients.data(), ofRows.data(), threads) ==
                Status::kOk);
        REQUIRE(softmaxGradient<T>(kernels, isLog, shape, y.data(), g.data(), out.data(), threads) == Status::kOk);
        int64_t wrong = 0;
        for (int64_t i = 0; i < elements; i++) {
          wrong += sameBits(out[static_cast<size_t>(i)], ofRows[place(i)]) ? 0 : 1;
        }
        CHECK(wrong == 0);
      }
    });
  }
}

// Windows -----------------------------------------------------------------------------------------------------------

// Few different values: many are equal.
template <typename T>
std::vector<T> withTies(Random& random, int64_t count) {
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) {
    value = random.oneIn(20) ? std::numeric_limits<T>::quiet_NaN() : static_cast<T>(random.between(-2, 2));
  }
  return values;
}

// The first of the largest, or the last NaN, of the places in order.
template <typename T>
size_t largestOf(const T* row, const std::vector<size_t>& places) {
  size_t largest = places[0];
  for (const size_t place : places) {
    if (row[place] != row[place] || row[place] > row[largest]) largest = place;
  }
  return largest;
}

TEST_CASE_TEMPLATE("windows that slide", T, float, double) {
  Random random(15);
  for (int draw = 0; draw < 3 * kDraws; draw++) {
    PoolShape shape{};
    shape.rows = random.between(1, 6);
    shape.length = draw % 20 == 0 ? random.between(5000, 9000) : random.between(1, 50);
    shape.kernelSize = random.between(1, std::min<int64_t>(shape.length, 9));
    shape.stride = random.between(1, 5);
    shape.padding = random.between(0, shape.kernelSize / 2);
    shape.dilation = random.oneIn(3) && (shape.kernelSize - 1) * 2 < shape.length ? 2 : 1;
    const int64_t reach = shape.dilation * (shape.kernelSize - 1) + 1;
    shape.outLength = (shape.length + 2 * shape.padding - reach) / shape.stride + 1;
    // A window that begins inside and ends behind the padding, as ceil_mode has it.
    if (random.oneIn(2) && shape.outLength * shape.stride < shape.length + shape.padding) shape.outLength++;
    const std::vector<T> x = withTies<T>(random, shape.rows * shape.length);
    const std::vector<T> g = drawn<T>(random, shape.rows * shape.outLength);
    std::vector<double> maxima(x.size());
    std::vector<double> means[2] = {std::vector<double>(x.size()), std::vector<double>(x.size())};
    for (int64_t i = 0; i < shape.rows * shape.outLength; i++) {
      const int64_t row = i / shape.outLength * shape.length;
      const int64_t start = i % shape.outLength * shape.stride - shape.padding;
      const int64_t padded = std::min(start + shape.kernelSize, shape.length + shape.padding) - start;
      std::vector<size_t> places;
      for (int64_t k = 0; k < shape.kernelSize; k++) {
        const int64_t place = start + k * shape.dilation;
        if (place >= 0 && place < shape.length) places.push_back(static_cast<size_t>(place));
      }
      const auto gradient = static_cast<double>(g[static_cast<size_t>(i)]);
      if (places.empty()) continue;
      maxima[static_cast<size_t>(row) + largestOf(x.data() + row, places)] += gradient;
      for (const size_t place : places) {
        means[0][static_cast<size_t>(row) + place] += gradient / static_cast<double>(places.size());
        means[1][static_cast<size_t>(row) + place] += gradient / static_cast<double>(padded);
      }
    }
    check<T>(maxima, 32, [&](const Kernels<T>& kernels, int threads, T* out) {
      REQUIRE(maxPoolGradient<T>(kernels, shape, x.data(), g.data(), out, threads) == Status::kOk);
    });
    for (const bool countsPadding : {false, true}) {
      if (shape.dilation != 1) continue;
      check<T>(means[countsPadding ? 1 : 0], 32, [&](const Kernels<T>& kernels, int threads, T* out) {
        REQUIRE(avgPoolGradient<T>(kernels, shape, countsPadding, g.data(), out, threads) == Status::kOk);
      });
    }
  }
}

TEST_CASE_TEMPLATE("windows of as many outputs as there shall be", T, float, double) {
  Random random(16);
  for (int draw = 0; draw < 2 * kDraws; draw++) {
    const AdaptiveShape shape{random.between(1, 6), random.between(1, 60), random.between(1, 70)};
    const std::vector<T> x = withTies<T>(random, shape.rows * shape.length);
    const std::vector<T> g = drawn<T>(random, shape.rows * shape.outLength);
    std::vector<double> maxima(x.size());
    std::vector<double> means(x.size());
    for (int64_t i = 0; i < shape.rows * shape.outLength; i++) {
      const auto row = static_cast<size_t>(i / shape.outLength * shape.length);
      const int64_t column = i % shape.outLength;
      std::vector<size_t> places;
      for (int64_t place = column * shape.length / shape.outLength;
           place * shape.outLength < (column + 1) * shape.length; place++) {
        places.push_back(static_cast<size_t>(place));
      }
      const auto gradient = static_cast<double>(g[static_cast<size_t>(i)]);
      maxima[row + largestOf(x.data() + row, places)] += gradient;
      for (const size_t place : places) means[row + place] += gradient / static_cast<double>(places.size());
    }
    check<T>(maxima, 64, [&](const Kernels<T>& kernels, int threads, T* out) {
      REQUIRE(adaptiveMaxPoolGradient<T>(kernels, shape, x.data(), g.data(), out, threads) == Status::kOk);
    });
    check<T>(means, 64, [&](const Kernels<T>& kernels, int threads, T* out) {
      REQUIRE(adaptiveAvgPoolGradient<T>(kernels, shape, g.data(), out, threads) == Status::kOk);
    });
  }
}

TEST_CASE("windows that do not fit are refused, and those behind the row get nothing") {
  forEachImplementation<float>([](const Kernels<float>& kernels) {
    const std::vector<float> x(4, 1.0F);
    const std::vector<float> g(9, 1.0F);
    std::vector<float> out(4);
    const PoolShape beyond{1, 4, 2, 2, 0, 1, 9};
    CHECK(maxPoolGradient<float>(kernels, beyond, x.data(), g.data(), out.data(), 1) == Status::kOk);
    CHECK(out == std::vector<float>{1, 0, 1, 0});
    const PoolShape padded{1, 4, 2, 2, 2, 1, 1};
    CHECK(maxPoolGradient<float>(kernels, padded, x.data(), g.data(), out.data(), 1) == Status::kInvalidArgument);
    CHECK(avgPoolGradient<float>(kernels, padded, true, g.data(), out.data(), 1) == Status::kInvalidArgument);
    CHECK(adaptiveAvgPoolGradient<float>(kernels, {1, 0, 1}, g.data(), out.data(), 1) == Status::kInvalidArgument);
    CHECK(upsampleNearestGradient<float>(kernels, {1, 0, 1, 0}, g.data(), out.data(), 1) == Status::kInvalidArgument);
  });
}

TEST_CASE_TEMPLATE("rows of another length", T, float, double) {
  Random random(17);
  for (int draw = 0; draw < 2 * kDraws; draw++) {
    const bool hasScale = random.oneIn(2);
    UpsampleShape shape{random.between(1, 40), random.between(1, 40), random.between(1, 60), 0};
    if (hasScale) {
      shape.scale = static_cast<double>(random.between(1, 40)) / 8;
      shape.outLength = static_cast<int64_t>(static_cast<double>(shape.length) * shape.scale);
      if (shape.outLength == 0) continue;
    }
    if (draw % 20 == 0) shape = {2, 3000, 6000, 2};
    const std::vector<T> g = drawn<T>(random, shape.rows * shape.outLength);
    std::vector<double> expected[3];
    for (std::vector<double>& each : expected) each.resize(static_cast<size_t>(shape.rows * shape.length));
    for (int64_t begin = 0; begin < shape.outLength; begin += kSourcesAtOnce) {
      const int64_t count = std::min(kSourcesAtOnce, shape.outLength - begin);
      int64_t source[kSourcesAtOnce];
      findNearest<T>(shape, begin, count, source);
      for (int mode = 0; mode < 3; mode++) {
        Sources<T> sources;
        findSources(shape, mode == 2, begin, count, &sources);
        for (int64_t i = 0; i < shape.rows * count; i++) {
          const int64_t row = i / count;
          const int64_t at = i % count;
          const auto gradient = static_cast<double>(g[static_cast<size_t>(row * shape.outLength + begin + at)]);
          double* const to = expected[mode].data() + row * shape.length;
          if (mode == 0) {
            to[source[at]] += gradient;
          } else if (shape.length == shape.outLength) {
            to[begin + at] += gradient;
          } else {
            to[sources.left[at]] += static_cast<double>(sources.leftWeight[at]) * gradient;
            to[std::min(sources.left[at] + 1, shape.length - 1)] +=
                static_cast<double>(sources.rightWeight[at]) * gradient;
          }
        }
      }
    }
    check<T>(expected[0], 64, [&](const Kernels<T>& kernels, int threads, T* out) {
      REQUIRE(upsampleNearestGradient<T>(kernels, shape, g.data(), out, threads) == Status::kOk);
    });
    for (const bool alignCorners : {false, true}) {
      check<T>(expected[alignCorners ? 2 : 1], 64, [&](const Kernels<T>& kernels, int threads, T* out) {
        REQUIRE(upsampleLinearGradient<T>(kernels, shape, alignCorners, g.data(), out, threads) == Status::kOk);
      });
    }
  }
}

// Indices -----------------------------------------------------------------------------------------------------------

TEST_CASE_TEMPLATE("elements and rows are added where their indices say", T, float, double) {
  Random random(18);
  for (int draw = 0; draw < kDraws; draw++) {
    const bool isLarge = draw % 20 == 0;
    const GatherShape shape{random.between(1, 4), random.between(1, 7), isLarge ? 700 : random.between(1, 5),
                            isLarge ? 300 : random.between(0, 9)};
    const int64_t added = shape.outer * shape.outCount * shape.inner;
    const std::vector<T> x = drawn<T>(random, added);
    std::vector<int64_t> wide(x.size());
    std::vector<int32_t> narrow(x.size());
    for (size_t i = 0; i < wide.size(); i++) {
      wide[i] = random.between(0, shape.count - 1);
      narrow[i] = static_cast<int32_t>(wide[i]);
    }
    std::vector<double> expected(static_cast<size_t>(shape.outer * shape.count * shape.inner));
    for (int64_t i = 0; i < added; i++) {
      const int64_t item = i / (shape.outCount * shape.inner);
      const int64_t row = item * shape.count + wide[static_cast<size_t>(i)];
      expected[static_cast<size_t>(row * shape.inner + i % shape.inner)] +=
          static_cast<double>(x[static_cast<size_t>(i)]);
    }
    for (const bool areWide : {false, true}) {
      const void* const data =
          areWide ? static_cast<const void*>(wide.data()) : static_cast<const void*>(narrow.data());
      check<T>(expected, 500, [&](const Kernels<T>&, int threads, T* out) {
        scatterAdd<T>(shape, x.data(), {data, added, areWide}, out, threads);
      });
    }
    // The same with one index for each row.
    const int64_t rows = shape.outer * shape.outCount;
    std::vector<double> sums(static_cast<size_t>(shape.count * shape.inner));
    for (int64_t i = 0; i < rows * shape.inner; i++) {
      const int64_t row = wide[static_cast<size_t>(i / shape.inner)];
      sums[static_cast<size_t>(row * shape.inner + i % shape.inner)] += static_cast<double>(x[static_cast<size_t>(i)]);
    }
    check<T>(sums, 2000, [&](const Kernels<T>& kernels, int threads, T* out) {
      addRows<T>(kernels, shape.count, shape.inner, x.data(), {wide.data(), rows, true}, out, threads);
    });
  }
}

}  // namespace
}  // namespace conv1d::test
