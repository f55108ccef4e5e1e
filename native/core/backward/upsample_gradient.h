// Gradients of longer or shorter rows (core/upsample/upsample.h). Each element is a chain: the parts of the outputs
// that are read from it, in ascending order.
#pragma once

#include "core/upsample/upsample.h"

namespace conv1d {

// `gradient` is (rows, outLength), `out` (rows, length), apart.
template <typename T>
Status upsampleNearestGradient(const Kernels<T>& kernels, const UpsampleShape& shape, const T* gradient, T* out,
                               int threads) noexcept;

template <typename T>
Status upsampleLinearGradient(const Kernels<T>& kernels, const UpsampleShape& shape, bool alignCorners,
                              const T* gradient, T* out, int threads) noexcept;

}  // namespace conv1d
