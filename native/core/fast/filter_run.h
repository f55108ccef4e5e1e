// The forward pass of depthwise layers over tiles (kernels/tile_filters.h).
//
//   for each residue: rows -> tiles -> spectra
//   for each vector of tiles: products with the weights, added up over residues and pieces -> inverse -> rows, bias,
//   end of the chain
//
// Piece q of a tile's taps reads what the tile q behind it reads: the spectra of a segment are followed by a halo of
// `pieces - 1` more. With one spectrum for each tile, the vectors are taken one by one, so that it never leaves the
// first cache. Tiles that no transform may see are summed directly, as in core/fast/tile_run.h.
#pragma once

#include <cstddef>

#include "core/plan/plan.h"
#include "core/run/forward.h"
#include "runtime/thread_pool.h"

namespace conv1d {

// A thread's part of a call.
template <typename T>
void workOverFilters(const Plan& plan, const Kernels<T>& kernels, const TileFilter<T>& filter,
                     const ForwardArgs<T>& args, std::byte* scratch, TaskRange& tasks) noexcept;

}  // namespace conv1d
