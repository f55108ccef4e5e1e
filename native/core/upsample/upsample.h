// Longer or shorter rows, as PyTorch's Upsample makes them ('nearest' and 'linear').
//
// Where an output is read from is computed as PyTorch does it, in the format of the elements, so that both round alike.
#pragma once

#include <cstdint>

#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

struct UpsampleShape {
  int64_t rows;
  int64_t length;  // 1 or more
  int64_t outLength;
  double scale;  // the factor that was asked for; 0: outLength / length
};

// out[i] = x[min(floor(i / scale), length - 1)]: copies, bit for bit.
template <typename T>
Status upsampleNearest(const Kernels<T>& kernels, const UpsampleShape& shape, const T* x, T* out, int threads) noexcept;

// Between the two neighbours of (i + 0.5) / scale - 0.5, or with `alignCorners` of i (length - 1) / (outLength - 1).
template <typename T>
Status upsampleLinear(const Kernels<T>& kernels, const UpsampleShape& shape, bool alignCorners, const T* x, T* out,
                      int threads) noexcept;

}  // namespace conv1d
