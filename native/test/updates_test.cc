// Steps of optimisers: the written sequence of roundings on every implementation, and nothing written beside.
#include <doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/optim/updates.h"
#include "test/bits.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/random.h"

namespace conv1d::test {
namespace {

constexpr int64_t kMany = 200003;  // enough for several threads
constexpr int64_t kCounts[] = {1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 33, 100, kMany};

template <typename T>
std::vector<T> numbers(int64_t count, uint64_t seed) {
  Random random(seed);
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = random.real<T>();
  return values;
}

template <typename T>
std::vector<T> magnitudes(int64_t count, uint64_t seed) {
  std::vector<T> values = numbers<T>(count, seed);
  for (T& value : values) value = std::abs(value);
  return values;
}

// NaN, infinities and zeros of both signs among the first elements.
template <typename T>
void disturb(std::vector<T>& values) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  const T odd[] = {std::numeric_limits<T>::quiet_NaN(), kInfinity, -kInfinity, T{-0.0}, T{0}};
  for (size_t i = 0; i < values.size() && i < std::size(odd); i++) values[i] = odd[i];
}

template <typename T>
struct Sgd {
  std::vector<T> parameter;
  std::vector<T> buffer;
};

template <typename T>
Sgd<T> sgdInOrder(const SgdArgs<T>& args) {
  Sgd<T> result;
  for (int64_t i = 0; i < args.count; i++) {
    T change = args.maximizes ? T{0} - args.gradient[i] : args.gradient[i];
    if (args.weightDecay != 0) change = std::fma(args.parameter[i], args.weightDecay, change);
    if (args.buffer != nullptr) {
      const T buffer = args.isFirst ? change : std::fma(change, args.gain, args.buffer[i] * args.momentum);
      result.buffer.push_back(normalised(buffer));
      change = args.nesterov ? std::fma(buffer, args.momentum, change) : buffer;
    }
    result.parameter.push_back(normalised(std::fma(-change, args.rate, args.parameter[i])));
  }
  return result;
}

template <typename T>
struct Adam {
  std::vector<T> parameter;
  std::vector<T> mean;
  std::vector<T> square;
  std::vector<T> largest;
};

template <typename T>
Adam<T> adamInOrder(const AdamArgs<T>& args) {
  Adam<T> result;
  for (int64_t i = 0; i < args.count; i++) {
    const T parameter = args.parameter[i] * args.keep;
    T change = args.maximizes ? T{0} - args.gradient[i] : args.gradient[i];
    if (args.weightDecay != 0) change = std::fma(parameter, args.weightDecay, change);
    const T mean = std::fma(change, args.rest1, args.mean[i] * args.beta1);
    T square = std::fma(args.rest2 * change, change, args.square[i] * args.beta2);
    result.mean.push_back(normalised(mean));
    result.square.push_back(normalised(square));
    if (args.largest != nullptr) {
      if (!(args.largest[i] <= square) && !std::isnan(square)) square = args.largest[i];
      result.largest.push_back(normalised(square));
    }
    const T divisor = std::sqrt(square) / args.correction + args.eps;
    result.parameter.push_back(normalised(parameter - args.rate * mean / divisor));
  }
  return result;
}

template <typename T>
int64_t differing(std::span<const T> got, const std::vector<T>& expected) {
  if (got.size() != expected.size()) return -1;
  int64_t wrong = 0;
  for (size_t i = 0; i < got.size(); i++) wrong += sameBits(got[i], expected[i]) ? 0 : 1;
  return wrong;
}

TEST_CASE_TEMPLATE("steps of gradient descent have the written roundings", T, float, double) {
  struct Case {
    T weightDecay;
    T momentum;
    T gain;
    bool nesterov;
    bool maximizes;
    bool isFirst;
  };
  const Case cases[] = {
      {0, 0, 1, false, false, false},          {T(0.01), 0, 1, false, true, false},
      {0, T(0.9), 1, false, false, true},      {0, T(0.9), T(0.7), false, false, false},
      {T(0.1), T(0.8), 1, true, false, false}, {T(0.1), T(0.8), 1, true, true, true},
  };
  GuardedBuffer<T> parameters(kMany);
  GuardedBuffer<T> gradients(kMany);
  GuardedBuffer<T> buffers(kMany);
  for (const int64_t count : kCounts) {
    std::vector<T> parameter = numbers<T>(count, 1);
    std::vector<T> gradient = numbers<T>(count, 2);
    const std::vector<T> buffer = numbers<T>(count, 3);
    if (count > 16) disturb(gradient);
    for (const Case& c : cases) {
      SgdArgs<T> args{};
      args.count = count;
      args.rate = T(0.05);
      args.weightDecay = c.weightDecay;
      args.momentum = c.momentum;
      args.gain = c.gain;
      args.nesterov = c.nesterov;
      args.maximizes = c.maximizes;
      args.isFirst = c.isFirst;
      std::vector<T> before = buffer;
      args.parameter = parameter.data();
      args.gradient = gradient.data();
      args.buffer = c.momentum == 0 ? nullptr : before.data();
      const Sgd<T> expected = sgdInOrder(args);
      forEachImplementation<T>([&](const Kernels<T>& kernels) {
        for (const int threads : {1, 2, 7}) {
          const auto p = parameters.place(std::span<const T>(parameter), Flush::kEnd);
          const auto g = gradients.place(std::span<const T>(gradient), Flush::kEnd);
          const auto b = buffers.place(std::span<const T>(buffer), Flush::kStart);
          args.parameter = p.data();
          args.gradient = g.data();
          args.buffer = c.momentum == 0 ? nullptr : b.data();
          stepSgd<T>(kernels, args, threads);
          INFO(count << " elements, momentum " << c.momentum << ", " << threads << " threads");
          REQUIRE(differing<T>(p, expected.parameter) == 0);
          if (c.momentum != 0) REQUIRE(differing<T>(b, expected.buffer) == 0);
          REQUIRE(parameters.surroundingsUntouched());
          REQUIRE(buffers.surroundingsUntouched());
        }
      });
    }
  }
}

TEST_CASE_TEMPLATE("steps of Adam have the written roundings", T, float, double) {
  struct Case {
    T keep;
    T weightDecay;
    bool amsgrad;
    bool maximizes;
  };
  const Case cases[] = {
      {1, 0, false, false}, {1, T(0.1), true, false}, {T(0.99), 0, false, true}, {T(0.9), 0, true, true}};
  GuardedBuffer<T> arrays[] = {GuardedBuffer<T>(kMany), GuardedBuffer<T>(kMany), GuardedBuffer<T>(kMany),
                               GuardedBuffer<T>(kMany), GuardedBuffer<T>(kMany)};
  for (const int64_t count : kCounts) {
    std::vector<T> parameter = numbers<T>(count, 1);
    std::vector<T> gradient = numbers<T>(count, 2);
    std::vector<T> mean = numbers<T>(count, 3);
    std::vector<T> square = magnitudes<T>(count, 4);
    std::vector<T> largest = magnitudes<T>(count, 5);
    if (count > 16) disturb(gradient);
    for (const Case& c : cases) {
      AdamArgs<T> args{};
      args.count = count;
      args.rate = T(0.01);
      args.keep = c.keep;
      args.weightDecay = c.weightDecay;
      args.beta1 = T(0.9);
      args.beta2 = T(0.999);
      args.rest1 = T(1 - 0.9);
      args.rest2 = T(1 - 0.999);
      args.correction = T(0.0316);
      args.eps = T(1e-8);
      args.maximizes = c.maximizes;
      args.parameter = parameter.data();
      args.gradient = gradient.data();
      args.mean = mean.data();
      args.square = square.data();
      args.largest = c.amsgrad ? largest.data() : nullptr;
      const Adam<T> expected = adamInOrder(args);
      forEachImplementation<T>([&](const Kernels<T>& kernels) {
        for (const int threads : {1, 2, 7}) {
          const auto p = arrays[0].place(std::span<const T>(parameter), Flush::kEnd);
          const auto g = arrays[1].place(std::span<const T>(gradient), Flush::kEnd);
          const auto m = arrays[2].place(std::span<const T>(mean), Flush::kEnd);
          const auto v = arrays[3].place(std::span<const T>(square), Flush::kStart);
          const auto l = arrays[4].place(std::span<const T>(largest), Flush::kEnd);
          args.parameter = p.data();
          args.gradient = g.data();
          args.mean = m.data();
          args.square = v.data();
          args.largest = c.amsgrad ? l.data() : nullptr;
          stepAdam<T>(kernels, args, threads);
          INFO(count << " elements, keep " << c.keep << ", " << threads << " threads");
          REQUIRE(differing<T>(p, expected.parameter) == 0);
          REQUIRE(differing<T>(m, expected.mean) == 0);
          REQUIRE(differing<T>(v, expected.square) == 0);
          if (c.amsgrad) REQUIRE(differing<T>(l, expected.largest) == 0);
          for (const GuardedBuffer<T>& array : arrays) REQUIRE(array.surroundingsUntouched());
        }
      });
    }
  }
}

}  // namespace
}  // namespace conv1d::test
