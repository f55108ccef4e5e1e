// Rows in order, of float, double, int32_t, int64_t and uint8_t. Equal elements keep their order, -0 equals +0, and NaN
// is larger than all else. Elements are moved as they are.
//
// Both take as much scratch memory as they sort: two entries of an element and its index for each element of a row, for
// each thread.
#pragma once

#include <cstdint>

#include "core/status.h"

namespace conv1d {

// The most elements of a row: an index in scratch memory has 32 bits.
constexpr int64_t kMaxSorted = 0xFFFFFFFF;

// values (rows, count) are the elements of each row in order, indices where they came from.
template <typename T>
Status sort(bool isDescending, int64_t rows, int64_t count, const T* x, T* values, int64_t* indices,
            int threads) noexcept;

// The first k of them only, the largest (or smallest) first; of equal ones the first.
template <typename T>
Status topk(int64_t k, bool areLargest, int64_t rows, int64_t count, const T* x, T* values, int64_t* indices,
            int threads) noexcept;

}  // namespace conv1d
