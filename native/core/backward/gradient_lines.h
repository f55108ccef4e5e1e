// What the gradients of norms and of functions with parameters of a channel have in common: sums of lines.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/checked_math.h"
#include "core/finished.h"
#include "kernels/kernel_table.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d {

constexpr int64_t kGradientPerThread = 32768;  // elements, at least
constexpr int64_t kColumnRows = 128;           // that one chain of a column goes down
constexpr int64_t kColumnStrip = 2048;         // columns of a task, where rows are shared out

inline int gradientThreads(int64_t elements, int threads) noexcept {
  return static_cast<int>(std::clamp<int64_t>(elements / kGradientPerThread, 1, threads));
}

// Calls body(task) for each task, on several threads.
template <typename Body>
void forEachTask(int64_t count, int threads, const Body& body) noexcept {
  parallelFor(count, threads, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      for (int64_t task = begin; task < end; task++) body(task);
    }
  });
}

// Lines of `length` elements, of which blocks are summed up by themselves; their sums are (lines, blocks).
struct Lines {
  int64_t count;
  int64_t length;

  int64_t blocks() const noexcept { return ceilDivide(length, kFoldBlock); }
};

// The blocks' sums of one line, `blocks` of them.
template <typename T>
double sumOfBlocks(const T* sums, int64_t blocks) noexcept {
  double sum = 0;
  for (int64_t block = 0; block < blocks; block++) sum += static_cast<double>(sums[block]);
  return sum;
}

// What is written of a sum in float64.
template <typename T>
T rounded(double sum) noexcept {
  return finished(static_cast<T>(sum));
}

}  // namespace conv1d
