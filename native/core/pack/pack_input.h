// Fills a tile row from one input channel: this file alone deals with padding, edges and stride.
#pragma once

#include <cstdint>

#include "core/geometry.h"
#include "core/pack/tile_layout.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// Writes the pieces of the layout for output columns firstColumn .. firstColumn + layout.columns - 1 of a
// channel of `length` elements. Columns behind the last output read zeros.
template <typename T>
void packRow(const Parameters& parameters, const T* channel, int64_t length, const TileLayout& layout,
             int64_t firstColumn, StridedCopy<T> stridedCopy, T* tileRow) noexcept;

}  // namespace conv1d
