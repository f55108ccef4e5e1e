// Gradients of pooling along rows (core/pool/pool.h). Each element is a chain: the shares of the windows that it is in,
// in ascending order.
#pragma once

#include <cstdint>

#include "core/pool/pool.h"

namespace conv1d {

// `gradient` is (rows, outLength), `out` (rows, length), as x, all apart. The element that was found to be the largest
// of a window has all of its gradient.
template <typename T>
Status maxPoolGradient(const Kernels<T>& kernels, const PoolShape& shape, const T* x, const T* gradient, T* out,
                       int threads) noexcept;

template <typename T>
Status adaptiveMaxPoolGradient(const Kernels<T>& kernels, const AdaptiveShape& shape, const T* x, const T* gradient,
                               T* out, int threads) noexcept;

template <typename T>
Status avgPoolGradient(const Kernels<T>& kernels, const PoolShape& shape, bool countsPadding, const T* gradient, T* out,
                       int threads) noexcept;

template <typename T>
Status adaptiveAvgPoolGradient(const Kernels<T>& kernels, const AdaptiveShape& shape, const T* gradient, T* out,
                               int threads) noexcept;

}  // namespace conv1d
