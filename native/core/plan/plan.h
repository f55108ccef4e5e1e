// A plan: which algorithm computes a convolution, and every choice that depends on sizes. How outputs are cut into
// tasks, and how much input one tile holds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/fast/tile_plan.h"
#include "core/fast/whole_plan.h"
#include "core/geometry.h"
#include "core/pack/packed_weights.h"
#include "core/pack/weight_layout.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// A task computes rows `panelsPerTask` panels high of one tile: `columns` output columns of one batch item (or all
// columns of `fold` items, side by side) in one group; depthwise in lanes, in a vector of groups.
struct Plan {
  Geometry geometry;

  int algorithm = 0;    // in the list of core/plan/algorithm.h
  double cost = 0;      // by which the plan chose from the list
  WeightLayout layout;  // what the kernels read

  // Tiles.
  int64_t columns = 0;      // output columns of a tile, the last one may have fewer
  int64_t tiles = 0;        // along one signal
  int64_t fold = 1;         // batch items in one tile; above 1 there is one tile along the signal
  int64_t foldPitch = 0;    // columns from one item of a folded tile to the next: its outputs and its halo
  int64_t tileColumns = 0;  // columns of a tile's layout: `columns` or more, or those of the folded items
  int64_t rowStride = 0;    // elements between the rows of a packed tile

  // Workers take the reduction in blocks that fit the tile; the chain of sums goes on from one to the next.
  int64_t channelsPerBlock = 0;
  int64_t tapsPerBlock = 0;  // below kernelSize only when channelsPerBlock is 1

  bool readsInput = false;         // kernels read tiles that touch no padding in place
  bool readsWholeVectors = false;  // kernels read rows up to whole vectors
  bool skipsPadding = false;       // kernels leave out taps that read only zeros of the padding

  // Transposed convolutions: how many phases the staging block holds at a time, and the distance of its rows.
  int64_t phases = 0;
  int64_t stagingPitch = 0;

  // Tasks.
  int64_t panels = 0;  // of one group
  int64_t panelsPerTask = 0;
  int64_t tasks = 0;
  int threads = 1;

  TilePlan fast;    // of the algorithms over transformed tiles
  WholePlan whole;  // of those over transformed signals

  // Scratch of one worker: the tile, then the staging block, then the layout's arrays.
  int64_t tileElements = 0;
  int64_t stagingElements = 0;
  size_t scratchBytes = 0;
};

// Which algorithms a layer's calls may take.
struct Allowed {
  bool fast = false;           // those that sum in another order
  int64_t maxWeightBytes = 0;  // what their weights may take
};

template <typename T>
class WindowedDft;

// The call for which a plan is made.
template <typename T>
struct PlanRequest {
  const Geometry& geometry;
  const Kernels<T>& kernels;
  int maxThreads;
  // If some weights are not finite, a kernel must not leave out a product: infinity times zero is NaN.
  bool finiteWeights;
  Allowed allowed = {};
  // The snapshot to read; null if the caller packs the weights in the layout of the plan.
  const PackedWeights* weights = nullptr;
  // The windowed DFT that the weights are; null for other weights.
  const WindowedDft<T>* dft = nullptr;
};

// The size of the weights in a layout.
template <typename T>
double weightBytes(const PlanRequest<T>& request, const WeightLayout& layout) noexcept;

// What algorithms compute. A transposed convolution of stride 1 becomes a convolution with flipped taps, unless
// a weight that is not finite would meet zeros of the convolution's padding.
Parameters computedAs(const Parameters& parameters, bool finiteWeights) noexcept;

template <typename T>
Plan makePlan(const PlanRequest<T>& request) noexcept;

}  // namespace conv1d
