// Where a kernel's block of outputs goes. begin() says where the kernel writes it, end() does the rest.
#pragma once

#include <algorithm>
#include <cstring>

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
      : worker_(worker), task_(task), panel_(panel) {}

  T* begin(int64_t) const noexcept { return worker_.staging(); }
  int64_t stride() const noexcept { return kMaxVectors * worker_.kernels().lanes; }

  void end(int64_t column, int64_t columns) const noexcept {
    const int64_t pitch = worker_.plan().foldPitch;
    for (int64_t item = column / pitch; item < task_.items; item++) {
      const int64_t begin = item * pitch;
      if (begin >= column + columns) break;
      const int64_t from = std::max(begin, column);
      const int64_t to = std::min(begin + worker_.geometry().outLength, column + columns);
      if (from < to) copy(item, from - begin, from - column, to - from);
    }
  }

 private:
  void copy(int64_t item, int64_t to, int64_t from, int64_t count) const noexcept {
    const int64_t firstRow = worker_.panels().begin(panel_);
    for (int64_t row = 0; row < worker_.panels().size(panel_); row++) {
      T* out = worker_.output(task_.firstItem + item, task_.group, firstRow + row) + to;
      std::memcpy(out, worker_.staging() + row * stride() + from, static_cast<size_t>(count) * sizeof(T));
    }
  }

  const Worker<T>& worker_;
  const Task& task_;
  const int64_t panel_;
};

// Into the staging block, positions in rows and channels in columns, and from there transposed into the output rows.
template <typename T>
class TransposedSink {
 public:
  TransposedSink(const Worker<T>& worker, const Task& task, int64_t panel) noexcept
      : staging_(worker.staging()),
        out_(worker.output(task.firstItem, task.group, worker.panels().begin(panel)) + task.firstColumn),
        outLength_(worker.geometry().outLength),
        channels_(worker.panels().size(panel)),
        stride_(kMaxVectors * worker.kernels().lanes) {}

  T* begin(int64_t) const noexcept { return staging_; }
  int64_t stride() const noexcept { return stride_; }

  void end(int64_t column, int64_t positions) const noexcept {
    for (int64_t channel = 0; channel < channels_; channel++) {
      for (int64_t i = 0; i < positions; i++) {
        out_[channel * outLength_ + column + i] = staging_[i * stride_ + channel];
      }
    }
  }

 private:
  T* const staging_;
  T* const out_;
  const int64_t outLength_;
  const int64_t channels_;
  const int64_t stride_;
};

}  // namespace conv1d
