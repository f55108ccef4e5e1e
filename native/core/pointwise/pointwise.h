// Functions of each element of a tensor, or of two tensors that are broadcast to one shape, on all threads when large.
// Elements are independent: how they are shared out changes no bits.
#pragma once

#include <cstdint>
#include <span>

#include "core/pointwise/broadcast.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// out[i] = function(x[i]); `out` is x itself, or apart from it.
template <typename T>
void applyUnary(const Kernels<T>& kernels, UnaryFunction function, const UnaryArgs<T>& args, int threads) noexcept;

// `out`, in rows of `shape` and apart from both inputs, is the function of both; the last strides are 0 or 1.
template <typename T>
void applyBinary(const Kernels<T>& kernels, BinaryFunction function, std::span<const int64_t> shape,
                 const StridedInput<T>& x, const StridedInput<T>& y, T* out, int threads) noexcept;

}  // namespace conv1d
