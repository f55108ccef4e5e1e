// Cutting into parts of nearly equal size: output channels into panels, columns into strips.
#pragma once

#include <cstdint>

#include "core/checked_math.h"

namespace conv1d {

// `total` (1 or more) in as few parts as possible, none above `most`: 15 become 8 + 7, not 8 + 6 + 1.
class Parts {
 public:
  Parts(int64_t total, int64_t most) noexcept
      : count_(total <= most ? 1 : ceilDivide(total, most)),
        size_(count_ == 1 ? total : total / count_),
        larger_(total - count_ * size_) {}

  int64_t count() const noexcept { return count_; }
  int64_t begin(int64_t part) const noexcept { return part * size_ + (part < larger_ ? part : larger_); }
  int64_t size(int64_t part) const noexcept { return size_ + (part < larger_ ? 1 : 0); }

 private:
  int64_t count_;
  int64_t size_;    // of the smaller parts
  int64_t larger_;  // how many parts, the first ones, have one more
};

}  // namespace conv1d
