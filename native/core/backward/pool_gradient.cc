#include "core/backward/pool_gradient.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/pool/reduce.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

// Elements that are worth a thread.
constexpr double kLeastWork = 32768;

// body(row, to) adds to the gradient of each row, `to`, which is zeros before.
template <typename T, typename Body>
void forEachRow(const Kernels<T>& kernels, int64_t rows, int64_t length, double work, T* out, int threads,
                const Body& body) noexcept {
  if (length == 0) return;  // of rows of nothing there may be any number
  const auto workers = static_cast<int>(std::clamp(work / kLeastWork, 1.0, static_cast<double>(threads)));
  parallelFor(rows, workers, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t row, end; tasks.take(&row, &end);) {
      for (; row < end; row++) {
        T* const to = out + row * length;
        std::fill_n(to, length, T{0});
        body(row, to);
        const T zero{0};
        kernels.binary[kAdd]({to, &zero, to, length, false, true});  // as chains end
      }
    }
  });
}

double workOf(const Windows& windows) noexcept {
  return static_cast<double>(windows.rows) *
         (static_cast<double>(windows.length) +
          static_cast<double>(windows.outLength) * static_cast<double>(std::min(windows.kernelSize, windows.length)));
}

// The same as indexOfLargest of a window that lies inside, which has an element at least.
template <typename T>
int64_t placeOfLargest(const T* x, int64_t taps, int64_t step) noexcept {
  T largest = x[0];
  int64_t place = 0;
  for (int64_t k = 1; k < taps; k++) {
    const T value = x[k * step];
    const bool isLarger = value > largest || value != value;
    largest = isLarger ? value : largest;
    place = isLarger ? k : place;
  }
  return place * step;
}

template <typename T>
void addMaxima(const Windows& windows, const T* x, const T* gradient, T* out) noexcept {
  const auto addEdge = [&](int64_t begin, int64_t end) {
    for (int64_t column = begin; column < end; column++) {
      const Window window = windows.at(column);
      if (window.count > 0) out[indexOfLargest(x, window)] += gradient[column];
    }
  };
  addEdge(0, windows.insideBegin);
  for (int64_t column = windows.insideBegin; column < windows.insideEnd; column++) {
    const int64_t first = column * windows.stride - windows.padding;
    out[first + placeOfLargest(x + first, windows.kernelSize, windows.dilation)] += gradient[column];
  }
  addEdge(windows.insideEnd, windows.outLength);
}

template <typename T>
void addShare(const Window& window, T share, T* out) noexcept {
  for (int64_t i = window.first; i < window.first + window.count; i++) out[i] += share;
}

// body(window, row, column, to) for every window.
template <typename T, typename Body>
Status forEachAdaptive(const Kernels<T>& kernels, const AdaptiveShape& shape, T* out, int threads,
                       const Body& body) noexcept {
  if (!shape.isValid()) return Status::kInvalidArgument;
  int64_t product = 0;
  if (!checkedMultiply(shape.outLength, shape.length, &product)) return Status::kOverflow;
  const double work =
      static_cast<double>(shape.rows) * (static_cast<double>(shape.length) + 2 * static_cast<double>(shape.outLength));
  forEachRow(kernels, shape.rows, shape.length, work, out, threads, [&](int64_t row, T* to) {
    for (int64_t column = 0; column < shape.outLength; column++) body(shape.at(column), row, column, to);
  });
  return Status::kOk;
}

}  // namespace

template <typename T>
Status maxPoolGradient(const Kernels<T>& kernels, const PoolShape& shape, const T* x, const T* gradient, T* out,
                       int threads) noexcept {
  Windows windows;
  if (const Status status = makeWindows(shape, &windows); status != Status::kOk) return status;
  forEachRow(kernels, shape.rows, shape.length, workOf(windows), out, threads, [&](int64_t row, T* to) {
    addMaxima(windows, x + row * shape.length, gradient + row * shape.outLength, to);
  });
  return Status::kOk;
}

template <typename T>
Status adaptiveMaxPoolGradient(const Kernels<T>& kernels, const AdaptiveShape& shape, const T* x, const T* gradient,
                               T* out, int threads) noexcept {
  return forEachAdaptive(kernels, shape, out, threads, [&](const Window& window, int64_t row, int64_t column, T* to) {
    to[indexOfLargest(x + row * shape.length, window)] += gradient[row * shape.outLength + column];
  });
}

template <typename T>
Status avgPoolGradient(const Kernels<T>& kernels, const PoolShape& shape, bool countsPadding, const T* gradient, T* out,
                       int threads) noexcept {
  Windows windows;
  if (const Status status = makeWindows(shape, &windows); status != Status::kOk) return status;
  if (shape.dilation != 1) return Status::kInvalidArgument;
  forEachRow(kernels, shape.rows, shape.length, workOf(windows), out, threads, [&](int64_t row, T* to) {
    const T* const from = gradient + row * shape.outLength;
    for (int64_t column = 0; column < shape.outLength; column++) {
      const Window window = windows.at(column);
      if (window.count == 0) continue;
      const int64_t divisor = countsPadding ? windows.paddedCount(column) : window.count;
      addShare(window, from[column] / static_cast<T>(divisor), to);
    }
  });
  return Status::kOk;
}

template <typename T>
Status adaptiveAvgPoolGradient(const Kernels<T>& kernels, const AdaptiveShape& shape, const T* gradient, T* out,
                               int threads) noexcept {
  return forEachAdaptive(kernels, shape, out, threads, [&](const Window& window, int64_t row, int64_t column, T* to) {
    addShare(window, gradient[row * shape.outLength + column] / static_cast<T>(window.count), to);
  });
}

#define CONV1D_INSTANTIATE(T)                                                                                    \
  template Status maxPoolGradient<T>(const Kernels<T>&, const PoolShape&, const T*, const T*, T*, int) noexcept; \
  template Status adaptiveMaxPoolGradient<T>(const Kernels<T>&, const AdaptiveShape&, const T*, const T*, T*,    \
                                             int) noexcept;                                                      \
  template Status avgPoolGradient<T>(const Kernels<T>&, const PoolShape&, bool, const T*, T*, int) noexcept;     \
  template Status adaptiveAvgPoolGradient<T>(const Kernels<T>&, const AdaptiveShape&, const T*, T*, int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
