// Products of matrices of any strides, for every index of a batch shape that is broadcast.
#pragma once

#include <cstdint>
#include <span>

#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// (batch..., rows, columns); element (i..., r, c) is data[i0 * strides[0] + ... + r * row + c * column]. A batch
// dimension that repeats has stride 0.
template <typename T>
struct MatrixBatch {
  const T* data;
  std::span<const int64_t> strides;  // of the batch dimensions
  int64_t row;
  int64_t column;
};

// (batch..., m, k) x (batch..., k, n) = out (batch..., m, n), which is laid out in rows and apart from both. Its
// elements fit in 64 bits. Every output is one chain: acc = 0; for c: acc = fma(a[c], b[c], acc).
struct MatmulShape {
  std::span<const int64_t> batch;
  int64_t m;
  int64_t k;
  int64_t n;
};

// Fails only with kOutOfMemory, before the first output is written.
template <typename T>
Status matmul(const Kernels<T>& kernels, const MatmulShape& shape, const MatrixBatch<T>& a, const MatrixBatch<T>& b,
              T* out, int threads) noexcept;

}  // namespace conv1d
