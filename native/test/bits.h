// Floating-point numbers as bits, and how a chain ends (README.md, "The order of the sum").
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>

namespace conv1d::test {

template <typename T>
using BitsOf = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

template <typename T>
BitsOf<T> bitsOf(T value) {
  return std::bit_cast<BitsOf<T>>(value);
}

// -0 becomes +0 and every NaN the same NaN.
template <typename T>
T normalised(T value) {
  constexpr BitsOf<T> kNaN = static_cast<BitsOf<T>>(sizeof(T) == 4 ? 0x7FC00000u : 0x7FF8000000000000u);
  if (std::isnan(value)) return std::bit_cast<T>(kNaN);
  return value == 0 ? T{0} : value;
}

template <typename T>
bool sameBits(T a, T b) {
  return bitsOf(a) == bitsOf(b);
}

// For values that are not normalised: which NaN comes out of an operation depends on the machine.
template <typename T>
bool sameBitsOrNaNs(T a, T b) {
  return sameBits(a, b) || (std::isnan(a) && std::isnan(b));
}

}  // namespace conv1d::test
