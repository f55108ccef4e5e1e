// Every choice that depends on sizes: how outputs are cut into tasks, and how much input one tile holds.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/geometry.h"
#include "core/pack_weights.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// A task computes rows `panelsPerTask` panels high of one tile: `columns` output columns of one batch item (or all
// columns of `fold` items, side by side) in one group.
struct Plan {
  Geometry geometry;

  // Tiles.
  int64_t columns = 0;      // output columns of a tile, the last one may have fewer
  int64_t tiles = 0;        // along one signal
  int64_t fold = 1;         // batch items in one tile; above 1 there is one tile along the signal
  int64_t foldPitch = 0;    // columns from one item of a folded tile to the next: its outputs and its halo
  int64_t tileColumns = 0;  // columns a tile is laid out for: `columns` or more, or those of the folded items
  int64_t rowStride = 0;    // elements between the rows of a packed tile

  // The reduction is taken in blocks that fit the tile; the chain of sums goes on from one to the next.
  int64_t channelsPerBlock = 0;
  int64_t tapsPerBlock = 0;  // below kernelSize only when channelsPerBlock is 1

  bool depthwise = false;     // one input and one output channel a group
  bool broadcasts = false;    // depthwise, by the kernel that broadcasts the input
  bool swapped = false;       // rows are output positions, columns output channels (kernels/kernel_table.h)
  bool readsInput = false;    // tiles that touch no padding are read in place, unpacked
  bool skipsPadding = false;  // taps that read nothing but zeros of the padding are left out

  // Tasks.
  WeightPacking packing;  // what the kernels read
  int64_t panels = 0;     // of one group
  int64_t panelsPerTask = 0;
  int64_t tasks = 0;
  int threads = 1;

  // Scratch of one worker: the tile, then the staging block (folded or swapped), then the layout's arrays.
  int64_t tileElements = 0;
  int64_t stagingElements = 0;
  size_t scratchBytes = 0;
};

// With weights that are not all finite no product may be left out: infinity times zero is NaN.
template <typename T>
Plan makePlan(const Geometry& geometry, const Kernels<T>& kernels, int maxThreads, bool finiteWeights) noexcept;

}  // namespace conv1d
