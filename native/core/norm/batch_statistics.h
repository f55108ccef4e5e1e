// What a batch norm in training knows of a batch: mean and biased variance of each channel.
#pragma once

#include <cstdint>

#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// x is (batch, channels, length); element n * length + l of a channel is x[n][channel][l], and the order of the sums is
// that of core/reduce/fold. Nothing is written when it fails. Without elements, both are NaN.
template <typename T>
Status batchStatistics(const Kernels<T>& kernels, int64_t batch, int64_t channels, int64_t length, const T* x, T* means,
                       T* variances, int threads) noexcept;

}  // namespace conv1d
