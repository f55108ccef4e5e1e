// Windows that slide along rows, as pooling layers have them.
//
//   padding 2     .  .  x0 x1 x2 x3 x4 x5 x6 .  .
//   window 0      ^-----^                            kernelSize 3: reaches into the padding
//   window 1               ^------^                  stride 3: lies inside
//   window 2                        ^-----^
//
// Windows that lie inside are computed a vector at a time, where that pays; each of the others alone.
#pragma once

#include <cstdint>

#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// As the caller gives it.
struct PoolShape {
  int64_t rows;
  int64_t length;
  int64_t kernelSize;
  int64_t stride;
  int64_t padding;  // at each end
  int64_t dilation;
  int64_t outLength;
};

// The elements of one window that lie in its row: `count` of them from `first` on, `step` apart.
struct Window {
  int64_t first;
  int64_t count;  // may be 0
  int64_t step;
};

// A shape in which nothing overflows, and which windows of it lie inside.
struct Windows : PoolShape {
  int64_t span;         // from the first element of a window to its last one, both included
  int64_t insideBegin;  // windows [insideBegin, insideEnd) lie inside
  int64_t insideEnd;

  Window at(int64_t column) const noexcept;

  // Elements of a window and of the padding: what lies behind the padding does not count.
  int64_t paddedCount(int64_t column) const noexcept;
};

// kInvalidArgument unless sizes, stride and dilation are 1 or more (rows, length and outLength 0 or more) and padding
// is at most half of the kernel.
Status makeWindows(const PoolShape& shape, Windows* windows) noexcept;

// Window i of n reaches from floor(i * length / n) to ceil((i + 1) * length / n). The length is 1 or more.
struct AdaptiveShape {
  int64_t rows;
  int64_t length;
  int64_t outLength;

  bool isValid() const noexcept;
  Window at(int64_t column) const noexcept;
};

// Windows of more elements than this are no chain but a tree of blocks (core/reduce/fold), and come one by one.
constexpr int64_t kMostTaps = 64;

// Up to this stride, copies of every stride-th element are quicker than to transpose.
constexpr int64_t kMostPicked = 3;

// How windows that lie inside are read as vectors: in place (stride 1), from copies of every stride-th element, or
// transposed; or not at all.
struct WindowReader {
  bool isInPlace = false;
  bool isCopied = false;
  bool isTransposed = false;
  int64_t copies = 0;
  int64_t columns = 0;         // windows at a time
  int64_t phases[kMostTaps];   // a copy begins at this element of the first window
  int64_t reach[kMostTaps];    // elements of a copy beyond `columns`
  int64_t offsets[kMostTaps];  // of a tap in the copies
};

constexpr int64_t kStage = 4096;  // elements of all copies together

WindowReader planReader(const Windows& windows, int lanes, int group) noexcept;

}  // namespace conv1d
