// A strip of a product of matrices: as many rows as a micro-kernel takes, times panels.
#pragma once

#include <cstdint>

#include "core/product/panels.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// out[r][n] = bias[n] + sum over c of tile[c][r] * panel[c][n], or continues the sums in `out`.
template <typename T>
struct Strip {
  const T* tile;  // [depth][rows]: of a single row, the row itself
  int64_t rows;   // at most blocks.maxRows
  int64_t depth;
  T* out;  // column 0 of the first row
  int64_t outStride;
  const T* bias;  // of column 0, or null; read only when `first`
  bool first;     // as in MicrokernelArgs
  bool last;
};

// One panel, whose first column is `column`.
template <typename T>
void multiplyPanel(const Kernels<T>& kernels, const Strip<T>& strip, const Panel<T>& panel, int64_t column,
                   int64_t columns) noexcept;

// Panels [begin, end), from row c on.
template <typename T>
void multiplyPanels(const Kernels<T>& kernels, const Strip<T>& strip, const Panels<T>& panels, int64_t c, int64_t begin,
                    int64_t end) noexcept;

}  // namespace conv1d
