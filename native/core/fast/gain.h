// How far the numbers of a transform may exceed those of the direct sum.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/pack/pack_weights.h"

namespace conv1d {

// A bound, and a generous one: sums of `size` elements on the way there and on the way back, with factors up to 32.
constexpr double transformGain(int size) noexcept { return 64.0 * size * size; }

constexpr int kLargestTransform = 4096;

// Whether weights leave room for inputs: the largest ones above them, the smallest ones below, where the bins that they
// are spread over would be denormal.
template <typename T>
bool leavesRoom(const Gains& gains) noexcept {
  const double room = transformGain(kLargestTransform) * 1e6;
  return gains.largest <= static_cast<double>(std::numeric_limits<T>::max()) / room &&
         gains.smallest >= static_cast<double>(std::numeric_limits<T>::min()) * room;
}

// The factor that takes inputs beyond all numbers from which on a transform might overflow: a power of two, so that the
// product with it is exact.
template <typename T>
T scaleBeyondRange(int size, double largestGain) noexcept {
  return std::ldexp(T{1}, std::ilogb(transformGain(size) * std::max(1.0, largestGain)) + 1);
}

}  // namespace conv1d
