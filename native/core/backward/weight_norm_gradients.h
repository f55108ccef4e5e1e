// The gradients of weight norm, w = g v / ||v||: with dw that of w and one norm over all that share a g,
//   dg = sum(dw v) / ||v||
//   dv = fma(dw, g / ||v||, v (-g sum(dw v) / ||v||^3))
// Sums, norms and both factors in float64, then rounded. Sums have eight chains for each block of kFoldBlock
// neighbours, added up in ascending order.
#pragma once

#include <cstdint>

#include "core/norm/weight_norm.h"
#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// No size is 0. Outputs that are null are not written. Writes nothing when it fails.
template <typename T>
Status weightNormGradients(const Kernels<T>& kernels, const WeightNormShape& shape, const T* gradient, const T* g,
                           const T* v, T* ofG, T* ofV, int threads) noexcept;

}  // namespace conv1d
