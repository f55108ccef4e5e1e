// 64-bit arithmetic on non-negative sizes that tells when it overflows.
#pragma once

#include <cstdint>
#include <limits>

namespace conv1d {

// Both operands must be non-negative. Returns false, leaving *result alone, when the product does not fit.
inline bool checkedMultiply(int64_t a, int64_t b, int64_t* result) noexcept {
  const bool areSmall = (a | b) >> 31 == 0;  // the usual case, without the division
  if (!areSmall && a != 0 && b > std::numeric_limits<int64_t>::max() / a) return false;
  *result = a * b;
  return true;
}

// Both operands must be non-negative. Returns false, leaving *result alone, when the sum does not fit.
inline bool checkedAdd(int64_t a, int64_t b, int64_t* result) noexcept {
  if (b > std::numeric_limits<int64_t>::max() - a) return false;
  *result = a + b;
  return true;
}

inline int64_t ceilDivide(int64_t a, int64_t b) noexcept { return a / b + (a % b != 0 ? 1 : 0); }

inline int64_t roundUp(int64_t a, int64_t multiple) noexcept { return ceilDivide(a, multiple) * multiple; }

}  // namespace conv1d
