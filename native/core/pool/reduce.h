// What becomes of the elements of one window: their sum in the order of pool.h, their largest, and where that lies.
#pragma once

#include <cstdint>
#include <limits>

#include "core/pool/windows.h"
#include "core/reduce/fold.h"

namespace conv1d {

// Up to 64 elements are one chain in ascending order; more are folded as core/reduce/fold has it.
template <typename T>
T sumOf(const Kernels<T>& kernels, const T* x, int64_t count) noexcept {
  if (count > kMostTaps) return foldRow<T>(kernels, kFoldSum, x, count, T{0}, nullptr);
  T sum = count > 0 ? x[0] : T{0};
  for (int64_t i = 1; i < count; i++) sum += x[i];
  return sum;
}

// NaN where one is. Of an empty window, -infinity. No branch depends on a value: which is the largest, nobody can
// predict.
template <typename T>
T largestOf(const Kernels<T>& kernels, const T* x, const Window& window) noexcept {
  if (window.step == 1 && window.count >= kernels.lanes) return kernels.rangeMax(x + window.first, window.count);
  T largest = -std::numeric_limits<T>::infinity();
  bool hasNan = false;
  for (int64_t i = 0; i < window.count; i++) {
    const T value = x[window.first + i * window.step];
    largest = value > largest ? value : largest;
    hasNan |= value != value;
  }
  return hasNan ? std::numeric_limits<T>::quiet_NaN() : largest;
}

// The first of equal ones, and the last NaN, as PyTorch has it. Of an empty window, where it begins.
template <typename T>
int64_t indexOfLargest(const T* x, const Window& window) noexcept {
  T largest = -std::numeric_limits<T>::infinity();
  int64_t index = 0;
  int64_t lastNan = -1;
  const T* const from = x + window.first;
  for (int64_t i = 0; i < window.count; i++) {
    const T value = from[i * window.step];
    index = value > largest ? i : index;
    largest = value > largest ? value : largest;
    lastNan = value != value ? i : lastNan;
  }
  return window.first + (lastNan < 0 ? index : lastNan) * window.step;
}

}  // namespace conv1d
