// Pooling against windows one element at a time, in the order that pool.h promises, bit for bit: every implementation,
// one thread and two, between guard pages, with NaN, infinities and both zeros among the numbers.
#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/pool/pool.h"
#include "test/bits.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/random.h"

namespace conv1d::test {
namespace {

template <typename T>
std::vector<T> drawNumbers(Random& random, int64_t count) {
  std::vector<T> values(static_cast<size_t>(count));
  const bool isSpecial = random.oneIn(3);
  for (T& value : values) value = isSpecial && random.oneIn(10) ? random.special<T>() : random.real<T>();
  return values;
}

// Elements a, a + step, ... below b, in ascending order.
template <typename T>
struct Taken {
  std::vector<T> values;
  std::vector<int64_t> places;

  Taken(const T* row, int64_t length, int64_t start, int64_t taps, int64_t step) {
    for (int64_t k = 0; k < taps; k++) {
      const int64_t at = start + k * step;
      if (at < 0 || at >= length) continue;
      values.push_back(row[at]);
      places.push_back(at);
    }
  }

  T largest(int64_t* place) const {
    T result = -std::numeric_limits<T>::infinity();
    *place = places.empty() ? 0 : places.front();
    for (size_t i = 0; i < values.size(); i++) {
      if (!(values[i] > result || std::isnan(values[i]))) continue;
      result = values[i];
      *place = places[i];
    }
    for (const T value : values) {
      if (std::isnan(value)) result = value;
    }
    return normalised(result);
  }

  T sum() const {
    if (values.size() <= 64) return chain(0, values.size(), 1);
    std::vector<T> blocks;
    for (size_t at = 0; at < values.size(); at += 4096) {
      const size_t behind = std::min(values.size(), at + 4096);
      std::vector<T> chains;
      for (size_t i = 0; i < 32; i++) chains.push_back(chain(at + i, behind, 32));
      for (size_t width = 16; width > 0; width /= 2) {
        for (size_t i = 0; i < width; i++) chains[i] += chains[i + width];
      }
      blocks.push_back(chains[0]);
    }
    return tree(blocks, 0, blocks.size());
  }

 private:
  T chain(size_t at, size_t behind, size_t step) const {
    T sum = 0;
    for (; at < behind; at += step) sum += values[at];
    return sum;
  }
  // The left side is the largest power of two that leaves something on the right.
  T tree(const std::vector<T>& blocks, size_t begin, size_t end) const {
    if (end - begin == 1) return blocks[begin];
    size_t left = 1;
    while (2 * left < end - begin) left *= 2;
    return tree(blocks, begin, begin + left) + tree(blocks, begin + left, end);
  }
};

template <typename T>
void checkPool(const PoolShape& shape, const std::vector<T>& x) {
  INFO("rows " << shape.rows << " length " << shape.length << " kernel " << shape.kernelSize << " stride "
               << shape.stride << " padding " << shape.padding << " dilation " << shape.dilation << " out "
               << shape.outLength);
  const int64_t outputs = shape.rows * shape.outLength;
  std::vector<T> largest;
  std::vector<int64_t> places;
  std::vector<T> means[2];
  for (int64_t i = 0; i < outputs; i++) {
    const T* const row = x.data() + i / shape.outLength * shape.length;
    const int64_t start = i % shape.outLength * shape.stride - shape.padding;
    const Taken<T> taken(row, shape.length, start, shape.kernelSize, shape.dilation);
    int64_t place = 0;
    largest.push_back(taken.largest(&place));
    places.push_back(taken.values.empty() ? -1 : place);
    const int64_t padded = std::min(start + shape.kernelSize, shape.length + shape.padding) - start;
    const auto inside = static_cast<T>(taken.values.size());
    means[0].push_back(taken.values.empty() ? T{0} : normalised(taken.sum() / inside));
    means[1].push_back(taken.values.empty() ? T{0} : normalised(taken.sum() / static_cast<T>(padded)));
  }
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    for (const int threads : {1, 2}) {
      for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
        GuardedBuffer<T> from(static_cast<int64_t>(x.size()));
        GuardedBuffer<T> to(outputs);
        const std::span<const T> in = from.place(std::span<const T>(x), flush);
        const std::span<T> out = to.place(outputs, flush);
        std::vector<int64_t> indices(static_cast<size_t>(outputs));
        REQUIRE(maxPool<T>(kernels, shape, in.data(), out.data(), indices.data(), threads) == Status::kOk);
        int64_t wrong = 0;
        for (size_t i = 0; i < out.size(); i++) {
          wrong += sameBits(out[i], largest[i]) ? 0 : 1;
          wrong += places[i] == -1 || indices[i] == places[i] ? 0 : 1;
        }
        CHECK(wrong == 0);
        CHECK(to.surroundingsUntouched());
        if (shape.dilation != 1) continue;
        for (const bool countsPadding : {false, true}) {
          to.place(outputs, flush);
          REQUIRE(avgPool<T>(kernels, shape, countsPadding, in.data(), out.data(), threads) == Status::kOk);
          for (size_t i = 0; i < out.size(); i++) wrong += sameBits(out[i], means[countsPadding ? 1 : 0][i]) ? 0 : 1;
          CHECK(wrong == 0);
          CHECK(to.surroundingsUntouched());
        }
      }
    }
  });
}

int64_t outLengthOf(const PoolShape& shape, bool ceils) {
  const int64_t room = shape.length + 2 * shape.padding - shape.dilation * (shape.kernelSize - 1) - 1;
  if (room < 0) return 0;
  int64_t count = (room + (ceils ? shape.stride - 1 : 0)) / shape.stride + 1;
  if (ceils && (count - 1) * shape.stride >= shape.length + shape.padding) count--;
  return count;
}

TEST_CASE_TEMPLATE("windows of all sorts", T, float, double) {
  Random random(17);
#ifdef CONV1D_SLOW_MACHINE
  constexpr int kCases = 40;
#else
  constexpr int kCases = 400;
#endif
  for (int i = 0; i < kCases; i++) {
    PoolShape shape = {};
    shape.rows = random.between(1, 4);
    shape.length = random.between(1, i % 8 == 0 ? 700 : 60);
    shape.kernelSize = random.between(1, i % 5 == 0 ? 130 : 7);
    shape.stride = random.oneIn(2) ? 1 : random.between(1, 12);
    shape.padding = random.between(0, shape.kernelSize / 2);
    shape.dilation = random.oneIn(2) ? 1 : random.between(1, 4);
    shape.outLength = outLengthOf(shape, random.oneIn(2));
    checkPool<T>(shape, drawNumbers<T>(random, shape.rows * shape.length));
  }
}

TEST_CASE_TEMPLATE("windows that networks have, and extremes", T, float, double) {
  const PoolShape shapes[] = {
      {24, 1000, 3, 1, 1, 1, 1000},   {3, 9000, 3, 2, 1, 1, 4500},     {3, 9000, 2, 2, 0, 1, 4500},
      {1, 20000, 20000, 1, 0, 1, 1},  {2, 50000, 8193, 8192, 0, 1, 6}, {2, 5000, 65, 1, 32, 1, 5000},
      {2, 5000, 64, 1, 32, 1, 5001},  {2, 9000, 5, 1000, 2, 3, 9},     {2, 9000, 5, 1, 2, 2000, 1004},
      {2, 9000, 3, 2, 1, 3000, 1501}, {400, 7, 2, 2, 0, 1, 3},         {400, 8, 2, 2, 0, 1, 4},
      {1, 300000, 4, 4, 0, 1, 75000}, {2, 4, 3, 1, 1, 1, 50},          {1, 0, 3, 1, 1, 1, 0},
      {0, 5, 3, 1, 1, 1, 5},          {5, 1, 1, 1, 0, 1, 1},           {1, 5000, 64, 70, 0, 1, 71},
      {1, 12289, 12289, 1, 0, 1, 1},  {1, 4097, 4097, 1, 0, 1, 1},
  };
  Random random(5);
  for (const PoolShape& shape : shapes) checkPool<T>(shape, drawNumbers<T>(random, shape.rows * shape.length));
}

TEST_CASE_TEMPLATE("adaptive windows cover their rows", T, float, double) {
  Random random(23);
  const AdaptiveShape shapes[] = {{3, 1000, 1}, {3, 1000, 7},  {2, 1000, 10}, {4, 7, 7},      {4, 5, 9},  {2, 1, 3},
                                  {1, 9000, 2}, {2, 300, 299}, {2, 10000, 3}, {1, 100000, 1}, {3, 10, 0}, {0, 4, 2}};
  for (const AdaptiveShape& shape : shapes) {
    INFO(shape.rows << ' ' << shape.length << " -> " << shape.outLength);
    const std::vector<T> x = drawNumbers<T>(random, shape.rows * shape.length);
    const int64_t outputs = shape.rows * shape.outLength;
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      for (const int threads : {1, 2}) {
        GuardedBuffer<T> from(static_cast<int64_t>(x.size()));
        GuardedBuffer<T> to(outputs);
        const std::span<const T> in = from.place(std::span<const T>(x), Flush::kEnd);
        const std::span<T> largest = to.place(outputs, Flush::kEnd);
        std::vector<T> means(static_cast<size_t>(outputs));
        std::vector<int64_t> indices(static_cast<size_t>(outputs));
        REQUIRE(adaptiveMaxPool<T>(kernels, shape, in.data(), largest.data(), indices.data(), threads) == Status::kOk);
        REQUIRE(adaptiveAvgPool<T>(kernels, shape, in.data(), means.data(), threads) == Status::kOk);
        CHECK(to.surroundingsUntouched());
        int64_t wrong = 0;
        for (int64_t i = 0; i < outputs; i++) {
          const int64_t column = i % shape.outLength;
          const int64_t first = column * shape.length / shape.outLength;
          const int64_t behind = ((column + 1) * shape.length + shape.outLength - 1) / shape.outLength;
          const Taken<T> taken(x.data() + i / shape.outLength * shape.length, shape.length, first, behind - first, 1);
          int64_t place = 0;
          const auto at = static_cast<size_t>(i);
          wrong += sameBits(largest[at], taken.largest(&place)) ? 0 : 1;
          wrong += indices[at] == place ? 0 : 1;
          wrong += sameBits(means[at], normalised(taken.sum() / static_cast<T>(behind - first))) ? 0 : 1;
        }
        CHECK(wrong == 0);
      }
    });
  }
}

TEST_CASE("the mean of a long window has few roundings") {
  Random random(2);
  std::vector<float> x;
  long double exact = 0;
  for (int i = 0; i < 1000000; i++) {
    x.push_back(std::abs(random.real<float>()));
    exact += static_cast<long double>(x.back());
  }
  forEachImplementation<float>([&](const Kernels<float>& kernels) {
    float mean = 0;
    REQUIRE(adaptiveAvgPool<float>(kernels, {1, 1000000, 1}, x.data(), &mean, 1) == Status::kOk);
    const auto expected = static_cast<double>(exact / 1000000);
    CHECK(std::abs(static_cast<double>(mean) - expected) <= 1e-6 * expected);
  });
}

TEST_CASE("shapes that are none are refused") {
  constexpr int64_t kHuge = int64_t{1} << 53;
  const Kernels<float>& kernels = kernelsFor<float>(activeKernels());
  const float x[1] = {1};
  float out[1];
  const PoolShape invalid[] = {{1, 1, 0, 1, 0, 1, 1},  {1, 1, 1, 0, 0, 1, 1},  {1, 1, 1, 1, 1, 1, 1},
                               {1, 1, 1, 1, -1, 1, 1}, {1, -1, 1, 1, 0, 1, 1}, {1, 1, 1, 1, 0, 0, 1}};
  for (const PoolShape& shape : invalid) {
    CHECK(maxPool<float>(kernels, shape, x, out, nullptr, 1) == Status::kInvalidArgument);
  }
  CHECK(maxPool<float>(kernels, {1, 1, kHuge, 1, 0, kHuge, 1}, x, out, nullptr, 1) == Status::kOverflow);
  CHECK(maxPool<float>(kernels, {1, 1, 1, kHuge, 0, 1, kHuge}, x, out, nullptr, 1) == Status::kOverflow);
  CHECK(adaptiveAvgPool<float>(kernels, {1, kHuge + 1, kHuge}, x, out, 1) == Status::kOverflow);
  CHECK(adaptiveAvgPool<float>(kernels, {1, 0, 1}, x, out, 1) == Status::kInvalidArgument);
  // A kernel that is much larger than its row takes no longer than the row.
  CHECK(maxPool<float>(kernels, {1, 1, kHuge, 1, kHuge / 2, 1, 1}, x, out, nullptr, 1) == Status::kOk);
  CHECK(out[0] == 1);
}

}  // namespace
}  // namespace conv1d::test
