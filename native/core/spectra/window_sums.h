// What overlapping windows add up to.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/finished.h"
#include "core/spectra/frames.h"

namespace conv1d {

// The sums of the squares of all windows at a sample, in the order of the frames. Inside they repeat after every hop.
template <typename T>
class WindowSums {
 public:
  // `inside` has room for scratch() sums.
  WindowSums(const FrameShape& shape, const T* window, T* inside) noexcept
      : shape_(shape), window_(window), inside_(inside), period_(std::min(shape.hop, shape.size)) {
    for (int64_t k = 0; k < period_; k++) inside_[k] = sum(k, (shape_.size - 1 - k) / shape_.hop, 0);
  }

  static int64_t scratch(const FrameShape& shape) noexcept { return shape.size; }

  // Divides by the sums at the samples [begin, end) of those that frames make.
  void divide(int64_t begin, int64_t end, T* x) const noexcept {
    for (int64_t at = begin; at < end;) {
      const int64_t hop = at / shape_.hop;
      const int64_t k = at % shape_.hop;
      const int64_t count = std::min(end - at, shape_.hop - k);
      if (hop >= (shape_.size - 1) / shape_.hop && hop < shape_.frames && k + count <= period_) {
        for (int64_t i = 0; i < count; i++) x[i] = finished(x[i] / inside_[k + i]);
      } else {
        for (int64_t i = 0; i < count; i++) x[i] = finished(x[i] / atEdge(hop, k + i));
      }
      at += count;
      x += count;
    }
  }

 private:
  // At sample k behind a hop, wherever that is; the frames that reach it begin `before` hops before it and later.
  T atEdge(int64_t hop, int64_t k) const noexcept {
    if (k >= shape_.size) return 0;
    const int64_t before = (shape_.size - 1 - k) / shape_.hop;
    return sum(k, std::min(before, hop), std::max<int64_t>(0, hop - (shape_.frames - 1)));
  }

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
