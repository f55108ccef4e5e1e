// What overlapping windows add up to.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/spectra/frames.h"

namespace conv1d {

// The sum of the squares of all windows at each sample, in the order of the frames.
template <typename T>
class WindowSums {
 public:
  // `inside` has room for `size` sums.
  WindowSums(const FrameShape& shape, const T* window, T* inside) noexcept
      : shape_(shape), window_(window), inside_(inside), period_(std::min(shape.hop, shape.size)) {
    for (int64_t k = 0; k < period_; k++) inside_[k] = sum(k, (shape_.size - 1 - k) / shape_.hop, 0);
  }

  static int64_t scratch(const FrameShape& shape) noexcept { return shape.size; }

  // At a sample of those that frames make.
  T at(int64_t sample) const noexcept {
    const int64_t k = sample % shape_.hop;
    if (k >= period_) return 0;
    const int64_t last = sample / shape_.hop;  // the frame that begins last of those that may reach the sample
    const int64_t before = (shape_.size - 1 - k) / shape_.hop;
    if (last < shape_.frames && last >= before) return inside_[k];
    return sum(k, std::min(before, last), std::max<int64_t>(0, last - (shape_.frames - 1)));
  }

 private:
  // Of the frames that begin from `before` to `behind` hops before k.
  T sum(int64_t k, int64_t before, int64_t behind) const noexcept {
    T sum = 0;
    for (int64_t hops = before; hops >= behind; hops--) {
      const T element = window_[k + hops * shape_.hop];
      sum += element * element;
    }
    return sum;
  }

  const FrameShape& shape_;
  const T* const window_;
  T* const inside_;
  const int64_t period_;
};

}  // namespace conv1d
