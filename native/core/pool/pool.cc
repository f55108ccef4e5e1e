#include "core/pool/pool.h"

#include "core/finished.h"
#include "core/pool/reduce.h"
#include "core/pool/slide.h"
#include "core/reduce/reduce.h"

namespace conv1d {
namespace {

template <typename T>
void slideMax(const Kernels<T>& kernels, const Windows& windows, const T* x, T* out, int64_t* indices,
              int threads) noexcept {
  slide(kernels, {kernels.windowMax, kernels.apartMax, nullptr}, windows, x, out, threads,
        [&](const T* row, const Windows& moved, int64_t column) {
          return finished(largestOf(kernels, row, moved.at(column)));
        });
  if (indices == nullptr) return;
  const double work = static_cast<double>(windows.rows) * static_cast<double>(windows.outLength) *
                      static_cast<double>(std::min(windows.kernelSize, windows.length));
  forEachStretch(windows.rows, windows.outLength, work, threads, [&](int64_t row, int64_t begin, int64_t end) {
    for (int64_t column = begin; column < end; column++) {
      indices[row * windows.outLength + column] = indexOfLargest(x + row * windows.length, windows.at(column));
    }
  });
}

// Whether every window is a row of its own, too long for a chain.
bool areLongRows(const Windows& windows) noexcept {
  return windows.kernelSize > kMostTaps && windows.padding == 0 && windows.stride == windows.kernelSize &&
         windows.length == windows.outLength * windows.stride;
}

template <typename T>
Status slideMean(const Kernels<T>& kernels, const Windows& windows, bool countsPadding, const T* x, T* out,
                 int threads) noexcept {
  if (areLongRows(windows)) {
    const FoldShape rows{windows.rows * windows.outLength, windows.kernelSize, 1};
    return reduce<T>(kernels, kReduceMean, rows, 0, x, out, threads);
  }
  slide(kernels, {kernels.windowMean, kernels.apartMean, kernels.foldRows[kFoldSum]}, windows, x, out, threads,
        [&](const T* row, const Windows& moved, int64_t column) {
          const Window window = moved.at(column);
          if (window.count == 0) return T{0};
          const int64_t divisor = countsPadding ? moved.paddedCount(column) : window.count;
          return finished(sumOf(kernels, row + window.first, window.count) / static_cast<T>(divisor));
        });
  return Status::kOk;
}

// Whether the windows are those of a plain pooling, which is quicker.
bool isPlain(const AdaptiveShape& shape) noexcept { return shape.length % shape.outLength == 0; }

Status makePlain(const AdaptiveShape& shape, Windows* windows) noexcept {
  const int64_t size = shape.length / shape.outLength;
  return makeWindows({shape.rows, shape.length, size, size, 0, 1, shape.outLength}, windows);
}

template <typename Body>
Status forEachAdaptive(const AdaptiveShape& shape, int threads, const Body& body) noexcept {
  int64_t product = 0;
  if (!checkedMultiply(shape.outLength, shape.length, &product)) return Status::kOverflow;
  const double work =
      static_cast<double>(shape.rows) * (static_cast<double>(shape.length) + 2 * static_cast<double>(shape.outLength));
  forEachStretch(shape.rows, shape.outLength, work, threads, [&](int64_t row, int64_t begin, int64_t end) {
    for (int64_t column = begin; column < end; column++) {
      body(row * shape.length, row * shape.outLength + column, shape.at(column));
    }
  });
  return Status::kOk;
}

bool isEmpty(const AdaptiveShape& shape) noexcept { return shape.rows == 0 || shape.outLength == 0; }

}  // namespace

template <typename T>
Status maxPool(const Kernels<T>& kernels, const PoolShape& shape, const T* x, T* out, int64_t* indices,
               int threads) noexcept {
  Windows windows;
  if (const Status status = makeWindows(shape, &windows); status != Status::kOk) return status;
  if (shape.rows > 0 && shape.outLength > 0) slideMax(kernels, windows, x, out, indices, threads);
  return Status::kOk;
}

template <typename T>
Status avgPool(const Kernels<T>& kernels, const PoolShape& shape, bool countsPadding, const T* x, T* out,
               int threads) noexcept {
  Windows windows;
  if (const Status status = makeWindows(shape, &windows); status != Status::kOk) return status;
  if (shape.dilation != 1) return Status::kInvalidArgument;
  if (shape.rows == 0 || shape.outLength == 0) return Status::kOk;
  return slideMean(kernels, windows, countsPadding, x, out, threads);
}

template <typename T>
Status adaptiveMaxPool(const Kernels<T>& kernels, const AdaptiveShape& shape, const T* x, T* out, int64_t* indices,
                       int threads) noexcept {
  if (!shape.isValid()) return Status::kInvalidArgument;
  if (isEmpty(shape)) return Status::kOk;
  if (isPlain(shape)) {
    Windows windows;
    if (const Status status = makePlain(shape, &windows); status != Status::kOk) return status;
    slideMax(kernels, windows, x, out, indices, threads);
    return Status::kOk;
  }
  return forEachAdaptive(shape, threads, [&](int64_t row, int64_t at, const Window& window) {
    out[at] = finished(largestOf(kernels, x + row, window));
    if (indices != nullptr) indices[at] = indexOfLargest(x + row, window);
  });
}

template <typename T>
Status adaptiveAvgPool(const Kernels<T>& kernels, const AdaptiveShape& shape, const T* x, T* out,
                       int threads) noexcept {
  if (!shape.isValid()) return Status::kInvalidArgument;
  if (isEmpty(shape)) return Status::kOk;
  if (isPlain(shape)) {
    Windows windows;
    if (const Status status = makePlain(shape, &windows); status != Status::kOk) return status;
    return slideMean(kernels, windows, false, x, out, threads);
  }
  return forEachAdaptive(shape, threads, [&](int64_t row, int64_t at, const Window& window) {
    out[at] = finished(sumOf(kernels, x + row + window.first, window.count) / static_cast<T>(window.count));
  });
}

#define CONV1D_INSTANTIATE(T)                                                                                        \
  template Status maxPool<T>(const Kernels<T>&, const PoolShape&, const T*, T*, int64_t*, int) noexcept;             \
  template Status avgPool<T>(const Kernels<T>&, const PoolShape&, bool, const T*, T*, int) noexcept;                 \
  template Status adaptiveMaxPool<T>(const Kernels<T>&, const AdaptiveShape&, const T*, T*, int64_t*, int) noexcept; \
  template Status adaptiveAvgPool<T>(const Kernels<T>&, const AdaptiveShape&, const T*, T*, int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
