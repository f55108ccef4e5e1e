// Weights in the planes of a transform: for each group, plane and panel of output channels
// [input channel][sub-channel][channels of the panel].
#pragma once

#include "core/geometry.h"
#include "core/pack/weight_layout.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// In elements; 2^53 for all that is more.
template <typename T>
int64_t tileWeightCount(const Parameters& parameters, const TileTransform<T>& transform) noexcept;

// Transforms in float64, whatever T. False without memory to do so.
template <typename T>
bool packTileWeights(const Parameters& parameters, const TileTransform<T>& transform, int64_t panelWidth,
                     const WeightView<T>& weight, T* packed) noexcept;

}  // namespace conv1d
