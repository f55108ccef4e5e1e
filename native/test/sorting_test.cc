// Running sums, sorting and indexing against loops that are written to be read, on one thread and two.
#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <type_traits>
#include <vector>

#include "core/indexing/indexing.h"
#include "core/sorting/cumsum.h"
#include "core/sorting/sort.h"
#include "test/bits.h"
#include "test/random.h"

namespace conv1d::test {
namespace {

template <typename T>
std::vector<T> numbers(Random& random, int64_t count, bool areSpecial) {
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) {
    if constexpr (std::is_floating_point_v<T>) {
      value = areSpecial ? random.special<T>() : random.real<T>();
    } else {
      value = static_cast<T>(areSpecial ? random.between(-3, 3) : static_cast<int64_t>(random.bits()));
    }
  }
  return values;
}

template <typename T>
bool sameElement(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    return sameBits(a, b);
  } else {
    return a == b;
  }
}

TEST_CASE_TEMPLATE("running sums go on where they were left", T, float, double) {
  constexpr int64_t kOuter = 3, kCount = 50, kInner = 7;
  Random random(4);
  const std::vector<T> x = numbers<T>(random, kOuter * kCount * kInner, false);
  std::vector<T> whole(x.size());
  cumsum<T>(kOuter, kCount, kInner, x.data(), whole.data(), 1);
  for (const int64_t first : {0, 1, 20, 50}) {
    std::vector<std::byte> sums(kOuter * kInner * sizeof(double) + 1);
    std::byte* const carried = sums.data() + 1;  // at any address
    int64_t wrong = 0;
    for (const int64_t begin : {int64_t{0}, first}) {
      const int64_t count = begin == 0 ? first : kCount - first;
      if (begin == 0 && first == 0) continue;
      std::vector<T> part;
      for (int64_t o = 0; o < kOuter; o++) {
        const auto from = x.begin() + (o * kCount + begin) * kInner;
        part.insert(part.end(), from, from + count * kInner);
      }
      std::vector<T> out(part.size());
      cumsum<T>(kOuter, count, kInner, part.data(), out.data(), 2, {begin == 0 ? nullptr : carried, carried});
      for (int64_t o = 0; o < kOuter; o++) {
        for (int64_t i = 0; i < count * kInner; i++) {
          wrong += !sameBits(out[static_cast<size_t>(o * count * kInner + i)],
                             whole[static_cast<size_t>((o * kCount + begin) * kInner + i)]);
        }
      }
    }
    if (first > 0) CHECK(wrong == 0);
  }
}

TEST_CASE_TEMPLATE("running sums are one chain, in float64 or in 64 bits that wrap", T, float, double, int32_t, int64_t,
                   uint8_t) {
  struct Case {
    int64_t outer;
    int64_t count;
    int64_t inner;
  };
  Random random(3);
  for (const Case& c : {Case{1, 1, 1}, Case{7, 100, 1}, Case{3, 50, 9}, Case{1, 200, 700}, Case{9, 20000, 1},
                        Case{0, 5, 1}, Case{2, 0, 3}}) {
    for (const bool areSpecial : {false, true}) {
      const std::vector<T> x = numbers<T>(random, c.outer * c.count * c.inner, areSpecial);
      for (const int threads : {1, 2}) {
        std::vector<RunningSum<T>> out(x.size());
        cumsum<T>(c.outer, c.count, c.inner, x.data(), out.data(), threads);
        int64_t wrong = 0;
        for (int64_t row = 0; row < c.outer * c.inner; row++) {
          std::conditional_t<std::is_floating_point_v<T>, double, uint64_t> sum = 0;
          for (int64_t i = 0; i < c.count; i++) {
            const auto at = static_cast<size_t>((row / c.inner * c.count + i) * c.inner + row % c.inner);
            if constexpr (std::is_floating_point_v<T>) {
              sum += static_cast<double>(x[at]);
              wrong += !sameBits(out[at], normalised(static_cast<T>(sum)));
            } else {
              sum += static_cast<uint64_t>(static_cast<int64_t>(x[at]));
              wrong += out[at] != static_cast<int64_t>(sum);
            }
          }
        }
        CHECK(wrong == 0);
      }
    }
  }
}

// NaN is larger than all else.
template <typename T>
bool isBefore(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return !std::isnan(a);
  }
  return a < b;
}

TEST_CASE_TEMPLATE("sorting is stable, NaN is the largest, and topk is its beginning", T, float, double, int32_t,
                   int64_t, uint8_t) {
  Random random(4);
  for (const int64_t count : {1, 2, 30, 64, 127, 128, 129, 5000}) {
    for (const bool areSpecial : {false, true}) {
      const int64_t rows = count < 100 ? 40 : 3;
      const std::vector<T> x = numbers<T>(random, rows * count, areSpecial);
      for (const bool isDescending : {false, true}) {
        std::vector<int64_t> expected;
        for (int64_t row = 0; row < rows; row++) {
          std::vector<int64_t> order(static_cast<size_t>(count));
          std::iota(order.begin(), order.end(), 0);
          std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
            const T left = x[static_cast<size_t>(row * count + a)];
            const T right = x[static_cast<size_t>(row * count + b)];
            if (left != left && right != right) return false;
            return isDescending ? isBefore(right, left) : isBefore(left, right);
          });
          expected.insert(expected.end(), order.begin(), order.end());
        }
        for (const int threads : {1, 2}) {
          std::vector<T> values(x.size());
          std::vector<int64_t> indices(x.size());
          REQUIRE(sort<T>(isDescending, rows, count, x.data(), values.data(), indices.data(), threads) == Status::kOk);
          CHECK(indices == expected);
          int64_t wrong = 0;
          for (size_t i = 0; i < x.size(); i++) {
            const auto from = static_cast<size_t>(static_cast<int64_t>(i) / count * count + indices[i]);
            wrong += !sameElement(values[i], x[from]);
          }
          CHECK(wrong == 0);
          for (const int64_t k : {int64_t{1}, (count + 1) / 2, count}) {
            std::vector<T> best(static_cast<size_t>(rows * k));
            std::vector<int64_t> places(static_cast<size_t>(rows * k));
            REQUIRE(topk<T>(k, isDescending, rows, count, x.data(), best.data(), places.data(), threads) ==
                    Status::kOk);
            int64_t different = 0;
            for (int64_t i = 0; i < rows * k; i++) {
              const auto at = static_cast<size_t>(i / k * count + i % k);
              different += places[static_cast<size_t>(i)] != expected[at];
              different += !sameElement(best[static_cast<size_t>(i)], values[at]);
            }
            CHECK(different == 0);
          }
        }
      }
    }
  }
}

TEST_CASE("sorting refuses what it cannot do, and sorts nothing") {
  int64_t indices = 5;
  float value = 3;
  CHECK(topk<float>(2, true, 1, 1, &value, &value, &indices, 1) == Status::kInvalidArgument);
  CHECK(sort<float>(false, 1, kMaxSorted + 1, nullptr, nullptr, nullptr, 1) == Status::kOverflow);
  CHECK(sort<float>(false, 3, 0, nullptr, nullptr, nullptr, 1) == Status::kOk);
  CHECK(topk<float>(0, true, 3, 4, &value, nullptr, nullptr, 1) == Status::kOk);
  CHECK(indices == 5);
}

TEST_CASE_TEMPLATE("rows and elements by their index", Index, int32_t, int64_t) {
  Random random(6);
  for (const int64_t width : {1, 3, 8, 1000}) {
    const std::vector<float> x = numbers<float>(random, 50 * width, false);
    std::vector<Index> indices(700);
    for (Index& index : indices) index = static_cast<Index>(random.between(0, 49));
    const Indices all{indices.data(), 700, sizeof(Index) == 8};
    CHECK(findOutside(all, 50) == -1);
    for (const int threads : {1, 2}) {
      std::vector<float> out(static_cast<size_t>(700 * width));
      takeRows(50, static_cast<size_t>(width) * sizeof(float), x.data(), all, out.data(), threads);
      int64_t wrong = 0;
      for (size_t i = 0; i < out.size(); i++) {
        const auto row = static_cast<size_t>(indices[i / static_cast<size_t>(width)]);
        wrong += out[i] != x[row * static_cast<size_t>(width) + i % static_cast<size_t>(width)];
      }
      CHECK(wrong == 0);
    }
    indices[600] = 50;
    CHECK(findOutside(all, 50) == 600);
    indices[300] = -1;
    CHECK(findOutside(all, 50) == 300);
  }
}

TEST_CASE_TEMPLATE("gathering along a dimension", Element, uint8_t, int32_t, double) {
  Random random(7);
  for (const GatherShape& shape : {GatherShape{1, 5, 1, 3}, GatherShape{4, 7, 5, 9}, GatherShape{3, 40, 700, 20},
                                   GatherShape{30000, 3, 1, 7}, GatherShape{2, 1, 4, 1}}) {
    const std::vector<Element> x = numbers<Element>(random, shape.outer * shape.count * shape.inner, false);
    std::vector<int64_t> indices(static_cast<size_t>(shape.outer * shape.outCount * shape.inner));
    for (int64_t& index : indices) index = random.between(0, shape.count - 1);
    for (const int threads : {1, 2}) {
      std::vector<Element> out(indices.size());
      gatherAlong(shape, sizeof(Element), x.data(), {indices.data(), static_cast<int64_t>(indices.size()), true},
                  out.data(), threads);
      int64_t wrong = 0;
      for (size_t i = 0; i < out.size(); i++) {
        const auto at = static_cast<int64_t>(i);
        const int64_t item = at / (shape.outCount * shape.inner);
        wrong += out[i] != x[static_cast<size_t>((item * shape.count + indices[i]) * shape.inner + at % shape.inner)];
      }
      CHECK(wrong == 0);
    }
  }
}

TEST_CASE("an index that somebody changed after the check stays inside") {
  const int64_t indices[3] = {1, -5, 1000};
  const double x[2] = {10, 20};
  double out[3] = {};
  takeRows(2, sizeof(double), x, {indices, 3, true}, out, 1);
  CHECK(out[0] == 20);
  CHECK(out[1] == 10);
  CHECK(out[2] == 10);
  gatherAlong({1, 2, 1, 3}, sizeof(double), x, {indices, 3, true}, out, 1);
  CHECK(out[2] == 10);
}

}  // namespace
}  // namespace conv1d::test
