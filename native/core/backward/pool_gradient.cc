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

// Windows of few elements, and how many of them are looked at together.
constexpr int64_t kFewTaps = 8;
constexpr int64_t kTogether = 256;

// Where the largest of up to kTogether windows lie that are inside, of kFewTaps elements at most: which tap it is. As
// indexOfLargest has it, but tap by tap over all windows: no branch depends on a value, and loops are over neighbours.
template <typename T>
void tapsOfLargest(const Kernels<T>& kernels, const Windows& windows, const T* x, int64_t count,
                   int32_t* places) noexcept {
  T copies[kFewTaps][kTogether];
  const T* taps[kFewTaps] = {};
  T most[kTogether];
  int32_t nans[kTogether];
  const auto last = static_cast<int32_t>(windows.kernelSize) - 1;
  for (int32_t k = 0; k <= last; k++) {
    const T* const from = x + k * windows.dilation;
    if (windows.stride > 1) kernels.stridedCopy(from, windows.stride, count, copies[k]);
    taps[k] = windows.stride > 1 ? copies[k] : from;
  }
  std::copy_n(taps[0], count, most);
  std::fill_n(nans, count, -1);
  for (int32_t k = 0; k <= last; k++) {
    const T* const tap = taps[k];
    for (int64_t i = 0; i < count; i++) {
      most[i] = tap[i] > most[i] ? tap[i] : most[i];
      nans[i] = tap[i] != tap[i] ? k : nans[i];
    }
  }
  std::fill_n(places, count, 0);
  for (int32_t k = last; k >= 0; k--) {
    const T* const tap = taps[k];
    for (int64_t i = 0; i < count; i++) places[i] = tap[i] == most[i] ? k : places[i];
  }
  for (int64_t i = 0; i < count; i++) places[i] = nans[i] < 0 ? places[i] : nans[i];
}

template <typename T>
void addMaxima(const Kernels<T>& kernels, const Windows& windows, const T* x, const T* gradient, T* out) noexcept {
  const auto addOneByOne = [&](int64_t begin, int64_t end) {
    for (int64_t column = begin; column < end; column++) {
      const Window window = windows.at(column);
      if (window.count > 0) out[indexOfLargest(x, window)] += gradient[column];
    }
  };
  const bool areFew = windows.kernelSize <= kFewTaps;
  addOneByOne(0, areFew ? windows.insideBegin : windows.outLength);
  if (!areFew) return;
  for (int64_t begin = windows.insideBegin; begin < windows.insideEnd; begin += kTogether) {
    const int64_t count = std::min(kTogether, windows.insideEnd - begin);
    const int64_t first = begin * windows.stride - windows.padding;
    int32_t places[kTogether];
    tapsOfLargest(kernels, windows, x + first, count, places);
    for (int64_t i = 0; i < count; i++) {
      out[first + i * windows.stride + places[i] * windows.dilation] += gradient[begin + i];
    }
  }
  addOneByOne(windows.insideEnd, windows.outLength);
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
    addMaxima(kernels, windows, x + row * shape.length, gradient + row * shape.outLength, to);
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
