// The gradient of softmax over one dimension.
#pragma once

#include <cstdint>

#include "core/reduce/fold.h"
#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// Of what softmax over `count` gave, y: out = (g - sum(g y)) y, or with `isLog`, where y is its logarithm, g - e^y
// sum(g). Sums have the order of core/reduce/fold. Writes nothing when it fails.
template <typename T>
Status softmaxGradient(const Kernels<T>& kernels, bool isLog, const FoldShape& shape, const T* y, const T* gradient,
                       T* out, int threads) noexcept;

}  // namespace conv1d
