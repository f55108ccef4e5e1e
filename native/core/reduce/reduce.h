// Reductions over one dimension: x (outer, count, inner), out (outer, inner).
#pragma once

#include <cstdint>

#include "core/reduce/fold.h"
#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

enum Reduction {
  kReduceSum,
  kReduceMean,
  kReduceProduct,
  kReduceMaximum,
  kReduceMinimum,
  kReduceVariance,  // squares of the distances from the mean, over count - correction, or over 0 where that is negative
  kReduceNorm,      // the root of the sum of squares
  kReduceAny,
  kReduceAll,
  kReductions
};

// `shape.count` may be 0 where that has a result: a sum of 0, a product of 1, a mean of NaN. Writes nothing when it
// fails.
template <typename T>
Status reduce(const Kernels<T>& kernels, Reduction reduction, const FoldShape& shape, double correction, const T* x,
              T* out, int threads) noexcept;

// Whether a reduction of integers has 64-bit results (they wrap), rather than those of the elements' kind.
constexpr bool isWidening(Reduction reduction) noexcept {
  return reduction == kReduceSum || reduction == kReduceProduct;
}

// Sums, products, maxima, minima of int32_t, int64_t and uint8_t, and any and all of uint8_t only. `out` is int64_t
// where the reduction widens, and else T.
template <typename T>
void reduceIntegers(Reduction reduction, const FoldShape& shape, const T* x, void* out, int threads) noexcept;

// Where the largest (or smallest) element lies, the first of equal ones. NaN counts as both.
template <typename T>
Status findExtreme(const Kernels<T>& kernels, bool isLargest, const FoldShape& shape, const T* x, int64_t* out,
                   int threads) noexcept;
template <typename T>
Status findExtreme(bool isLargest, const FoldShape& shape, const T* x, int64_t* out, int threads) noexcept;

}  // namespace conv1d
