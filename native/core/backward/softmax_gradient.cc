#include "core/backward/softmax_gradient.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/pointwise/broadcast.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

constexpr int64_t kLeastPerWorker = 16384;  // elements
constexpr int64_t kCachedElements = 4096;   // of the rows that are read several times

// Up to kMaxLanes rows.
template <typename T>
void gradientOfRows(const Kernels<T>& kernels, bool isLog, int64_t rows, int64_t count, const T* y, const T* g,
                    T* out) noexcept {
  T sums[kMaxLanes];
  const int64_t elements = rows * count;
  if (!isLog) kernels.binary[kMul]({g, y, out, elements, false, false});
  foldRows<T>(kernels, kFoldSum, isLog ? g : out, rows, count, nullptr, nullptr, sums);
  if (isLog) kernels.unary[kExp]({y, out, elements, T{0}, T{0}});
  for (int64_t row = 0; row < rows; row++) {
    T* const to = out + row * count;
    if (isLog) {
      kernels.binary[kMul]({to, sums + row, to, count, false, true});
    } else {
      kernels.binary[kSub]({g + row * count, sums + row, to, count, false, true});
    }
  }
  if (isLog) {
    kernels.binary[kSub]({g, out, out, elements, false, false});
  } else {
    kernels.binary[kMul]({out, y, out, elements, false, false});
  }
}

template <typename T>
void gradientOfAllRows(const Kernels<T>& kernels, bool isLog, int64_t rows, int64_t count, const T* y,
                       const T* gradient, T* out, int threads) noexcept {
  const int64_t group = std::clamp<int64_t>(kCachedElements / count, 1, kMaxLanes);
  parallelFor(ceilDivide(rows, group), threads, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      for (int64_t row = begin * group; row < std::min(rows, end * group); row += group) {
        const int64_t first = row * count;
        gradientOfRows<T>(kernels, isLog, std::min(group, rows - row), count, y + first, gradient + first, out + first);
      }
    }
  });
}

// Columns of `count` elements: those of an item have their sums side by side, in `sums` (outer, inner).
template <typename T>
void gradientOfColumns(const Kernels<T>& kernels, bool isLog, const FoldShape& shape, const T* y, const T* gradient,
                       const T* sums, T* out, int threads) noexcept {
  const int64_t inner = shape.inner;
  const int64_t group = std::max<int64_t>(kCachedElements / inner, 1);
  parallelFor(ceilDivide(shape.outer * shape.count, group), threads, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      for (int64_t row = begin * group; row < std::min(shape.outer * shape.count, end * group); row++) {
        const T* const g = gradient + row * inner;
        const T* const value = y + row * inner;
        const T* const sum = sums + row / shape.count * inner;
        T* const to = out + row * inner;
        if (isLog) {
          kernels.unary[kExp]({value, to, inner, T{0}, T{0}});
          kernels.binary[kMul]({to, sum, to, inner, false, false});
          kernels.binary[kSub]({g, to, to, inner, false, false});
        } else {
          kernels.binary[kSub]({g, sum, to, inner, false, false});
          kernels.binary[kMul]({to, value, to, inner, false, false});
        }
      }
    }
  });
}

}  // namespace

template <typename T>
Status softmaxGradient(const Kernels<T>& kernels, bool isLog, const FoldShape& shape, const T* y, const T* gradient,
                       T* out, int threads) noexcept {
  const int64_t elements = shape.outer * shape.count * shape.inner;
  if (elements == 0) return Status::kOk;
  const auto workers = static_cast<int>(std::clamp<int64_t>(elements / kLeastPerWorker, 1, threads));
  if (shape.inner == 1) {
    gradientOfAllRows<T>(kernels, isLog, shape.outer, shape.count, y, gradient, out, workers);
    return Status::kOk;
  }
  const Scratch scratch(1, static_cast<size_t>(shape.outer * shape.inner) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  T* const sums = reinterpret_cast<T*>(scratch.of(0));
  if (!isLog) {
    forEachBlock(elements, threads, [&](int64_t begin, int64_t count) {
      kernels.binary[kMul]({gradient + begin, y + begin, out + begin, count, false, false});
    });
  }
  const Status status = fold<T>(kernels, kFoldSum, shape, isLog ? gradient : out, nullptr, sums, threads);
  if (status != Status::kOk) return status;
  gradientOfColumns<T>(kernels, isLog, shape, y, gradient, sums, out, workers);
  return Status::kOk;
}

#define CONV1D_INSTANTIATE(T) \
  template Status softmaxGradient<T>(const Kernels<T>&, bool, const FoldShape&, const T*, const T*, T*, int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
