// Cutting into parts of nearly equal size: output channels into panels, columns into strips.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/checked_math.h"

namespace conv1d {

// `total` (1 or more) in as few parts as possible, none above `most`: 15 become 8 + 7, not 8 + 6 + 1. Parts are
// multiples of `unit`, as `most` is, but for the last one: 100 in units of 16, at most 48, become 48 + 32 + 20.
class Parts {
 public:
  Parts(int64_t total, int64_t most, int64_t unit = 1) noexcept : total_(total), unit_(unit) {
    const int64_t units = unit == 1 ? total : ceilDivide(total, unit);
    const int64_t mostUnits = unit == 1 ? most : most / unit;
    count_ = units <= mostUnits ? 1 : ceilDivide(units, mostUnits);
    size_ = count_ == 1 ? units : units / count_;
    larger_ = units - count_ * size_;
  }

  int64_t count() const noexcept { return count_; }
  int64_t begin(int64_t part) const noexcept { return (part * size_ + (part < larger_ ? part : larger_)) * unit_; }
  int64_t size(int64_t part) const noexcept {
    const int64_t whole = (size_ + (part < larger_ ? 1 : 0)) * unit_;
    return unit_ == 1 ? whole : std::min(whole, total_ - begin(part));
  }

 private:
  int64_t total_;
  int64_t unit_;
  int64_t count_;
  int64_t size_;    // of the smaller parts, in units
  int64_t larger_;  // how many parts, the first ones, have one unit more
};

}  // namespace conv1d
