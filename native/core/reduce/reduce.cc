#include "core/reduce/reduce.h"

#include <algorithm>
#include <limits>

#include "core/checked_math.h"
#include "core/reduce/moments.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

constexpr int64_t kFinishBlock = 16384;

// out[i] = function(out[i], operand), as a chain ends.
template <typename T>
void finish(const Kernels<T>& kernels, BinaryFunction function, T operand, T* out, int64_t count,
            int threads) noexcept {
  parallelFor(ceilDivide(count, kFinishBlock), usefulFoldThreads(count, threads), [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      const int64_t first = begin * kFinishBlock;
      const int64_t elements = std::min(count, end * kFinishBlock) - first;
      kernels.binary[function]({out + first, &operand, out + first, elements, false, true});
    }
  });
}

// The rows lie one after the other, so that the second pass finds them in the cache.
template <typename T>
void varianceOfRows(const Kernels<T>& kernels, const FoldShape& shape, const T* x, T* out, int threads) noexcept {
  parallelFor(ceilDivide(shape.outer, kMaxLanes), usefulFoldThreads(shape.outer * shape.count, threads),
              [&](int, TaskRange& tasks) {
                const StandardFloatMode mode;
                for (int64_t begin, end; tasks.take(&begin, &end);) {
                  for (int64_t row = begin * kMaxLanes; row < std::min(shape.outer, end * kMaxLanes);
                       row += kMaxLanes) {
                    const int64_t rows = std::min<int64_t>(kMaxLanes, shape.outer - row);
                    T means[kMaxLanes];
                    momentsOfRows<T>(kernels, x + row * shape.count, rows, shape.count, means, out + row);
                  }
                }
              });
}

template <typename T>
Status squaresAroundMean(const Kernels<T>& kernels, const FoldShape& shape, const T* x, T* out, int threads) noexcept {
  const int workers = usefulFoldThreads(shape.outer * shape.count, threads);
  if (shape.inner == 1 && shape.outer >= int64_t{kMaxLanes} * workers) {
    varianceOfRows(kernels, shape, x, out, threads);
    return Status::kOk;
  }
  const int64_t results = shape.outer * shape.inner;
  const Scratch scratch(1, static_cast<size_t>(results) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  T* const means = reinterpret_cast<T*>(scratch.of(0));
  if (const Status status = fold<T>(kernels, kFoldSum, shape, x, nullptr, means, threads); status != Status::kOk) {
    return status;
  }
  finish<T>(kernels, kDiv, static_cast<T>(shape.count), means, results, threads);
  return fold<T>(kernels, kFoldSquares, shape, x, means, out, threads);
}

FoldFunction foldOf(Reduction reduction) noexcept {
  switch (reduction) {
    case kReduceProduct:
      return kFoldProduct;
    case kReduceMaximum:
      return kFoldMaximum;
    case kReduceMinimum:
      return kFoldMinimum;
    case kReduceNorm:
      return kFoldSquares;
    default:
      return kFoldSum;
  }
}

template <typename T>
T ofNothing(Reduction reduction) noexcept {
  if (reduction == kReduceMean || reduction == kReduceVariance) return std::numeric_limits<T>::quiet_NaN();
  return reduction == kReduceProduct ? T{1} : T{0};
}

}  // namespace

template <typename T>
Status reduce(const Kernels<T>& kernels, Reduction reduction, const FoldShape& shape, double correction, const T* x,
              T* out, int threads) noexcept {
  const int64_t results = shape.outer * shape.inner;
  if (reduction == kReduceAny || reduction == kReduceAll) return Status::kInvalidArgument;
  if (results == 0) return Status::kOk;
  if (shape.count == 0) {
    if (reduction == kReduceMaximum || reduction == kReduceMinimum) return Status::kInvalidArgument;
    std::fill_n(out, results, ofNothing<T>(reduction));
    return Status::kOk;
  }
  const StandardFloatMode mode;  // counts are rounded as well
  const auto count = static_cast<T>(shape.count);
  const Status status = reduction == kReduceVariance
                            ? squaresAroundMean<T>(kernels, shape, x, out, threads)
                            : fold<T>(kernels, foldOf(reduction), shape, x, nullptr, out, threads);
  if (status != Status::kOk) return status;
  switch (reduction) {
    case kReduceMean:
      finish<T>(kernels, kDiv, count, out, results, threads);
      break;
    case kReduceVariance:
      finish<T>(kernels, kDiv, static_cast<T>(std::max(0.0, static_cast<double>(shape.count) - correction)), out,
                results, threads);
      break;
    case kReduceNorm:
      kernels.unary[kSqrt]({out, out, results, T{0}, T{0}});
      break;
    default:
      finish<T>(kernels, kAdd, T{0}, out, results, threads);
  }
  return Status::kOk;
}

template Status reduce<float>(const Kernels<float>&, Reduction, const FoldShape&, double, const float*, float*,
                              int) noexcept;
template Status reduce<double>(const Kernels<double>&, Reduction, const FoldShape&, double, const double*, double*,
                               int) noexcept;

}  // namespace conv1d
