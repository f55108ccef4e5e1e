// Mean and variance of rows, in two passes: the mean, then the squares of the distances from it.
#pragma once

#include <cstdint>

#include "kernels/kernel_table.h"

namespace conv1d {

// Of up to kMaxLanes rows that lie one after the other, on the calling thread: means, and sums of squares (not yet as a
// chain ends). The mean is the sum over the count, rounded once.
template <typename T>
void momentsOfRows(const Kernels<T>& kernels, const T* x, int64_t rows, int64_t count, T* means, T* squares) noexcept;

}  // namespace conv1d
