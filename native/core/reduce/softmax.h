// Softmax over rows that lie one after the other.
#pragma once

#include <cstdint>

#include "kernels/kernel_table.h"

namespace conv1d {

// out = e^(x - most) / sum, or with `isLog` (x - most) - log(sum), of each row; `most` is its largest element, and the
// sum of e^(x - most) has the order of core/reduce/fold. A row with NaN or plus infinity, or of nothing but minus
// infinity, becomes NaN.
template <typename T>
void softmax(const Kernels<T>& kernels, bool isLog, int64_t rows, int64_t count, const T* x, T* out,
             int threads) noexcept;

}  // namespace conv1d
