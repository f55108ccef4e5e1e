// How outputs are cut into tiles and tasks, and the reduction into blocks: what the algorithms share.
#pragma once

#include "core/plan/plan.h"

namespace conv1d {

// The most taps in a block.
constexpr int64_t kMaxTapsPerBlock = 4096;

// How many threads the work is worth: small work stays on the calling thread.
template <typename T>
int usefulThreads(const PlanRequest<T>& request) noexcept;

// Whether kernels leave out products with zeros of the padding: if the weights allow it and there are enough of
// them.
template <typename T>
bool skipsPadding(const PlanRequest<T>& request) noexcept;

// A tile, and the block of the reduction that fits it.
struct Reduction {
  int64_t columns = 0;
  int64_t channels = 0;
  int64_t taps = 0;
};

// The longest tile, up to `longest` columns, whose rows, of all channels if possible, fit the budget.
template <typename T>
Reduction cutReduction(const PlanRequest<T>& request, int64_t longest) noexcept;

// Whether signals are so short that vectors of output positions would stay mostly empty, and fit one block.
template <typename T>
bool isShort(const PlanRequest<T>& request) noexcept;

// Tiles of nearly equal length, in whole vectors, around `reduction`; more of them when the threads would go short.
// `wholeVectors`: tiles are laid out for a multiple of the lanes.
template <typename T>
void cutColumns(const PlanRequest<T>& request, const Reduction& reduction, bool wholeVectors, Plan* plan) noexcept;

// Whether the rows of the input lie so far apart that they share the sets of a cache (blocks.aliasBytes).
template <typename T>
bool rowsAlias(const PlanRequest<T>& request, int64_t rows) noexcept;

// Panels and tasks of a plan that has its tiles. Tasks split output channels only if batch, groups and tiles
// do not occupy the threads, since each task packs its tile.
void cutRows(Plan* plan) noexcept;

// The scratch of a plan that has its tiles; `staging`: the elements in which outputs wait on their way out.
template <typename T>
void sizeScratch(int64_t staging, Plan* plan) noexcept;

// Elements between the rows of a packed tile.
template <typename T>
int64_t tileRowStride(const Parameters& parameters, int64_t taps, int64_t columns) noexcept;

}  // namespace conv1d
