// Reductions and softmax: the bits of the written order on every implementation, for any shape around the reduced
// dimension and any number of threads; special values, tails, guard pages.
#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/reduce/reduce.h"
#include "core/reduce/softmax.h"
#include "test/bits.h"
#include "test/fold_reference.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/random.h"

namespace conv1d::test {
namespace {

template <typename T>
std::vector<T> numbers(int64_t count, uint64_t seed, bool areSpecial = false) {
  Random random(seed);
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = areSpecial ? random.special<T>() : random.real<T>();
  return values;
}

template <typename T>
std::vector<T> rowOf(const std::vector<T>& x, const FoldShape& shape, int64_t item, int64_t column) {
  std::vector<T> row;
  for (int64_t i = 0; i < shape.count; i++) {
    row.push_back(x[static_cast<size_t>((item * shape.count + i) * shape.inner + column)]);
  }
  return row;
}

template <typename T>
T extremeOf(const std::vector<T>& row, bool isLargest) {
  T extreme = row[0];
  for (const T x : row) {
    if (std::isnan(extreme)) break;
    if (std::isnan(x) || (isLargest ? extreme < x : x < extreme)) extreme = x;
  }
  return extreme;
}

template <typename T>
T referenceOf(Reduction reduction, const std::vector<T>& row, double correction) {
  const auto count = static_cast<T>(row.size());
  switch (reduction) {
    case kReduceSum:
      return normalised(sumInOrder(row));
    case kReduceMean:
      return normalised(sumInOrder(row) / count);
    case kReduceProduct:
      return normalised(productInOrder(row));
    case kReduceMaximum:
      return normalised(extremeOf(row, true));
    case kReduceMinimum:
      return normalised(extremeOf(row, false));
    case kReduceVariance:
      return normalised(squaresInOrder(row, normalised(sumInOrder(row) / count)) /
                        static_cast<T>(std::max(0.0, static_cast<double>(row.size()) - correction)));
    default:
      return normalised(std::sqrt(squaresInOrder(row, T{0})));
  }
}

constexpr FoldShape kShapes[] = {
    {1, 1, 1},    {1, 31, 1},    {3, 32, 1},    {17, 33, 1},    {33, 100, 1}, {2, 4096, 1},
    {3, 4097, 1}, {1, 70000, 1}, {40, 4100, 1}, {1, 5, 7},      {2, 40, 3},   {3, 31, 16},
    {2, 33, 17},  {1, 300, 64},  {2, 129, 300}, {1, 2, 1000},   {1, 64, 257}, {1, 12300, 5},
    {1, 4096, 1}, {5, 160, 1},   {2, 9000, 33}, {1, 300000, 1}, {600, 3, 80},
};

TEST_CASE_TEMPLATE("reductions have the bits of the written order", T, float, double) {
  for (const FoldShape& shape : kShapes) {
    for (const bool areSpecial : {false, true}) {
      const std::vector<T> x = numbers<T>(shape.outer * shape.count * shape.inner, 11, areSpecial);
      for (const Reduction reduction :
           {kReduceSum, kReduceMean, kReduceProduct, kReduceMaximum, kReduceMinimum, kReduceVariance, kReduceNorm}) {
        std::vector<T> expected;
        for (int64_t item = 0; item < shape.outer; item++) {
          for (int64_t c = 0; c < shape.inner; c++) {
            expected.push_back(referenceOf(reduction, rowOf(x, shape, item, c), 1));
          }
        }
        forEachImplementation<T>([&](const Kernels<T>& kernels) {
          for (const int threads : {1, 2}) {
            std::vector<T> out(expected.size());
            REQUIRE(reduce<T>(kernels, reduction, shape, 1, x.data(), out.data(), threads) == Status::kOk);
            int64_t wrong = 0;
            for (size_t i = 0; i < out.size(); i++) wrong += sameBits(out[i], expected[i]) ? 0 : 1;
            INFO("(" << shape.outer << ", " << shape.count << ", " << shape.inner << "), reduction " << reduction
                     << ", threads " << threads << ", special " << areSpecial);
            CHECK(wrong == 0);
          }
        });
      }
    }
  }
}

TEST_CASE_TEMPLATE("sums and variances are close to those of float64", T, float, double) {
  const int64_t count = 100000;
  std::vector<T> x = numbers<T>(count, 3);
  for (T& value : x) value += T{100};
  long double sum = 0;
  for (const T value : x) sum += static_cast<long double>(value);
  const long double mean = sum / count;
  long double squares = 0;
  for (const T value : x)
    squares += (static_cast<long double>(value) - mean) * (static_cast<long double>(value) - mean);
  const auto unit = static_cast<long double>(std::numeric_limits<T>::epsilon());
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    T out = 0;
    reduce<T>(kernels, kReduceMean, {1, count, 1}, 0, x.data(), &out, 1);
    CHECK(std::abs(static_cast<long double>(out) - mean) <= 2 * unit * mean);
    reduce<T>(kernels, kReduceVariance, {1, count, 1}, 0, x.data(), &out, 1);
    CHECK(std::abs(static_cast<long double>(out) - squares / count) <= 8 * unit * squares / count);
  });
}

TEST_CASE_TEMPLATE("reductions of nothing", T, float, double) {
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    T out[2] = {5, 5};
    CHECK(reduce<T>(kernels, kReduceSum, {2, 0, 1}, 0, nullptr, out, 2) == Status::kOk);
    CHECK(out[1] == 0);
    CHECK(reduce<T>(kernels, kReduceProduct, {1, 0, 2}, 0, nullptr, out, 2) == Status::kOk);
    CHECK(out[1] == 1);
    CHECK(reduce<T>(kernels, kReduceMean, {1, 0, 2}, 0, nullptr, out, 2) == Status::kOk);
    CHECK(std::isnan(out[1]));
    CHECK(reduce<T>(kernels, kReduceVariance, {1, 0, 2}, 0, nullptr, out, 2) == Status::kOk);
    CHECK(std::isnan(out[0]));
    CHECK(reduce<T>(kernels, kReduceMaximum, {1, 0, 2}, 0, nullptr, out, 2) == Status::kInvalidArgument);
    CHECK(reduce<T>(kernels, kReduceAny, {1, 2, 1}, 0, out, out, 2) == Status::kInvalidArgument);
    CHECK(reduce<T>(kernels, kReduceMaximum, {0, 0, 2}, 0, nullptr, nullptr, 2) == Status::kOk);
    int64_t where = 7;
    CHECK(findExtreme<T>(kernels, true, {1, 0, 1}, nullptr, &where, 1) == Status::kInvalidArgument);
    CHECK(where == 7);
  });
}

TEST_CASE_TEMPLATE("a variance with a correction of the count and more is that over nothing", T, float, double) {
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    const T x[2] = {1, 2};
    T out = 0;
    reduce<T>(kernels, kReduceVariance, {1, 1, 1}, 1, x, &out, 1);
    CHECK(std::isnan(out));
    reduce<T>(kernels, kReduceVariance, {1, 2, 1}, 2, x, &out, 1);
    CHECK(std::isinf(out));
    reduce<T>(kernels, kReduceVariance, {1, 2, 1}, 3, x, &out, 1);
    CHECK(std::isinf(out));
  });
}

TEST_CASE_TEMPLATE("folds of rows read and write nothing around them", T, float, double) {
  constexpr int64_t kMost = 3 * 70 + 5;
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    GuardedBuffer<T> from(kMost);
    GuardedBuffer<T> kept(kMost);
    GuardedBuffer<T> to(20);
    for (int function = 0; function <= kFolds; function++) {
      const auto kernel = function == kFolds ? kernels.exponentialRows : kernels.foldRows[function];
      for (int64_t count = 1; count <= 70; count++) {
        for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
          const std::vector<T> values = numbers<T>(3 * count, 5);
          const std::span<const T> x = from.place(std::span<const T>(values), flush);
          const std::span<T> out = to.place(3, flush);
          const std::span<T> exponentials = kept.place(3 * count, flush);
          kernel(
              {x.data(), count, count, 3, nullptr, 0, function == kFolds ? exponentials.data() : nullptr, out.data()});
          CHECK(to.surroundingsUntouched());
          CHECK(kept.surroundingsUntouched());
          CHECK(!to.untouched(2));
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("folds of columns read and write nothing around them", T, float, double) {
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    GuardedBuffer<T> from(70 * 40);
    GuardedBuffer<T> chains(32 * 40);
    GuardedBuffer<T> to(40);
    for (int function = 0; function < kFolds; function++) {
      for (const int64_t rows : {1, 2, 31, 32, 33, 65, 70}) {
        for (int64_t width = 1; width <= 20; width++) {
          for (const int64_t pitch : {width, width + 7}) {
            const std::vector<T> values = numbers<T>((rows - 1) * pitch + width, 5);
            const std::span<const T> x = from.place(std::span<const T>(values), Flush::kEnd);
            const std::span<T> room = chains.place(32 * width, Flush::kEnd);
            const std::span<T> out = to.place(width, Flush::kEnd);
            kernels.foldColumns[function]({x.data(), pitch, rows, width, nullptr, room.data(), out.data()});
            CHECK(to.surroundingsUntouched());
            CHECK(chains.surroundingsUntouched());
          }
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("the place of the extreme element is the first one, NaN is both extremes", T, float, double) {
  for (const FoldShape& shape : kShapes) {
    for (const bool areSpecial : {false, true}) {
      std::vector<T> x = numbers<T>(shape.outer * shape.count * shape.inner, 21, areSpecial);
      if (!areSpecial) {
        for (T& value : x) value = std::round(value);  // so that many are equal
      }
      for (const bool isLargest : {true, false}) {
        std::vector<int64_t> expected;
        for (int64_t item = 0; item < shape.outer; item++) {
          for (int64_t c = 0; c < shape.inner; c++) {
            const std::vector<T> row = rowOf(x, shape, item, c);
            const T extreme = extremeOf(row, isLargest);
            int64_t at = 0;
            while (!(row[static_cast<size_t>(at)] == extreme || std::isnan(row[static_cast<size_t>(at)]))) at++;
            expected.push_back(at);
          }
        }
        forEachImplementation<T>([&](const Kernels<T>& kernels) {
          for (const int threads : {1, 2}) {
            std::vector<int64_t> out(expected.size());
            REQUIRE(findExtreme<T>(kernels, isLargest, shape, x.data(), out.data(), threads) == Status::kOk);
            CHECK(out == expected);
          }
        });
      }
    }
  }
}

TEST_CASE_TEMPLATE("integers: sums and products wrap, any and all, extremes", T, int32_t, int64_t, uint8_t) {
  for (const FoldShape& shape : kShapes) {
    Random random(9);
    std::vector<T> x(static_cast<size_t>(shape.outer * shape.count * shape.inner));
    for (T& value : x) value = random.oneIn(3) ? T{0} : static_cast<T>(random.bits());
    for (const int threads : {1, 2}) {
      const auto results = static_cast<size_t>(shape.outer * shape.inner);
      std::vector<int64_t> sums(results);
      std::vector<int64_t> products(results);
      std::vector<T> most(results);
      std::vector<T> least(results);
      std::vector<T> any(results);
      std::vector<T> all(results);
      std::vector<int64_t> where(results);
      reduceIntegers<T>(kReduceSum, shape, x.data(), sums.data(), threads);
      reduceIntegers<T>(kReduceProduct, shape, x.data(), products.data(), threads);
      reduceIntegers<T>(kReduceMaximum, shape, x.data(), most.data(), threads);
      reduceIntegers<T>(kReduceMinimum, shape, x.data(), least.data(), threads);
      if constexpr (sizeof(T) == 1) {
        reduceIntegers<T>(kReduceAny, shape, x.data(), any.data(), threads);
        reduceIntegers<T>(kReduceAll, shape, x.data(), all.data(), threads);
      }
      REQUIRE(findExtreme<T>(true, shape, x.data(), where.data(), threads) == Status::kOk);
      int64_t wrong = 0;
      for (size_t i = 0; i < results; i++) {
        const auto inner = static_cast<size_t>(shape.inner);
        const std::vector<T> row = rowOf(x, shape, static_cast<int64_t>(i / inner), static_cast<int64_t>(i % inner));
        uint64_t sum = 0;
        uint64_t product = 1;
        for (const T value : row) {
          sum += static_cast<uint64_t>(static_cast<int64_t>(value));
          product *= static_cast<uint64_t>(static_cast<int64_t>(value));
        }
        wrong += static_cast<uint64_t>(sums[i]) != sum || static_cast<uint64_t>(products[i]) != product;
        wrong += most[i] != *std::max_element(row.begin(), row.end());
        wrong += least[i] != *std::min_element(row.begin(), row.end());
        if constexpr (sizeof(T) == 1) {
          const auto isTrue = [](T value) { return value != 0; };
          wrong += (any[i] != 0) != std::any_of(row.begin(), row.end(), isTrue);
          wrong += (all[i] != 0) != std::all_of(row.begin(), row.end(), isTrue);
        }
        wrong += where[i] != std::max_element(row.begin(), row.end()) - row.begin();
      }
      CHECK(wrong == 0);
    }
  }
}

template <typename T>
std::vector<T> softmaxInOrder(const Kernels<T>& kernels, bool isLog, const std::vector<T>& row) {
  const T most = extremeOf(row, true);
  std::vector<T> exponentials;
  for (const T x : row) exponentials.push_back(x - most);
  const auto count = static_cast<int64_t>(row.size());
  kernels.unary[kExp]({exponentials.data(), exponentials.data(), count, 0, 0});
  T sum = sumInOrder(exponentials);
  std::vector<T> out;
  if (isLog) kernels.unary[kLog]({&sum, &sum, 1, 0, 0});
  for (size_t i = 0; i < row.size(); i++) {
    out.push_back(normalised(isLog ? (row[i] - most) - sum : exponentials[i] / sum));
  }
  return out;
}

TEST_CASE_TEMPLATE("softmax has the bits of the written order", T, float, double) {
  struct Case {
    int64_t rows;
    int64_t count;
    bool areSpecial;
  };
  for (const Case& c :
       {Case{1, 1, false}, Case{3, 7, false}, Case{17, 32, false}, Case{5, 33, true}, Case{40, 1000, false},
        Case{2, 4096, false}, Case{3, 10000, false}, Case{1, 300000, false}, Case{200, 5, true}}) {
    const std::vector<T> x = numbers<T>(c.rows * c.count, 31, c.areSpecial);
    for (const bool isLog : {false, true}) {
      forEachImplementation<T>([&](const Kernels<T>& kernels) {
        for (const int threads : {1, 2}) {
          std::vector<T> out(x.size());
          softmax<T>(kernels, isLog, c.rows, c.count, x.data(), out.data(), threads);
          int64_t wrong = 0;
          for (int64_t row = 0; row < c.rows; row++) {
            const auto begin = x.begin() + row * c.count;
            const std::vector<T> expected = softmaxInOrder(kernels, isLog, std::vector<T>(begin, begin + c.count));
            for (int64_t i = 0; i < c.count; i++) {
              wrong += !sameBits(out[static_cast<size_t>(row * c.count + i)], expected[static_cast<size_t>(i)]);
            }
          }
          INFO(c.rows << " x " << c.count << ", log " << isLog);
          CHECK(wrong == 0);
        }
      });
    }
  }
}

TEST_CASE_TEMPLATE("softmax is close to that of float64, and of infinities what torch makes of them", T, float,
                   double) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  const std::vector<T> x = numbers<T>(777, 17);
  long double most = *std::max_element(x.begin(), x.end());
  long double sum = 0;
  for (const T value : x) sum += std::exp(static_cast<long double>(value) - most);
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    std::vector<T> out(x.size());
    softmax<T>(kernels, false, 1, 777, x.data(), out.data(), 1);
    for (size_t i = 0; i < x.size(); i++) {
      const long double expected = std::exp(static_cast<long double>(x[i]) - most) / sum;
      // x - most is rounded, and its error goes into the exponent.
      const long double units = 8 + std::abs(static_cast<long double>(x[i]) - most);
      CHECK(std::abs(static_cast<long double>(out[i]) - expected) <=
            units * static_cast<long double>(std::numeric_limits<T>::epsilon()) * expected);
    }
    const T rows[4][3] = {{-kInfinity, -kInfinity, -kInfinity}, {1, kInfinity, 2}, {0, -kInfinity, 0}, {1, NAN, 2}};
    T results[4][3];
    softmax<T>(kernels, false, 4, 3, rows[0], results[0], 1);
    for (const int row : {0, 1, 3}) {
      for (const T result : results[row]) CHECK(std::isnan(result));
    }
    CHECK(results[2][0] == T{0.5});
    CHECK(results[2][1] == T{0});
  });
}

}  // namespace
}  // namespace conv1d::test
