// Weights of a depthwise layer as spectra: for each channel and sub-channel the planes of kernels/tile_filters.h.
#pragma once

#include "core/geometry.h"
#include "core/pack/weight_layout.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// In elements; 2^53 for all that is more.
template <typename T>
int64_t filterWeightCount(const Parameters& parameters, const TileFilter<T>& filter) noexcept;

// Transforms in float64, whatever T. False without memory to do so.
template <typename T>
bool packFilterWeights(const Parameters& parameters, const TileFilter<T>& filter, const WeightView<T>& weight,
                       T* packed) noexcept;

}  // namespace conv1d
