// Where a kernel's block of outputs goes. begin() says where the kernel writes it, end() does the rest.
#pragma once

#include <algorithm>

#include "core/run/copy_short.h"
#include "core/run/worker.h"

namespace conv1d {

// Straight into the output rows.
template <typename T>
class DirectSink {
 public:
  DirectSink(const Worker<T>& worker, const Task& task, int64_t panel) noexcept
      : out_(worker.output(task.firstItem, task.group, worker.panels().begin(panel)) + task.firstColumn),
        stride_(worker.geometry().outLength) {}

  T* begin(int64_t column) const noexcept { return out_ + column; }
  int64_t stride() const noexcept { return stride_; }
  void end(int64_t, int64_t) const noexcept {}

 private:
  T* const out_;
  const int64_t stride_;
};

// Into the staging block, and from there to the items of a folded tile; columns that straddle two items are dropped.
template <typename T>
class FoldedSink {
 public:
  FoldedSink(const Worker<T>& worker, const Task& task, int64_t panel) noexcept
      : staging_(worker.staging()),
        out_(worker.output(task.firstItem, task.group, worker.panels().begin(panel))),
        outLength_(worker.geometry().outLength),
        itemStride_(worker.parameters().outChannels * outLength_),
        pitch_(worker.plan().foldPitch),
        items_(task.items),
        rows_(worker.panels().size(panel)),
        stride_(kMaxVectors * worker.kernels().lanes) {}

  T* begin(int64_t) const noexcept { return staging_; }
  int64_t stride() const noexcept { return stride_; }

  void end(int64_t column, int64_t columns) const noexcept {
    for (int64_t item = column == 0 ? 0 : column / pitch_; item < items_; item++) {
      const int64_t begin = item * pitch_;
      if (begin >= column + columns) break;
      const int64_t from = std::max(begin, column);
      const int64_t to = std::min(begin + outLength_, column + columns);
      if (from < to) copy(out_ + item * itemStride_ + (from - begin), staging_ + (from - column), to - from);
    }
  }

 private:
  void copy(T* out, const T* from, int64_t count) const noexcept {
    for (int64_t row = 0; row < rows_; row++) {
      copyShort(from + row * stride_, count, out + row * outLength_);
    }
  }

  T* const staging_;
  T* const out_;
  const int64_t outLength_;
  const int64_t itemStride_;
  const int64_t pitch_;
  const int64_t items_;
  const int64_t rows_;
  const int64_t stride_;
};

}  // namespace conv1d
