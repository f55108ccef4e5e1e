// Copies between views: what gathers a view with gaps, writes tensors side by side, pads, mirrors and repeats.
#pragma once

#include <cstdint>
#include <span>

#include "core/pointwise/broadcast.h"

namespace conv1d {

// Where elements go; no two to the same place.
template <typename T>
struct StridedOutput {
  T* data;
  std::span<const int64_t> strides;
};

// Element by element, T an integer as wide as the elements. Strides of the input may be 0 or negative.
template <typename T>
void copyView(std::span<const int64_t> shape, const StridedInput<T>& from, const StridedOutput<T>& to,
              int threads) noexcept;

}  // namespace conv1d
