// Functions with parameters of a channel against one element at a time, for rows of all lengths, on every
// implementation, on one thread and several; snake beside a sine of long double.
#include <doctest.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "core/pointwise/channelwise.h"
#include "test/bits.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/random.h"

namespace conv1d::test {
namespace {

constexpr UnaryFunction kUnaryOf[kChannelFunctions] = {kAffine, kSnake, kLeakyRelu};

template <typename T>
std::vector<T> drawReals(Random& random, int64_t count) {
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = random.oneIn(20) ? random.special<T>() : random.real<T>();
  return values;
}

struct Shape {
  int64_t batch;
  int64_t channels;
  int64_t length;
};

const Shape kShapes[] = {{1, 1, 1},     {3, 1, 7},    {1, 5, 1},   {7, 3, 1},    {2, 64, 1},   {3, 2000, 1},
                         {2, 3, 2},     {5, 7, 3},    {4, 33, 15}, {2, 5, 16},   {1, 200, 11}, {3, 4, 100},
                         {1, 2, 40000}, {30, 300, 9}, {200, 1, 3}, {2, 0x500, 2}};

TEST_CASE_TEMPLATE("rows take the parameters of their channel", T, float, double) {
  Random random(3);
  for (const Shape& shape : kShapes) {
    const int64_t rows = shape.batch * shape.channels;
    const int64_t count = rows * shape.length;
    const std::vector<T> x = drawReals<T>(random, count);
    const std::vector<T> a = drawReals<T>(random, shape.channels);
    const std::vector<T> b = drawReals<T>(random, shape.channels);
    for (int function = 0; function < kChannelFunctions; function++) {
      std::vector<T> expected(x.size());
      const auto one = kernelsFor<T>(activeKernels()).unary[kUnaryOf[function]];
      for (int64_t i = 0; i < count; i++) {
        const auto channel = static_cast<size_t>(i / shape.length % shape.channels);
        one({&x[static_cast<size_t>(i)], &expected[static_cast<size_t>(i)], 1, a[channel], b[channel]});
      }
      forEachImplementation<T>([&](const Kernels<T>& kernels) {
        for (const int threads : {1, 2}) {
          GuardedBuffer<T> from(count);
          GuardedBuffer<T> first(shape.channels);
          GuardedBuffer<T> second(shape.channels);
          GuardedBuffer<T> to(count);
          const bool hasB = function != kChannelLeakyRelu;
          const ChannelArgs<T> args = {from.place(std::span<const T>(x), Flush::kEnd).data(),
                                       first.place(std::span<const T>(a), Flush::kEnd).data(),
                                       hasB ? second.place(std::span<const T>(b), Flush::kEnd).data() : nullptr,
                                       to.place(count, Flush::kEnd).data(),
                                       rows,
                                       shape.channels,
                                       shape.length};
          applyChannelwise<T>(kernels, static_cast<ChannelFunction>(function), args, threads);
          int64_t wrong = 0;
          for (size_t i = 0; i < expected.size(); i++) wrong += sameBits(args.out[i], expected[i]) ? 0 : 1;
          CAPTURE(function);
          INFO(shape.batch << ' ' << shape.channels << ' ' << shape.length << ", threads " << threads);
          CHECK(wrong == 0);
          CHECK(to.surroundingsUntouched());
          std::vector<T> inPlace = x;
          ChannelArgs<T> same = args;
          same.x = same.out = inPlace.data();
          applyChannelwise<T>(kernels, static_cast<ChannelFunction>(function), same, threads);
          for (size_t i = 0; i < expected.size(); i++) wrong += sameBits(inPlace[i], expected[i]) ? 0 : 1;
          CHECK(wrong == 0);
        }
      });
    }
  }
}

TEST_CASE_TEMPLATE("no rows, and rows of no elements, are nothing to do", T, float, double) {
  const T a[3] = {1, 2, 3};
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    applyChannelwise<T>(kernels, kChannelAffine, {nullptr, a, a, nullptr, 0, 3, 5}, 2);
    applyChannelwise<T>(kernels, kChannelAffine, {nullptr, a, a, nullptr, 3, 3, 0}, 2);
  });
}

// The square of a sine has twice the relative error of one, and two roundings follow.
TEST_CASE_TEMPLATE("snake is within four units of its terms, for angles of all sizes", T, float, double) {
  using Wide = long double;
  Random random(8);
  double worst = 0;
  for (int i = 0; i < 20000; i++) {
    const T a = std::abs(random.real<T>());
    T x = random.real<T>();
    if (i % 10 == 0) x *= static_cast<T>(std::exp2(static_cast<double>(random.between(0, 60))));
    const T b = std::abs(random.real<T>());
    T out = 0;
    kernelsFor<T>(activeKernels()).unary[kSnake]({&x, &out, 1, a, b});
    const T product = a * x;
    const Wide sine = sizeof(T) == 4 ? static_cast<Wide>(std::sin(static_cast<double>(product)))
                                     : std::sin(static_cast<Wide>(product));
    const Wide expected = static_cast<Wide>(x) + static_cast<Wide>(b) * sine * sine;
    // Where both cancel, the error is that of the larger one.
    const T largest = std::max(std::abs(x), static_cast<T>(static_cast<Wide>(b) * sine * sine));
    const T unit = std::nextafter(largest, std::numeric_limits<T>::infinity()) - largest;
    worst = std::max(worst, static_cast<double>(std::abs(static_cast<Wide>(out) - expected) / static_cast<Wide>(unit)));
  }
  std::printf("snake    %.2f\n", worst);
  CHECK(worst <= 4);
}

}  // namespace
}  // namespace conv1d::test
