// The loops of element-wise functions: every function at every count, between guard pages, with the same bits on every
// implementation; broadcasting against a loop over indices, on one thread and several.
#include <doctest.h>

#include <cstdint>
#include <cstring>
#include <sstream>
#include <vector>

#include "core/pointwise/pointwise.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/random.h"

namespace conv1d::test {
namespace {

template <typename T>
bool sameBits(std::span<const T> a, std::span<const T> b) {
  return a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

template <typename T>
std::vector<T> numbers(int64_t count) {
  std::vector<T> values;
  for (int64_t i = 0; i < count; i++) values.push_back(static_cast<T>(i * 7919 % 200 - 100) * T{0.0625});
  return values;
}

TEST_CASE_TEMPLATE("functions of one element, at every count", T, float, double) {
  for (int function = 0; function < kUnaryFunctions; function++) {
    for (int64_t count = 0; count <= 2 * kMaxLanes + 1; count++) {
      std::vector<T> first;
      forEachImplementation<T>([&](const Kernels<T>& kernels) {
        for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
          GuardedBuffer<T> from(2 * kMaxLanes + 1);
          GuardedBuffer<T> to(2 * kMaxLanes + 1);
          const std::span<const T> x = from.place(std::span<const T>(numbers<T>(count)), flush);
          const std::span<T> out = to.place(count, flush);
          kernels.unary[function]({x.data(), out.data(), count, T{0.5}, T{2}});
          CHECK(to.surroundingsUntouched());
          if (first.empty()) first.assign(out.begin(), out.end());
          CAPTURE(function);
          CAPTURE(count);
          CHECK(sameBits<T>(out, first));
          std::vector<T> inPlace(x.begin(), x.end());
          kernels.unary[function]({inPlace.data(), inPlace.data(), count, T{0.5}, T{2}});
          CHECK(sameBits<T>(inPlace, first));
        }
      });
    }
  }
}

TEST_CASE_TEMPLATE("functions of two elements, at every count, with sides that repeat", T, float, double) {
  for (int function = 0; function < kBinaryFunctions; function++) {
    for (int64_t count = 1; count <= 2 * kMaxLanes + 1; count++) {
      for (const int sides : {0, 1, 2, 3}) {
        const bool repeatsX = (sides & 1) != 0;
        const bool repeatsY = (sides & 2) != 0;
        std::vector<T> first;
        forEachImplementation<T>([&](const Kernels<T>& kernels) {
          GuardedBuffer<T> left(2 * kMaxLanes + 1);
          GuardedBuffer<T> right(2 * kMaxLanes + 1);
          GuardedBuffer<T> to(2 * kMaxLanes + 1);
          const std::vector<T> all = numbers<T>(2 * count + 1);
          const std::span<const T> values(all);
          const std::span<const T> x = left.place(values.subspan(0, repeatsX ? 1 : count), Flush::kEnd);
          const std::span<const T> y = right.place(values.subspan(count, repeatsY ? 1 : count), Flush::kEnd);
          const std::span<T> out = to.place(count, Flush::kEnd);
          kernels.binary[function]({x.data(), y.data(), out.data(), count, repeatsX, repeatsY});
          CHECK(to.surroundingsUntouched());
          if (first.empty()) first.assign(out.begin(), out.end());
          CHECK(sameBits<T>(out, first));
        });
      }
    }
  }
}

// Strides of an input that is broadcast to a shape and lies with gaps; the last dimension longer than 1 has 0 or 1.
std::vector<int64_t> drawStrides(Random& random, const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t step = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    strides[d] = random.oneIn(3) ? 0 : step;
    if (strides[d] != 0) step *= shape[d];
    if (step > 1 && random.oneIn(4)) step += random.between(1, 3);
  }
  return strides;
}

int64_t reachOf(const std::vector<int64_t>& shape, const std::vector<int64_t>& strides) {
  int64_t last = 0;
  for (size_t d = 0; d < shape.size(); d++) last += (shape[d] - 1) * strides[d];
  return last + 1;
}

int64_t positionOf(int64_t element, const std::vector<int64_t>& shape, const std::vector<int64_t>& strides) {
  int64_t position = 0;
  for (size_t d = shape.size(); d-- > 0;) {
    position += element % shape[d] * strides[d];
    element /= shape[d];
  }
  return position;
}

TEST_CASE_TEMPLATE("broadcasting", T, float, double) {
  Random random(5);
  for (int i = 0; i < 150; i++) {
    std::vector<int64_t> shape;
    const int64_t dimensions = random.between(0, 5);
    int64_t count = 1;
    for (int64_t d = 0; d < dimensions; d++) {
      shape.push_back(random.oneIn(3) ? 1 : random.between(2, i % 10 == 0 ? 17 : 6));
      count *= shape.back();
    }
    if (i % 50 == 0) {
      shape = {300, 401, 1};
      count = 300 * 401;
    }
    const std::vector<int64_t> xStrides = drawStrides(random, shape);
    const std::vector<int64_t> yStrides = drawStrides(random, shape);
    const std::vector<T> x = numbers<T>(reachOf(shape, xStrides));
    const std::vector<T> y = numbers<T>(reachOf(shape, yStrides));
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      for (const int threads : {1, 4}) {
        std::vector<T> sums(static_cast<size_t>(count));
        applyBinary<T>(kernels, kAdd, shape, {x.data(), xStrides}, {y.data(), yStrides}, sums.data(), threads);
        int64_t wrong = 0;
        for (int64_t element = 0; element < count; element++) {
          const T left = x[static_cast<size_t>(positionOf(element, shape, xStrides))];
          const T right = y[static_cast<size_t>(positionOf(element, shape, yStrides))];
          wrong += sums[static_cast<size_t>(element)] != left + right ? 1 : 0;
        }
        std::ostringstream drawn;
        for (size_t d = 0; d < shape.size(); d++) {
          drawn << ' ' << shape[d] << '(' << xStrides[d] << ' ' << yStrides[d] << ')';
        }
        INFO("sizes and strides" << drawn.str());
        CHECK(wrong == 0);
      }
    });
  }
}

}  // namespace
}  // namespace conv1d::test
