// Shared by the algorithms with output channels in the lanes.
#pragma once

#include "core/plan/plan.h"

namespace conv1d {

// The most rows that the registers hold beside this many vectors.
inline int64_t rowsFor(const Blocks& blocks, int64_t vectors) noexcept {
  int64_t rows = blocks.maxRows;
  while (blocks.maxVectors[rows] < vectors) rows--;
  return rows;
}

// The panels of a transposed convolution that fill their vectors best, of those whose kernels reach the peak.
template <typename T>
WeightLayout vectorPhases(const Parameters& parameters, const Kernels<T>& kernels) noexcept;

// The cost of output positions in the rows, for Algorithm::cost.
template <typename T>
double costOfSwapped(const PlanRequest<T>& request) noexcept;
template <typename T>
double costOfSwappedPhases(const PlanRequest<T>& request) noexcept;

}  // namespace conv1d
