// How a weight gradient is cut into tasks, and what a worker needs for one. Nothing here changes a bit of the result.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/checked_math.h"
#include "core/geometry.h"
#include "core/parts.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// The chains of at least 48 sums are merged at a time: whole vectors of sums.
constexpr int64_t kSumsToMerge = 48;

// A run of at least 4 groups of positions is read in place; and at most kMostRuns runs make a block.
constexpr int64_t kShortestRun = 4;
template <typename T>
constexpr int64_t kMostRuns = 2 * kGradientBlock<T> / (kShortestRun * kGradientChains) + 1;

// The rows of a group are its output channels, its columns the pairs of input channel and tap. A task sums some rows
// and columns of one group over a segment of the blocks.
struct WeightPlan {
  Geometry geometry;
  int64_t rows = 0;     // of one group
  int64_t columns = 0;  // of one group
  int64_t positions = 0;
  int64_t blocks = 0;

  Parts rowTiles{1, 1};
  Parts columnTiles{1, 1};
  bool readsInPlace = false;  // what needs no packing
  int64_t segmentBlocks = 1;  // a power of two: what a segment sums up is one branch of the tree
  int64_t segments = 1;
  int64_t tasks = 0;
  int threads = 1;

  // Scratch of one worker: pointers, and then elements.
  int64_t gradientPointers = 0;  // of a run
  int64_t inputPointers = 0;
  std::size_t pointerBytes = 0;
  int64_t pitch = 0;       // from one packed row to the next
  int64_t packedRows = 0;  // of gradients, and
  int64_t panelRows = 0;   // of inputs, packed at a time
  int64_t outputs = 0;     // what a branch of the tree takes
  int64_t branches = 0;    // that wait at a time
  int64_t pendingSums = 0;
  std::size_t scratchBytes = 0;
};

template <typename T>
WeightPlan planWeightGradient(const Kernels<T>& kernels, const Geometry& geometry, int threads) noexcept;

// The rows of a tile of the plan, as the kernels take them.
template <typename T>
Parts kernelRows(const Kernels<T>& kernels, int64_t rows) noexcept {
  return {rows, kernels.blocks.gradientRows};
}

// The columns of a panel, for a kernel of `rows` rows, which computes all of its columns: the last tile begins earlier
// where it has too few, and computes some again. One row has kernels for fewer.
template <typename T>
int64_t kernelColumns(const Kernels<T>& kernels, int64_t rows, int64_t columns) noexcept {
  return ceilDivide(columns, kernels.blocks.gradientColumns[rows]);
}

// The columns of a task, in panels.
inline Parts panelsOfColumns(const WeightPlan& plan, int64_t columns) noexcept { return {columns, plan.panelRows}; }

}  // namespace conv1d
