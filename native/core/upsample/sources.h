// Where the outputs of longer or shorter rows are read from.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/upsample/upsample.h"

namespace conv1d {

// Outputs whose sources are found at a time, for all rows of a task.
constexpr int64_t kSourcesAtOnce = 512;

inline bool isValid(const UpsampleShape& shape) noexcept {
  return shape.rows >= 0 && shape.length >= 1 && shape.outLength >= 0 && shape.scale >= 0 && std::isfinite(shape.scale);
}

// Elements of the input per output, in the format of the elements.
template <typename T>
T stepOf(const UpsampleShape& shape) noexcept {
  return shape.scale > 0 ? static_cast<T>(1 / shape.scale)
                         : static_cast<T>(shape.length) / static_cast<T>(shape.outLength);
}

// The element that each output copies.
template <typename T>
void findNearest(const UpsampleShape& shape, int64_t begin, int64_t count, int64_t* source) noexcept {
  const T step = stepOf<T>(shape);
  constexpr float kBeyondAll = 0x1p62f;
  for (int64_t i = 0; i < count; i++) {
    const auto position = static_cast<float>(static_cast<T>(begin + i) * step);
    source[i] = shape.length - 1;
    if (position < kBeyondAll) source[i] = std::min(source[i], static_cast<int64_t>(position));
  }
}

// Where outputs are read from: x[left] * leftWeight + x[left + 1] * rightWeight. The outputs from `inside` on lie at
// the end of the row: there is no x[left + 1].
template <typename T>
struct Sources {
  int64_t left[kSourcesAtOnce];
  T leftWeight[kSourcesAtOnce];
  T rightWeight[kSourcesAtOnce];
  int64_t inside = 0;
  // Outputs [repeatsBegin, inside) where every left one serves `repeats` of them (otherwise 0): the first of them is
  // number `skipped` of its left one.
  int64_t repeatsBegin = 0;
  int64_t repeats = 0;
  int64_t skipped = 0;
};

// Positions are float64 for either format, as PyTorch's compiled code has them.
template <typename T>
void findSources(const UpsampleShape& shape, bool alignCorners, int64_t begin, int64_t count,
                 Sources<T>* sources) noexcept {
  T step = 0;
  if (!alignCorners) {
    step = stepOf<T>(shape);
  } else if (shape.outLength > 1) {
    step = static_cast<T>(shape.length - 1) / static_cast<T>(shape.outLength - 1);
  }
  // A float32 step times a number below 2^28 is exact in float64, and needs no fused operation to round once.
  const bool isExact = sizeof(T) == sizeof(float) && shape.outLength <= int64_t{1} << 28;
  const auto factor = static_cast<double>(step);
  const auto last = static_cast<double>(shape.length - 1);
  for (int64_t i = 0; i < count; i++) {
    const auto output = static_cast<double>(begin + i);
    double position = factor * output;
    if (!alignCorners) {
      position = isExact ? factor * (output + 0.5) - 0.5 : std::fma(factor, output + 0.5, -0.5);
    }
    // No position is negative from here on: to cut is to round down.
    const double inside = std::min(std::max(position, 0.0), last);
    sources->left[i] = static_cast<int64_t>(inside);
    if (sources->left[i] < shape.length - 1) sources->inside = i + 1;
    const double fraction = std::max(position, 0.0) - static_cast<double>(sources->left[i]);
    sources->rightWeight[i] = static_cast<T>(std::min(fraction, 1.0));
    sources->leftWeight[i] = T{1} - sources->rightWeight[i];
  }
}

}  // namespace conv1d
