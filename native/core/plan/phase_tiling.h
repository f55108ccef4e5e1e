// How the outputs of a transposed convolution are cut into tiles and tasks: what its algorithms share. Columns are
// those of core/pack/phase_taps.h: one has an output of each phase.
#pragma once

#include "core/plan/plan.h"

namespace conv1d {

// The columns [begin, end) in which some phase has an output that the padding does not cut off.
struct ColumnRange {
  int64_t begin;
  int64_t end;
};

ColumnRange columnsOf(const Geometry& geometry) noexcept;

// The most outputs of a phase.
int64_t longestPhase(const Geometry& geometry) noexcept;

// Elements that a staging block may take.
template <typename T>
int64_t stagingBudget() noexcept {
  constexpr int64_t kStagingBytes = 512 << 10;
  return kStagingBytes / static_cast<int64_t>(sizeof(T));
}

// Elements between the rows of a packed tile.
template <typename T>
int64_t phaseRowStride(const Parameters& parameters, int64_t taps, int64_t columns) noexcept;

// Tiles of up to `longest` columns, and the blocks of the reduction that fit them.
template <typename T>
void cutPhaseColumns(const PlanRequest<T>& request, int64_t longest, Plan* plan) noexcept;

// The scratch of a plan that has its tiles.
template <typename T>
void sizePhaseScratch(int64_t staging, Plan* plan) noexcept;

}  // namespace conv1d
