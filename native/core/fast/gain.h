// How far the numbers of a transform may exceed those of the direct sum.
#pragma once

#include <limits>

namespace conv1d {

// A bound, and a generous one: sums of `size` elements on the way there and on the way back, with factors up to 32.
constexpr double transformGain(int size) noexcept { return 64.0 * size * size; }

constexpr int kLargestTransform = 4096;

// Whether weights whose magnitudes sum up to `largestGain` leave room for inputs.
template <typename T>
bool leavesRoom(double largestGain) noexcept {
  return largestGain <= static_cast<double>(std::numeric_limits<T>::max()) / transformGain(kLargestTransform) / 1e6;
}

}  // namespace conv1d
