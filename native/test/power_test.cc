// x^y against the C library's in long double: within one unit in the last place, exact where the result is a number of
// the format, the same bits on every implementation, and what C says of zeros, infinities and NaN.
#include <doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <vector>

#include "kernels/kernel_table.h"
#include "test/bits.h"
#include "test/implementations.h"
#include "test/random.h"

namespace conv1d::test {
namespace {

using Wide = long double;

constexpr double kBound = 1;  // units in the last place

#ifdef CONV1D_SLOW_MACHINE
constexpr int kCount = 4000;
#else
constexpr int kCount = 400000;
#endif

template <typename T>
std::vector<T> power(const Kernels<T>& kernels, const std::vector<T>& x, const std::vector<T>& y) {
  std::vector<T> out(x.size());
  kernels.binary[kPow]({x.data(), y.data(), out.data(), static_cast<int64_t>(x.size()), false, false});
  return out;
}

template <typename T>
double errorOf(T got, Wide expected) {
  const T rounded = static_cast<T>(expected);
  if (std::isnan(rounded) || std::isinf(rounded) || std::isinf(got)) {
    if (sameBits(normalised(rounded), got)) return 0;
    return std::isinf(got) && std::abs(rounded) == std::numeric_limits<T>::max() ? 1 : 1e9;
  }
  const T above = std::nextafter(std::abs(rounded), std::numeric_limits<T>::infinity());
  const Wide unit = static_cast<Wide>(above) - static_cast<Wide>(std::abs(rounded));
  return static_cast<double>(std::abs(static_cast<Wide>(got) - expected) / unit);
}

// Bases of all magnitudes and exponents that keep the result in range, or any; bases near 1 with large exponents, where
// errors of the logarithm count most.
template <typename T>
void draw(Random& random, T* x, T* y) {
  constexpr int kMaxExponent = std::numeric_limits<T>::max_exponent;
  const auto unit = [&] { return static_cast<double>(random.bits() >> 11) * 0x1p-53; };
  switch (random.between(0, 4)) {
    case 0:
      *x = static_cast<T>(std::exp2((unit() * 2 - 1) * (kMaxExponent - 1)));
      *y = static_cast<T>((unit() * 2 - 1) * 1.1 * kMaxExponent /
                          std::max(0.01, std::abs(std::log2(static_cast<double>(*x)))));
      break;
    case 1:
      *x = static_cast<T>(1 + (unit() * 2 - 1) * std::exp2(-random.between(1, 20)));
      *y = static_cast<T>((unit() * 2 - 1) * 1.05 * kMaxExponent /
                          std::max(1e-9, std::abs(std::log2(static_cast<double>(*x)))));
      break;
    case 2:
      *x = static_cast<T>(unit() * 4);
      *y = static_cast<T>(random.between(-20, 20)) / static_cast<T>(random.between(1, 4));
      break;
    case 3:
      *x = std::bit_cast<T>(static_cast<BitsOf<T>>(random.bits()));
      *y = std::bit_cast<T>(static_cast<BitsOf<T>>(random.bits()));
      break;
    default:
      *x = -static_cast<T>(unit() * 8);
      *y = static_cast<T>(random.between(-30, 30));
  }
}

TEST_CASE_TEMPLATE("powers are within their bound, and have the same bits everywhere", T, float, double) {
  Random random(11);
  std::vector<T> x(kCount);
  std::vector<T> y(kCount);
  for (size_t i = 0; i < kCount; i++) draw(random, &x[i], &y[i]);
  std::vector<T> first;
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    const std::vector<T> out = power(kernels, x, y);
    if (first.empty()) first = out;
    int64_t different = 0;
    for (size_t i = 0; i < kCount; i++) different += sameBits(out[i], first[i]) ? 0 : 1;
    CHECK(different == 0);
  });
  double worst = 0;
  size_t at = 0;
  for (size_t i = 0; i < kCount; i++) {
    const double error = errorOf(first[i], std::pow(static_cast<Wide>(x[i]), static_cast<Wide>(y[i])));
    if (error <= worst) continue;
    worst = error;
    at = i;
  }
  std::printf("pow      %.3f at %.17g ^ %.17g\n", worst, static_cast<double>(x[at]), static_cast<double>(y[at]));
  INFO(worst << " units in the last place at " << x[at] << " ^ " << y[at]);
  CHECK(worst <= kBound);
}

TEST_CASE_TEMPLATE("powers that are numbers of the format are exact", T, float, double) {
  std::vector<T> x;
  std::vector<T> y;
  std::vector<T> expected;
  for (int base = -200; base <= 200; base++) {
    Wide product = 1;
    for (int exponent = 0; exponent <= 30; exponent++, product *= base) {
      if (static_cast<Wide>(static_cast<T>(product)) != product) break;
      x.push_back(static_cast<T>(base));
      y.push_back(static_cast<T>(exponent));
      expected.push_back(static_cast<T>(product));
    }
    x.push_back(static_cast<T>(base) * static_cast<T>(base));
    y.push_back(T{0.5});
    expected.push_back(static_cast<T>(std::abs(base)));
  }
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    const std::vector<T> out = power(kernels, x, y);
    for (size_t i = 0; i < x.size(); i++) {
      INFO(x[i] << " ^ " << y[i]);
      CHECK(out[i] == expected[i]);
    }
  });
}

TEST_CASE_TEMPLATE("special values of powers are those of C", T, float, double) {
  using Limits = std::numeric_limits<T>;
  const T values[] = {0,
                      T{-0.0},
                      1,
                      -1,
                      2,
                      -2,
                      3,
                      -3,
                      T{0.5},
                      T{-0.5},
                      T{1.5},
                      T{-2.5},
                      Limits::infinity(),
                      -Limits::infinity(),
                      Limits::quiet_NaN(),
                      Limits::max(),
                      -Limits::max(),
                      Limits::min(),
                      -Limits::min(),
                      Limits::denorm_min(),
                      -Limits::denorm_min(),
                      1 / Limits::epsilon() - 1,
                      1 / Limits::epsilon() + 1,
                      2 / Limits::epsilon(),
                      1 - 1 / Limits::epsilon(),
                      1 + Limits::epsilon(),
                      1 - Limits::epsilon() / 2};
  std::vector<T> x;
  std::vector<T> y;
  for (const T base : values) {
    for (const T exponent : values) {
      x.push_back(base);
      y.push_back(exponent);
    }
  }
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    const std::vector<T> out = power(kernels, x, y);
    for (size_t i = 0; i < x.size(); i++) {
      const Wide expected = std::pow(static_cast<Wide>(x[i]), static_cast<Wide>(y[i]));
      INFO(x[i] << " ^ " << y[i] << " is " << out[i] << ", not " << static_cast<T>(expected));
      CHECK(errorOf(out[i], expected) <= kBound);
    }
  });
}

}  // namespace
}  // namespace conv1d::test
