// Where each input element of a tile lies.
//
// Output column t and tap k read padded position t * stride + k * dilation. Split by its remainder modulo stride (its
// phase), that is element t + (k * dilation) / stride of phase (k * dilation) % stride: contiguous in t for every tap.
// A tile row holds, for each phase that some tap needs, the stretch of elements its taps reach; taps further apart than
// the tile is long get pieces of their own, so that a huge dilation costs no memory.
//
//   stride 2, 3 taps, dilation 1, 4 columns:
//
//   padded input   0 1 2 3 4 5 6 7 8
//   tile row     [ 0 2 4 6 8 | 1 3 5 7 ]      tapOffsets = 0 (phase 0), 5 (phase 1), 1 (phase 0, one further)
#pragma once

#include <cstdint>

#include "core/geometry.h"

namespace conv1d {

// Pieces begin on a cache line, so that the vectors of their first tap straddle none (512 channels of stride 2: 0.95 of
// the time).
constexpr int64_t kPieceAlignment = 16;

// A stretch of one phase.
struct Piece {
  int64_t phase;   // 0 .. stride - 1
  int64_t begin;   // the first element, counted from that of the tile's first column
  int64_t length;  // elements
  int64_t base;    // where it lies in the row
};

// The taps [firstTap, firstTap + taps) over `columns` columns. The arrays hold at least `taps` entries and belong to
// the caller.
struct TileLayout {
  Piece* pieces = nullptr;
  int64_t* tapOffsets = nullptr;
  int64_t pieceCount = 0;
  int64_t rowLength = 0;  // to the end of the last piece
  int64_t firstTap = -1;
  int64_t taps = 0;
  int64_t columns = 0;
};

// Fills the layout, unless it is there already.
void layOutTile(const Parameters& parameters, int64_t firstTap, int64_t taps, int64_t columns,
                TileLayout* layout) noexcept;

// rowLength of that layout without building it (it does not depend on which the first tap is). Rows are counted up to
// kMaxTapsPerBlock taps of a few thousand columns (core/plan/tiling.h); in that many any length fits.
int64_t tileRowLength(const Parameters& parameters, int64_t taps, int64_t columns) noexcept;

}  // namespace conv1d
