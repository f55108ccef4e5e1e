// Random numbers that are the same on every machine and with every standard library.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace conv1d::test {

// xorshift64*: Marsaglia, "Xorshift RNGs" (2003), with Vigna's multiplier.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {
    if (state_ == 0) state_ = 1;
    for (int i = 0; i < 4; i++) bits();
  }

  uint64_t bits() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1Du;
  }

  // Both ends included.
  int64_t between(int64_t low, int64_t high) {
    const uint64_t range = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
    const uint64_t offset = range == 0 ? bits() : (bits() >> 1) % range;
    return static_cast<int64_t>(static_cast<uint64_t>(low) + offset);
  }

  // A size of any magnitude up to `high`: as often of one digit as of six.
  int64_t magnitude(int64_t high) {
    int64_t bound = 1;
    for (int64_t digits = between(0, 18); digits > 0 && bound <= high / 10; digits--) bound *= 10;
    return between(1, bound);
  }

  bool oneIn(int64_t n) { return between(1, n) == 1; }

  template <typename T, size_t N>
  T pick(const std::array<T, N>& from) {
    return from[static_cast<size_t>(between(0, static_cast<int64_t>(N) - 1))];
  }

  // Full mantissas, magnitudes from 2^-4 to 2^4, so that sums round at nearly every step.
  template <typename T>
  T real() {
    constexpr int kMantissa = std::numeric_limits<T>::digits;
    const auto mantissa = static_cast<T>(bits() >> (64 - kMantissa));  // exact
    const T scaled = mantissa / static_cast<T>(uint64_t{1} << kMantissa) + T{0.0625};
    const T magnitude = scaled * static_cast<T>(1 << between(0, 3));
    return oneIn(2) ? magnitude : -magnitude;
  }

  // Mostly ordinary numbers among NaNs of any payload, infinities, zeros of both signs, subnormals, and numbers whose
  // products or sums overflow.
  template <typename T>
  T special() {
    using Limits = std::numeric_limits<T>;
    const T sign = oneIn(2) ? T{1} : T{-1};
    switch (between(0, 31)) {
      case 0:
        return nan<T>();
      case 1:
        return sign * Limits::infinity();
      case 2:
      case 3:
        return sign * T{0};
      case 4:
      case 5:
        return sign * Limits::denorm_min() * static_cast<T>(between(1, 1000));
      case 6:
        return sign * Limits::min();
      case 7:
        return sign * Limits::max();
      case 8:
        return sign * Limits::max() / static_cast<T>(between(1, 64));
      default:
        return real<T>();
    }
  }

 private:
  template <typename T>
  T nan() {
    using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
    return std::bit_cast<T>(std::bit_cast<Bits>(std::numeric_limits<T>::infinity()) | Bits{1} |
                            (static_cast<Bits>(bits()) & ~(Bits{1} << (8 * sizeof(T) - 2))));
  }

  uint64_t state_;
};

}  // namespace conv1d::test
