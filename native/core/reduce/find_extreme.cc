// The extreme element first, as a vector at a time, then where it lies.
#include <algorithm>

#include "core/checked_math.h"
#include "core/reduce/reduce.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

constexpr int64_t kStrip = 512;  // columns at a time
constexpr int64_t kRun = 64;     // elements of a row that are compared before anybody looks

// An element is the extreme itself, or NaN where the extreme is.
template <typename T>
bool isExtreme(T x, T extreme) noexcept {
  return (x == extreme) | (x != x);
}

template <typename T>
int64_t firstInRow(const T* x, int64_t count, T extreme) noexcept {
  int64_t i = 0;
  for (; i + kRun <= count; i += kRun) {
    int found = 0;
    for (int64_t j = 0; j < kRun; j++) found |= isExtreme(x[i + j], extreme);
    if (found != 0) break;
  }
  while (i < count - 1 && !isExtreme(x[i], extreme)) i++;
  return i;
}

// From the last row to the first, so that the first one has the last word.
template <typename T>
void firstInColumns(const T* x, const FoldShape& shape, int64_t width, const T* extremes, int64_t* out) noexcept {
  std::fill_n(out, width, 0);
  for (int64_t i = shape.count - 1; i >= 0; i--) {
    const T* const row = x + i * shape.inner;
    for (int64_t c = 0; c < width; c++) out[c] = isExtreme(row[c], extremes[c]) ? i : out[c];
  }
}

template <typename T>
void find(const FoldShape& shape, const T* x, const T* extremes, int64_t* out, int threads) noexcept {
  const int64_t strips = ceilDivide(shape.inner, kStrip);
  const int workers = usefulFoldThreads(shape.outer * shape.count * shape.inner, threads);
  parallelFor(shape.outer * strips, workers, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;  // where denormals are zeros, they compare as such
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      for (int64_t task = begin; task < end; task++) {
        const int64_t column = task % strips * kStrip;
        const int64_t to = task / strips * shape.inner + column;
        const T* const from = x + task / strips * shape.count * shape.inner + column;
        if (shape.inner == 1) {
          out[to] = firstInRow(from, shape.count, extremes[to]);
        } else {
          firstInColumns(from, shape, std::min(kStrip, shape.inner - column), extremes + to, out + to);
        }
      }
    }
  });
}

}  // namespace

template <typename T>
Status findExtreme(const Kernels<T>& kernels, bool isLargest, const FoldShape& shape, const T* x, int64_t* out,
                   int threads) noexcept {
  const int64_t results = shape.outer * shape.inner;
  if (results == 0) return Status::kOk;
  if (shape.count == 0) return Status::kInvalidArgument;
  const Scratch scratch(1, static_cast<size_t>(results) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  T* const extremes = reinterpret_cast<T*>(scratch.of(0));
  const Status status = fold<T>(kernels, isLargest ? kFoldMaximum : kFoldMinimum, shape, x, nullptr, extremes, threads);
  if (status == Status::kOk) find<T>(shape, x, extremes, out, threads);
  return status;
}

template <typename T>
Status findExtreme(bool isLargest, const FoldShape& shape, const T* x, int64_t* out, int threads) noexcept {
  const int64_t results = shape.outer * shape.inner;
  if (results == 0) return Status::kOk;
  if (shape.count == 0) return Status::kInvalidArgument;
  const Scratch scratch(1, static_cast<size_t>(results) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  T* const extremes = reinterpret_cast<T*>(scratch.of(0));
  reduceIntegers<T>(isLargest ? kReduceMaximum : kReduceMinimum, shape, x, extremes, threads);
  find<T>(shape, x, extremes, out, threads);
  return Status::kOk;
}

#define CONV1D_INSTANTIATE(T) \
  template Status findExtreme<T>(const Kernels<T>&, bool, const FoldShape&, const T*, int64_t*, int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE
#define CONV1D_INSTANTIATE(T) template Status findExtreme<T>(bool, const FoldShape&, const T*, int64_t*, int) noexcept;
CONV1D_INSTANTIATE(int32_t)
CONV1D_INSTANTIATE(int64_t)
CONV1D_INSTANTIATE(uint8_t)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
