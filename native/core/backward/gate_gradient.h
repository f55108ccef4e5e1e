// The gradient of the first half of a dimension times the sigmoid of the second.
#pragma once

#include <cstdint>

#include "kernels/kernel_table.h"

namespace conv1d {

// x and out are (outer, 2, size), gradient is (outer, size): with s the sigmoid of the second half, s g for the first
// half and x s (1 - s) g for the second.
template <typename T>
void gateGradient(const Kernels<T>& kernels, int64_t outer, int64_t size, const T* x, const T* gradient, T* out,
                  int threads) noexcept;

}  // namespace conv1d
