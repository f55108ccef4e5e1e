// Elements by their index, for elements of 1, 4 and 8 bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernel_table.h"

namespace conv1d {

// Indices of 4 or 8 bytes, which may change while they are read: they lie in memory that others share.
struct Indices {
  const void* data;
  int64_t count;
  bool areWide;  // int64_t, else int32_t
};

// The first index that is not in [0, limit), or -1: its place in `indices`.
int64_t findOutside(const Indices& indices, int64_t limit) noexcept;

// out[i] = x[indices[i]], rows of `rowBytes`; x has `rows` of them, at least 1 where there are indices.
void takeRows(int64_t rows, std::size_t rowBytes, const void* x, const Indices& indices, void* out,
              int threads) noexcept;

// out[o][i][c] = x[o][indices[o][i][c]][c]: x is (outer, count, inner), indices and out are (outer, outCount, inner).
struct GatherShape {
  int64_t outer;
  int64_t count;
  int64_t inner;
  int64_t outCount;
};
void gatherAlong(const GatherShape& shape, std::size_t elementBytes, const void* x, const Indices& indices, void* out,
                 int threads) noexcept;

// The reverse: out[o][indices[o][i][c]][c] += x[o][i][c] in the order of i, from zeros.
template <typename T>
void scatterAdd(const GatherShape& shape, const T* x, const Indices& indices, T* out, int threads) noexcept;

// out[indices[i]] += x[i] in the order of i, rows of `width` elements, from zeros; out has `rows` of them.
template <typename T>
void addRows(const Kernels<T>& kernels, int64_t rows, int64_t width, const T* x, const Indices& indices, T* out,
             int threads) noexcept;

}  // namespace conv1d
