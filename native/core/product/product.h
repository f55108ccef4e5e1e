// Products of matrices: many rows times panels. Every output is one chain, acc = bias; for c: acc = fma(a, b, acc),
// whatever the blocks.
//
//   rows [begin, end), 128 at a time
//     depth, a block at a time          rows -> strips [c][up to 8 rows], which stay in the caches
//       panels                          one stays in the second cache, or is packed there from a matrix in rows
//         strips                        one micro-kernel each; the sums wait in `out`
#pragma once

#include <atomic>
#include <cstdint>

#include "core/product/panels.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// Element (r, c) is data[r * row + c * column].
template <typename T>
struct StridedMatrix {
  const T* data;
  int64_t row;
  int64_t column;
};

template <typename T>
struct Product {
  StridedMatrix<T> a;  // (rows, depth)
  int64_t depth;
  const T* panels;     // (depth, columns), packed; or null
  StridedMatrix<T> b;  // ... and it lies here
  int64_t columns;
  const T* bias;  // (columns), or null
  T* out;         // (rows, columns)
  int64_t outStride;
  bool last = true;                              // the chains end here
  const std::atomic<bool>* cancelled = nullptr;  // read before every block and panel, unless null
};

// A part of a product.
struct ProductPart {
  int64_t firstRow;
  int64_t endRow;
  int64_t firstPanel;  // of columnPanels
  int64_t endPanel;
};

// Elements of working memory for parts of at most `rows` rows.
template <typename T>
int64_t productScratch(const Kernels<T>& kernels, const Product<T>& product, int64_t rows) noexcept;

template <typename T>
void multiply(const Kernels<T>& kernels, const Product<T>& product, const ProductPart& part, T* scratch) noexcept;

// (depth, columns) in packed panels; `sourceOf(n)` says where column n begins, whose elements lie side by side.
template <typename T, typename SourceOf>
void packPanelsOf(const Parts& parts, int64_t depth, const SourceOf& sourceOf, T* packed) noexcept {
  for (int64_t panel = 0; panel < parts.count(); panel++) {
    const int64_t width = parts.size(panel);
    for (int64_t j = 0; j < width; j++) {
      const T* from = sourceOf(parts.begin(panel) + j);
      for (int64_t c = 0; c < depth; c++) packed[c * width + j] = from[c];
    }
    packed += width * depth;
  }
}

}  // namespace conv1d
