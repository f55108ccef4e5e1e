// The gradient of softmax over rows that lie one after the other.
#pragma once

#include <cstdint>

#include "kernels/kernel_table.h"

namespace conv1d {

// Of what softmax gave, y: out = (g - sum(g y)) y, or with `isLog`, where y is its logarithm, g - e^y sum(g). Sums have
// the order of core/reduce/fold.
template <typename T>
void softmaxGradient(const Kernels<T>& kernels, bool isLog, int64_t rows, int64_t count, const T* y, const T* gradient,
                     T* out, int threads) noexcept;

}  // namespace conv1d
