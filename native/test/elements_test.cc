// Copies, comparisons, choices, conversions and integer functions, over every type of elements, against a loop over
// indices, on one thread and several.
#include <doctest.h>

#include <cstdint>
#include <limits>
#include <sstream>
#include <vector>

#include "core/pointwise/compare.h"
#include "core/pointwise/convert.h"
#include "core/pointwise/copy.h"
#include "core/pointwise/integers.h"
#include "test/random.h"

namespace conv1d::test {
namespace {

// A view that a test draws: its shape, and how far neighbours lie apart.
struct Drawn {
  std::vector<int64_t> shape;
  int64_t count = 1;

  explicit Drawn(Random& random, int turn) {
    const int64_t dimensions = random.between(0, 5);
    for (int64_t d = 0; d < dimensions; d++) shape.push_back(random.oneIn(4) ? 1 : random.between(2, 6));
    if (turn % 40 == 0) shape = {130, 7, 190};
    if (turn % 40 == 1) shape = {3, 90, 1, 701};
    for (const int64_t size : shape) count *= size;
  }

  // The dimensions in any order, some repeated, some mirrored.
  std::vector<int64_t> strides(Random& random, bool repeats, bool mirrors) const {
    std::vector<size_t> order(shape.size());
    for (size_t d = 0; d < order.size(); d++) order[d] = d;
    for (size_t d = order.size(); d-- > 1;) {
      std::swap(order[d], order[static_cast<size_t>(random.between(0, static_cast<int64_t>(d)))]);
    }
    std::vector<int64_t> steps(shape.size());
    int64_t step = 1;
    for (const size_t d : order) {
      steps[d] = repeats && random.oneIn(5) ? 0 : step;
      if (steps[d] != 0) step *= shape[d];
      if (random.oneIn(5)) step += 1;
      if (mirrors && random.oneIn(5)) steps[d] = -steps[d];
    }
    return steps;
  }

  int64_t position(int64_t element, const std::vector<int64_t>& steps) const {
    int64_t at = 0;
    for (size_t d = shape.size(); d-- > 0;) {
      at += element % shape[d] * steps[d];
      element /= shape[d];
    }
    return at;
  }

  // From the first element in memory to that of index 0.
  int64_t offset(const std::vector<int64_t>& steps) const {
    int64_t before = 0;
    for (size_t d = 0; d < shape.size(); d++) before += steps[d] < 0 ? -steps[d] * (shape[d] - 1) : 0;
    return before;
  }

  int64_t reach(const std::vector<int64_t>& steps) const {
    int64_t all = 1;
    for (size_t d = 0; d < shape.size(); d++) all += (steps[d] < 0 ? -steps[d] : steps[d]) * (shape[d] - 1);
    return all;
  }
};

template <typename T>
std::vector<T> values(int64_t count, int64_t factor) {
  std::vector<T> all;
  for (int64_t i = 0; i < count; i++) all.push_back(static_cast<T>(i * factor % 101));
  return all;
}

TEST_CASE_TEMPLATE("copies between any two views", T, uint8_t, uint32_t, uint64_t) {
  Random random(3);
  for (int turn = 0; turn < 240; turn++) {
    const Drawn drawn(random, turn);
    const std::vector<int64_t> from = drawn.strides(random, true, true);
    const std::vector<int64_t> to = drawn.strides(random, false, false);
    const std::vector<T> x = values<T>(drawn.reach(from), 7);
    for (const int threads : {1, 3}) {
      std::vector<T> out(static_cast<size_t>(drawn.reach(to)), T{255});
      std::vector<T> expected = out;
      for (int64_t i = 0; i < drawn.count; i++) {
        expected[static_cast<size_t>(drawn.position(i, to))] =
            x[static_cast<size_t>(drawn.offset(from) + drawn.position(i, from))];
      }
      copyView<T>(drawn.shape, {x.data() + drawn.offset(from), from}, {out.data(), to}, threads);
      CAPTURE(turn);
      CHECK(out == expected);
    }
  }
}

TEST_CASE_TEMPLATE("comparisons and choices", T, float, double, int64_t, int32_t, uint8_t) {
  Random random(4);
  for (int turn = 0; turn < 120; turn++) {
    const Drawn drawn(random, turn);
    const std::vector<int64_t> left = drawn.strides(random, true, false);
    const std::vector<int64_t> right = drawn.strides(random, true, false);
    std::vector<T> x = values<T>(drawn.reach(left), 7);
    const std::vector<T> y = values<T>(drawn.reach(right), 5);
    if constexpr (std::numeric_limits<T>::has_quiet_NaN) x[0] = std::numeric_limits<T>::quiet_NaN();
    const std::vector<uint8_t> condition = values<uint8_t>(drawn.reach(left), 3);
    for (const int threads : {1, 3}) {
      for (int comparison = 0; comparison < kComparisons; comparison++) {
        std::vector<uint8_t> out(static_cast<size_t>(drawn.count), 7);
        compare<T>(static_cast<Comparison>(comparison), drawn.shape, {x.data(), left}, {y.data(), right}, out.data(),
                   threads);
        int64_t wrong = 0;
        for (int64_t i = 0; i < drawn.count; i++) {
          const T a = x[static_cast<size_t>(drawn.position(i, left))];
          const T b = y[static_cast<size_t>(drawn.position(i, right))];
          const bool holds[] = {a == b, a != b, a<b, a <= b, a> b, a >= b};
          wrong += out[static_cast<size_t>(i)] != (holds[comparison] ? 1 : 0) ? 1 : 0;
        }
        CHECK(wrong == 0);
      }
      std::vector<T> out(static_cast<size_t>(drawn.count));
      choose<T>(drawn.shape, {condition.data(), left}, {y.data(), right}, {y.data(), right}, out.data(), threads);
      std::vector<T> other(static_cast<size_t>(drawn.count));
      const std::vector<int64_t> all(drawn.shape.size(), 0);
      const T one{1};
      choose<T>(drawn.shape, {condition.data(), left}, {&one, all}, {y.data(), right}, other.data(), threads);
      int64_t wrong = 0;
      for (int64_t i = 0; i < drawn.count; i++) {
        const T b = y[static_cast<size_t>(drawn.position(i, right))];
        const bool isFirst = condition[static_cast<size_t>(drawn.position(i, left))] != 0;
        wrong += out[static_cast<size_t>(i)] != b ? 1 : 0;
        wrong += other[static_cast<size_t>(i)] != (isFirst ? one : b) ? 1 : 0;
      }
      CHECK(wrong == 0);
    }
  }
}

template <typename In, typename Out>
Out convertedOne(In value) {
  Out out{};
  convert<In, Out>(&value, &out, 1, 1);
  return out;
}

TEST_CASE("conversions") {
  constexpr auto kNan = std::numeric_limits<float>::quiet_NaN();
  constexpr auto kInfinity = std::numeric_limits<double>::infinity();
  constexpr auto kLeast64 = std::numeric_limits<int64_t>::min();
  constexpr auto kLeast32 = std::numeric_limits<int32_t>::min();
  CHECK(convertedOne<float, int64_t>(-2.75f) == -2);
  CHECK(convertedOne<float, int64_t>(kNan) == kLeast64);
  CHECK(convertedOne<double, int64_t>(kInfinity) == kLeast64);
  CHECK(convertedOne<double, int64_t>(9223372036854774784.0) == 9223372036854774784);
  CHECK(convertedOne<double, int64_t>(9223372036854775808.0) == kLeast64);
  CHECK(convertedOne<double, int32_t>(2147483647.5) == 2147483647);
  CHECK(convertedOne<double, int32_t>(2147483648.0) == kLeast32);
  CHECK(convertedOne<float, int32_t>(-2147483648.0f) == kLeast32);
  CHECK(convertedOne<float, uint8_t>(0.25f) == 1);
  CHECK(convertedOne<float, uint8_t>(kNan) == 1);
  CHECK(convertedOne<double, uint8_t>(-0.0) == 0);
  CHECK(convertedOne<int64_t, int32_t>((int64_t{1} << 32) + 5) == 5);
  CHECK(convertedOne<int64_t, uint8_t>(256) == 1);
  CHECK(convertedOne<uint8_t, float>(200) == 1.0f);
  CHECK(convertedOne<uint8_t, uint8_t>(200) == 1);
  CHECK(convertedOne<int64_t, float>(16777217) == 16777216.0f);
  CHECK(convertedOne<double, float>(1e300) == std::numeric_limits<float>::infinity());
  const float notANumber = convertedOne<double, float>(-std::numeric_limits<double>::quiet_NaN());
  CHECK(notANumber != notANumber);

  const std::vector<float> many = values<float>(200'001, 3);
  std::vector<int64_t> out(many.size());
  convert<float, int64_t>(many.data(), out.data(), static_cast<int64_t>(many.size()), 2);
  CHECK(out == values<int64_t>(200'001, 3));
}

template <typename T>
T integer(BinaryFunction function, T x, T y) {
  T out{};
  applyInteger<T>(function, {}, {&x, {}}, {&y, {}}, &out, 1);
  return out;
}

TEST_CASE("functions of integers wrap around") {
  constexpr auto kMost = std::numeric_limits<int64_t>::max();
  constexpr auto kLeast = std::numeric_limits<int64_t>::min();
  CHECK(integer<int64_t>(kAdd, kMost, 1) == kLeast);
  CHECK(integer<int64_t>(kSub, kLeast, 1) == kMost);
  CHECK(integer<int64_t>(kMul, int64_t{1} << 62, 4) == 0);
  CHECK(integer<int32_t>(kMul, 65536, 65536) == 0);
  CHECK(integer<int32_t>(kMinimum, -3, 2) == -3);
  CHECK(integer<int32_t>(kMaximum, -3, 2) == 2);
  CHECK(integer<int64_t>(kPow, 3, 4) == 81);
  CHECK(integer<int64_t>(kPow, -2, 63) == kLeast);
  CHECK(integer<int64_t>(kPow, 2, 64) == 0);
  CHECK(integer<int64_t>(kPow, 7, 0) == 1);
  CHECK(integer<int32_t>(kPow, -1, -3) == -1);
  CHECK(integer<int32_t>(kPow, 1, -3) == 1);
  CHECK(integer<int32_t>(kPow, 5, -1) == 0);
  CHECK(integer<uint8_t>(kAdd, 1, 1) == 1);
  CHECK(integer<uint8_t>(kAdd, 0, 0) == 0);
  CHECK(integer<uint8_t>(kMul, 1, 0) == 0);
  CHECK(integer<uint8_t>(kMul, 1, 1) == 1);
  CHECK_FALSE(hasIntegerFunction<uint8_t>(kSub));
  CHECK_FALSE(hasIntegerFunction<int64_t>(kDiv));
  CHECK(hasIntegerFunction<int32_t>(kSub));
}

TEST_CASE_TEMPLATE("functions of integers over views", T, int64_t, int32_t) {
  Random random(9);
  for (int turn = 0; turn < 80; turn++) {
    const Drawn drawn(random, turn);
    const std::vector<int64_t> left = drawn.strides(random, true, false);
    const std::vector<int64_t> right = drawn.strides(random, true, false);
    const std::vector<T> x = values<T>(drawn.reach(left), 7);
    const std::vector<T> y = values<T>(drawn.reach(right), 5);
    for (const int threads : {1, 3}) {
      std::vector<T> out(static_cast<size_t>(drawn.count));
      applyInteger<T>(kSub, drawn.shape, {x.data(), left}, {y.data(), right}, out.data(), threads);
      int64_t wrong = 0;
      for (int64_t i = 0; i < drawn.count; i++) {
        const T a = x[static_cast<size_t>(drawn.position(i, left))];
        const T b = y[static_cast<size_t>(drawn.position(i, right))];
        wrong += out[static_cast<size_t>(i)] != a - b ? 1 : 0;
      }
      CHECK(wrong == 0);
    }
  }
}

}  // namespace
}  // namespace conv1d::test
