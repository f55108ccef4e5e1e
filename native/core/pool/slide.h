// Runs the windows of all rows: those inside by a kernel where a reader is planned, the others one by one.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/checked_math.h"
#include "core/pool/windows.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d {

// Windows of a task, all of one row.
constexpr int64_t kTaskColumns = 4096;

// Elements that are worth a thread.
constexpr double kLeastWork = 65536;

template <typename Body>
void forEachStretch(int64_t rows, int64_t columns, double work, int threads, const Body& body) noexcept {
  const int64_t stretches = ceilDivide(columns, kTaskColumns);
  const auto workers = static_cast<int>(std::clamp(work / kLeastWork, 1.0, static_cast<double>(threads)));
  parallelFor(rows * stretches, workers, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end; task++) {
        const int64_t row = stretches == 1 ? task : task / stretches;
        const int64_t begin = (task - row * stretches) * kTaskColumns;
        body(row, begin, std::min(columns, begin + kTaskColumns));
      }
    }
  });
}

// What computes many windows.
template <typename T>
struct WindowKernels {
  void (*neighbours)(const WindowArgs<T>&);
  void (*apart)(const ApartArgs<T>&);
  void (*folded)(const FoldRowsArgs<T>&);  // sums of up to kFoldBlock elements, more than a chain has; or null
};

// Windows [begin, end), all inside, of the row at x. Returns how many it computed: the first ones.
template <typename T>
int64_t readInside(const Kernels<T>& kernels, const WindowKernels<T>& run, const Windows& windows,
                   const WindowReader& reader, const T* x, int64_t begin, int64_t end, T* out) noexcept {
  const auto divisor = static_cast<T>(windows.kernelSize);
  const T* const from = x + (begin * windows.stride - windows.padding);
  if (run.folded != nullptr && windows.kernelSize > kMostTaps && windows.kernelSize <= kFoldBlock) {
    run.folded({from, windows.stride, windows.kernelSize, end - begin, nullptr, 0, nullptr, out});
    kernels.binary[kDiv]({out, &divisor, out, end - begin, false, true});
    return end - begin;
  }
  if (reader.isInPlace) {
    run.neighbours({from, reader.offsets, windows.kernelSize, end - begin, divisor, out});
    return end - begin;
  }
  if (reader.isTransposed) {
    const int64_t columns = (end - begin) / kernels.lanes * kernels.lanes;
    run.apart({from, windows.stride, windows.kernelSize, columns, divisor, out});
    return columns;
  }
  if (!reader.isCopied) return 0;
  const int64_t shift = (windows.span - 1) / windows.stride;
  T stage[kStage];
  for (int64_t done = 0; done < end - begin; done += reader.columns) {
    const int64_t columns = std::min(reader.columns, end - begin - done);
    for (int64_t copy = 0; copy < reader.copies; copy++) {
      kernels.stridedCopy(from + done * windows.stride + reader.phases[copy], windows.stride,
                          columns + reader.reach[copy], stage + copy * (reader.columns + shift));
    }
    run.neighbours({stage, reader.offsets, windows.kernelSize, columns, divisor, out + done});
  }
  return end - begin;
}

// one(row, column) is the result of one window of the row at `row`.
template <typename T, typename One>
void slide(const Kernels<T>& kernels, const WindowKernels<T>& run, Windows windows, const T* x, T* out, int threads,
           const One& one) noexcept {
  // Windows that tile their rows tile all rows as if they were one.
  if (windows.padding == 0 && windows.span <= windows.stride && windows.length == windows.outLength * windows.stride) {
    windows.length *= windows.rows;
    windows.outLength *= windows.rows;
    windows.rows = 1;
    windows.insideEnd = windows.outLength;
  }
  const WindowReader reader = planReader(windows, kernels.lanes, kernels.apartGroup);
  const double work =
      static_cast<double>(windows.rows) *
      (static_cast<double>(windows.length) +
       static_cast<double>(windows.outLength) * static_cast<double>(std::min(windows.kernelSize, windows.length)));
  forEachStretch(windows.rows, windows.outLength, work, threads, [&](int64_t row, int64_t begin, int64_t end) {
    const T* const from = x + row * windows.length;
    T* const to = out + row * windows.outLength;
    const int64_t insideBegin = std::clamp(windows.insideBegin, begin, end);
    const int64_t insideEnd = std::clamp(windows.insideEnd, insideBegin, end);
    int64_t column = begin;
    for (; column < insideBegin; column++) to[column] = one(from, windows, column);
    if (insideBegin < insideEnd) {
      column += readInside(kernels, run, windows, reader, from, insideBegin, insideEnd, to + insideBegin);
    }
    for (; column < end; column++) to[column] = one(from, windows, column);
  });
}

}  // namespace conv1d
