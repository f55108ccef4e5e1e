// Functions of each element of a tensor, or of two tensors that are broadcast to one shape, on all threads when large.
// Elements are independent: how they are shared out changes no bits.
#pragma once

#include <cstdint>
#include <span>

#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

constexpr int kMaxDimensions = 64;

// Element (i0, i1, ...) is data[i0 * strides[0] + i1 * strides[1] + ...]; a dimension that repeats has stride 0.
template <typename T>
struct StridedInput {
  const T* data;
  std::span<const int64_t> strides;
};

// out[i] = function(x[i]); `out` is x itself, or apart from it.
template <typename T>
void applyUnary(const Kernels<T>& kernels, UnaryFunction function, const UnaryArgs<T>& args, int threads) noexcept;

// `out` is laid out in rows of `shape`, and apart from both. In the last dimension that is longer than 1, strides are 0
// or 1.
template <typename T>
void applyBinary(const Kernels<T>& kernels, BinaryFunction function, std::span<const int64_t> shape,
                 const StridedInput<T>& x, const StridedInput<T>& y, T* out, int threads) noexcept;

// The elements of a view one after the other.
template <typename T>
void gather(std::span<const int64_t> shape, const StridedInput<T>& x, T* out, int threads) noexcept;

}  // namespace conv1d
