// Pooling along rows, as PyTorch's MaxPool1d, AvgPool1d, AdaptiveAvgPool1d and AdaptiveMaxPool1d have it, on all
// threads when large.
//
// The order of a sum depends on the number of elements alone: up to 64 are one chain in ascending order, more are
// folded as core/reduce/fold has it. The largest has no order; NaN wins.
#pragma once

#include <cstdint>

#include "core/pool/windows.h"

namespace conv1d {

// `x` is (rows, length), `out` and `indices` (which may be null) are (rows, outLength), all apart. Windows may reach
// behind the padding (ceil_mode). indices[i] is where the largest lies in its row.
template <typename T>
Status maxPool(const Kernels<T>& kernels, const PoolShape& shape, const T* x, T* out, int64_t* indices,
               int threads) noexcept;

// The divisor is the number of elements in the row, or (`countsPadding`) in the row and its padding. The dilation is 1.
template <typename T>
Status avgPool(const Kernels<T>& kernels, const PoolShape& shape, bool countsPadding, const T* x, T* out,
               int threads) noexcept;

template <typename T>
Status adaptiveMaxPool(const Kernels<T>& kernels, const AdaptiveShape& shape, const T* x, T* out, int64_t* indices,
                       int threads) noexcept;

template <typename T>
Status adaptiveAvgPool(const Kernels<T>& kernels, const AdaptiveShape& shape, const T* x, T* out, int threads) noexcept;

}  // namespace conv1d
