#include "core/product/product.h"

#include <algorithm>
#include <cstring>

#include "core/checked_math.h"
#include "core/product/strip.h"

namespace conv1d {
namespace {

template <typename T>
int64_t depthPerBlock(const Kernels<T>& kernels, const Product<T>& product) noexcept {
  const int64_t strip = kernels.blocks.maxRows * static_cast<int64_t>(sizeof(T));
  return Parts(std::max<int64_t>(product.depth, 1), kernels.blocks.productStripBytes / strip).size(0);
}

// to[c][j] = matrix(j, c): `count` rows of a matrix, next to each other for each column.
template <typename T>
void packRows(const Kernels<T>& kernels, const StridedMatrix<T>& matrix, int64_t count, int64_t depth, T* to) noexcept {
  if (matrix.column == 1) return kernels.interleaveRows(matrix.data, matrix.row, count, depth, to);
  for (int64_t c = 0; c < depth; c++, to += count) {
    const T* from = matrix.data + c * matrix.column;
    if (matrix.row == 1) {
      std::memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
    } else {
      for (int64_t j = 0; j < count; j++) to[j] = from[j * matrix.row];
    }
  }
}

template <typename T>
StridedMatrix<T> from(const StridedMatrix<T>& matrix, int64_t row, int64_t column) noexcept {
  return {matrix.data + row * matrix.row + column * matrix.column, matrix.row, matrix.column};
}

template <typename T>
bool packsPanels(const Kernels<T>& kernels, const Product<T>& product, int64_t strips) noexcept {
  if (product.panels != nullptr) return false;
  return product.b.column != 1 || strips >= kernels.blocks.productStripsToPack;
}

// Some rows of a part, up to blocks.productRows, and a block of their depth.
template <typename T>
class Rows {
 public:
  Rows(const Kernels<T>& kernels, const Product<T>& product, int64_t first, int64_t count, int64_t capacity,
       T* scratch) noexcept
      : kernels_(kernels),
        product_(product),
        first_(first),
        strips_(count, kernels.blocks.maxRows),
        tiles_(scratch),
        panel_(scratch + capacity) {}

  void multiply(int64_t c, int64_t depth, const ProductPart& part) noexcept {
    if (isCancelled()) return;
    // A single row whose elements lie side by side is its own tile.
    inPlace_ = strips_.count() == 1 && strips_.size(0) == 1 && product_.a.column == 1;
    if (!inPlace_) {
      for (int64_t s = 0; s < strips_.count(); s++) {
        packRows(kernels_, from(product_.a, first_ + strips_.begin(s), c), strips_.size(s), depth,
                 tiles_ + strips_.begin(s) * depth);
      }
    }
    const Parts parts = columnPanels(kernels_, product_.columns);
    if (inPlace_ && product_.panels == nullptr && product_.b.row == 1 && product_.bias == nullptr) {
      const int64_t last = part.endPanel - 1;
      return multiplyColumns(c, depth, parts.begin(part.firstPanel), parts.begin(last) + parts.size(last),
                             parts.size(0));
    }
    if (packsPanels(kernels_, product_, strips_.count())) {
      for (int64_t panel = part.firstPanel; panel < part.endPanel && !isCancelled(); panel++) {
        const int64_t column = parts.begin(panel);
        const int64_t width = parts.size(panel);
        const StridedMatrix<T> columns = from(product_.b, c, column);
        packRows(kernels_, {columns.data, columns.column, columns.row}, width, depth, panel_);
        for (int64_t s = 0; s < strips_.count(); s++) {
          multiplyPanel(kernels_, strip(s, c, depth), {panel_, width}, column, width);
        }
      }
      return;
    }
    const Panels<T> panels = product_.panels != nullptr ? Panels<T>::packed(product_.panels, parts, product_.depth)
                                                        : Panels<T>::inRows(product_.b.data, parts, product_.b.row);
    if (strips_.count() == 1) {
      return multiplyPanels(kernels_, strip(0, c, depth), panels, c, part.firstPanel, part.endPanel);
    }
    for (int64_t panel = part.firstPanel; panel < part.endPanel && !isCancelled(); panel++) {
      for (int64_t s = 0; s < strips_.count(); s++) {
        multiplyPanel(kernels_, strip(s, c, depth), panels.at(panel, c), parts.begin(panel), parts.size(panel));
      }
    }
  }

 private:
  // A row of its own: packing columns that are read once would take longer than the products.
  void multiplyColumns(int64_t c, int64_t depth, int64_t begin, int64_t end, int64_t widest) noexcept {
    const Strip<T> row = strip(0, c, depth);
    const StridedMatrix<T> columns = from(product_.b, c, begin);
    const int64_t dots = (end - begin) / kDots * kDots;
    kernels_.rowDots({row.tile, depth, columns.data, columns.column, dots, row.out + begin, row.first, row.last});
    for (int64_t column = begin + dots, width = 0; column < end; column += width) {
      width = std::min(end - column, widest);
      packRows(kernels_, {from(product_.b, c, column).data, product_.b.column, 1}, width, depth, panel_);
      multiplyPanel(kernels_, row, {panel_, width}, column, width);
    }
  }

  bool isCancelled() const noexcept {
    return product_.cancelled != nullptr && product_.cancelled->load(std::memory_order_relaxed);
  }

  Strip<T> strip(int64_t s, int64_t c, int64_t depth) const noexcept {
    const int64_t row = first_ + strips_.begin(s);
    return {inPlace_ ? product_.a.data + row * product_.a.row + c : tiles_ + strips_.begin(s) * depth,
            strips_.size(s),
            depth,
            product_.out + row * product_.outStride,
            product_.outStride,
            product_.bias,
            c == 0,
            product_.last && c + depth >= product_.depth};
  }

  const Kernels<T>& kernels_;
  const Product<T>& product_;
  const int64_t first_;
  const Parts strips_;
  T* const tiles_;
  T* const panel_;
  bool inPlace_ = false;
};

}  // namespace

template <typename T>
int64_t productScratch(const Kernels<T>& kernels, const Product<T>& product, int64_t rows) noexcept {
  const int64_t depth = depthPerBlock(kernels, product);
  const int64_t panel = product.panels != nullptr ? 0 : columnPanels(kernels, product.columns).size(0);
  return (std::min(rows, kernels.blocks.productRows) + panel) * depth;
}

template <typename T>
void multiply(const Kernels<T>& kernels, const Product<T>& product, const ProductPart& part, T* scratch) noexcept {
  const int64_t block = depthPerBlock(kernels, product);
  const Parts groups(part.endRow - part.firstRow, kernels.blocks.productRows);
  for (int64_t group = 0; group < groups.count(); group++) {
    Rows<T> rows(kernels, product, part.firstRow + groups.begin(group), groups.size(group), groups.size(0) * block,
                 scratch);
    // Of an empty sum one block without products is left, which stores the bias.
    for (int64_t c = 0; c == 0 || c < product.depth; c += block) {
      rows.multiply(c, std::min(block, product.depth - c), part);
    }
  }
}

#define CONV1D_INSTANTIATE(T)                                                                 \
  template int64_t productScratch<T>(const Kernels<T>&, const Product<T>&, int64_t) noexcept; \
  template void multiply<T>(const Kernels<T>&, const Product<T>&, const ProductPart&, T*) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
