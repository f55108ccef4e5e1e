// Sums and their like over one dimension, in one order whatever the threads, the ISA and the other dimensions.
//
//   count elements -> blocks of kFoldBlock -> 32 chains each (kernels/reductions.h)
//   blocks         -> neighbours in pairs, their results in pairs, ...: an odd one goes up as it is
#pragma once

#include <cstdint>

#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// Rows of `inner` columns: element i of column c of an outer item is x[(item * count + i) * inner + c].
struct FoldShape {
  int64_t outer;
  int64_t count;  // at least 1
  int64_t inner;
};

// How many threads work on this many elements is worth.
int usefulFoldThreads(int64_t elements, int threads) noexcept;

// out (outer, inner) is the fold over `count`, not yet as a chain ends. `centers` (outer, inner), or null for zeros.
// Writes nothing when it fails.
template <typename T>
Status fold(const Kernels<T>& kernels, FoldFunction function, const FoldShape& shape, const T* x, const T* centers,
            T* out, int threads) noexcept;

// The fold of one row, on the calling thread, not yet as a chain ends. With kExponentials, `values` keeps what is
// summed up, unless it is null.
constexpr int kExponentials = kFolds;
template <typename T>
T foldRow(const Kernels<T>& kernels, int function, const T* x, int64_t count, T center, T* values) noexcept;

// The same of up to kMaxLanes rows that lie one after the other.
template <typename T>
void foldRows(const Kernels<T>& kernels, int function, const T* x, int64_t rows, int64_t count, const T* centers,
              T* values, T* out) noexcept;

// The blocks of `width` columns, one after the other, to the first of them.
template <typename T>
void foldBlocks(const Kernels<T>& kernels, int function, T* blocks, int64_t count, int64_t width) noexcept;

}  // namespace conv1d
