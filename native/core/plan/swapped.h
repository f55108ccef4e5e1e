// What the algorithms with output channels in the lanes share.
#pragma once

#include "core/plan/plan.h"

namespace conv1d {

// The most rows that the registers hold beside this many vectors.
inline int64_t rowsFor(const Blocks& blocks, int64_t vectors) noexcept {
  int64_t rows = blocks.maxRows;
  while (blocks.maxVectors[rows] < vectors) rows--;
  return rows;
}

// Panels of a transposed convolution: of those whose kernels reach the peak, the ones that fill their vectors best.
template <typename T>
WeightLayout vectorPhases(const Parameters& parameters, const Kernels<T>& kernels) noexcept;

// What output positions in the rows cost, by which Algorithm::cost compares.
template <typename T>
double costOfSwapped(const PlanRequest<T>& request) noexcept;
template <typename T>
double costOfSwappedPhases(const PlanRequest<T>& request) noexcept;

}  // namespace conv1d
