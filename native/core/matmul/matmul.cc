#include "core/matmul/matmul.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/product/product.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

int64_t offsetOf(std::span<const int64_t> shape, std::span<const int64_t> strides, int64_t index) noexcept {
  int64_t offset = 0;
  for (size_t d = shape.size(); d-- > 0;) {
    offset += index % shape[d] * strides[d];
    index /= shape[d];
  }
  return offset;
}

// How a batch of products is cut into tasks: the same part of the rows and panels of each product.
struct Cut {
  int64_t rows;  // of a task
  int64_t rowParts;
  int64_t panels;  // of a task
  int64_t panelParts;
};

template <typename T>
Cut cut(const Kernels<T>& kernels, const MatmulShape& shape, int64_t count, int64_t panels, int threads) noexcept {
  const int64_t strip = kernels.blocks.maxRows;
  const int64_t wanted = threads > 1 ? ceilDivide(int64_t{2} * threads, count) : 1;
  Cut cut{};
  // As few parts of the rows as there may be: each of them reads, and packs, all panels.
  cut.rows = std::min(roundUp(ceilDivide(shape.m, wanted), strip), std::max(shape.m, int64_t{1}));
  cut.rowParts = ceilDivide(shape.m, cut.rows);
  cut.panels = ceilDivide(panels, std::min(panels, ceilDivide(wanted, cut.rowParts)));
  cut.panelParts = ceilDivide(panels, cut.panels);
  return cut;
}

}  // namespace

template <typename T>
Status matmul(const Kernels<T>& kernels, const MatmulShape& shape, const MatrixBatch<T>& a, const MatrixBatch<T>& b,
              T* out, int threads) noexcept {
  int64_t count = 1;
  for (const int64_t size : shape.batch) count *= size;
  if (count == 0 || shape.m == 0 || shape.n == 0) return Status::kOk;
  if (shape.n == 1 && shape.m > 1) {
    // A column has one lane to offer: its transpose is a row, and lies in memory alike.
    return matmul(kernels, {shape.batch, 1, shape.k, shape.m}, {b.data, b.strides, b.column, b.row},
                  {a.data, a.strides, a.column, a.row}, out, threads);
  }

  Product<T> product{};
  product.a = {a.data, a.row, a.column};
  product.depth = shape.k;
  product.b = {b.data, b.row, b.column};
  product.columns = shape.n;
  product.outStride = shape.n;
  const double products = static_cast<double>(count) * static_cast<double>(shape.m) * static_cast<double>(shape.n) *
                          static_cast<double>(shape.k);
  const double useful = std::clamp(products / kernels.blocks.minProductsPerThread, 1.0, static_cast<double>(threads));
  const int64_t panels = columnPanels(kernels, shape.n).count();
  const Cut parts = cut(kernels, shape, count, panels, static_cast<int>(useful));
  const int64_t perProduct = parts.rowParts * parts.panelParts;
  const int workers = static_cast<int>(std::min<int64_t>(static_cast<int64_t>(useful), count * perProduct));
  const Scratch scratch(workers, static_cast<size_t>(productScratch(kernels, product, parts.rows)) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  parallelFor(count * perProduct, workers, [&](int worker, TaskRange& tasks) {
    const StandardFloatMode mode;
    Product<T> one = product;
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end; task++) {
        const int64_t index = task / perProduct;
        one.a.data = a.data + offsetOf(shape.batch, a.strides, index);
        one.b.data = b.data + offsetOf(shape.batch, b.strides, index);
        one.out = out + index * shape.m * shape.n;
        const int64_t row = task % perProduct / parts.panelParts * parts.rows;
        const int64_t panel = task % parts.panelParts * parts.panels;
        multiply(kernels, one,
                 {row, std::min(row + parts.rows, shape.m), panel, std::min(panel + parts.panels, panels)},
                 reinterpret_cast<T*>(scratch.of(worker)));
      }
    }
  });
  return Status::kOk;
}

#define CONV1D_INSTANTIATE(T)                                                                                        \
  template Status matmul<T>(const Kernels<T>&, const MatmulShape&, const MatrixBatch<T>&, const MatrixBatch<T>&, T*, \
                            int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
