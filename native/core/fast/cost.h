// What a call would cost, counted for one batch item and one group in FMAs of one element. The same on every machine,
// for every batch and number of threads: the bits depend on which algorithm is taken.
#pragma once

#include "core/geometry.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// Of the direct sum.
double directCost(const Geometry& geometry) noexcept;

// Over tiles of a transform with `planes` planes; kUnsuited where they cannot be used.
double tileCost(const Geometry& geometry, TileKind kind, int64_t size, int64_t planes, int64_t outputs) noexcept;

// Of a real FFT of each frame; `passes` is how many radices its size has (core/fast/dft_size.h).
double dftCost(const Geometry& geometry, int64_t passes) noexcept;

// Over whole signals in a transform of `size`; kUnsuited where they do not fit it.
double wholeCost(const Geometry& geometry, WholeKind kind, int64_t size) noexcept;

// Over spectra of tiles of a depthwise layer.
double filterCost(const Geometry& geometry, FilterKind kind, int64_t size) noexcept;

}  // namespace conv1d
