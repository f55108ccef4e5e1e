// How the output channels of a group are cut into panels.
#pragma once

#include <cstdint>

#include "core/checked_math.h"

namespace conv1d {

// Panels of nearly equal height, none above maxRows: 15 channels become 8 + 7, not 8 + 6 + 1.
class Panels {
 public:
  Panels(int64_t channels, int64_t maxRows) noexcept
      : count_(ceilDivide(channels, maxRows)), rows_(channels / count_), taller_(channels % count_) {}

  int64_t count() const noexcept { return count_; }
  int64_t firstRow(int64_t panel) const noexcept { return panel * rows_ + (panel < taller_ ? panel : taller_); }
  int64_t rows(int64_t panel) const noexcept { return rows_ + (panel < taller_ ? 1 : 0); }

 private:
  int64_t count_;
  int64_t rows_;    // of the lower panels
  int64_t taller_;  // how many panels, the first ones, have one row more
};

}  // namespace conv1d
