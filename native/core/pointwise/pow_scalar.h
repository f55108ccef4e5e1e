// Elements to the power of one number, by roots, products and quotients where PyTorch takes these.
#pragma once

#include <cstdint>

#include "kernels/kernel_table.h"

namespace conv1d {

// out[i] = x[i]^exponent; `out` is x itself, or apart from it.
template <typename T>
void powScalar(const Kernels<T>& kernels, double exponent, const T* x, T* out, int64_t count, int threads) noexcept;

}  // namespace conv1d
