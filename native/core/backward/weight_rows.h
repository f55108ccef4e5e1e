// The rows of a block of positions as the kernels of weight gradients read them: packed, or in place where a few rows
// would not be worth packing.
#pragma once

#include <algorithm>
#include <cstring>
#include <span>

#include "core/backward/weight_gradient.h"
#include "core/backward/weight_plan.h"
#include "core/checked_math.h"
#include "core/pack/pack_input.h"

namespace conv1d {

template <typename T>
class WeightRows {
 public:
  // A stretch of a block, in groups of kGradientChains positions.
  struct Run {
    int64_t begin;
    int64_t groups;
    int64_t item;      // whose signals are read in place; kPacked for none
    int64_t position;  // of that item, where the run begins
  };
  static constexpr int64_t kPacked = -1;

  // `gradients` and `inputs` hold plan.packedRows and plan.panelRows rows.
  WeightRows(const WeightPlan& plan, const Kernels<T>& kernels, const WeightGradientCall<T>& call, T* gradients,
             T* inputs) noexcept
      : plan_(plan),
        g_(plan.geometry),
        p_(plan.geometry.parameters),
        kernels_(kernels),
        call_(call),
        gradients_(gradients),
        inputs_(inputs) {}

  // The rows and columns of a task.
  void enter(int64_t group, int64_t firstRow, int64_t firstColumn) noexcept {
    firstGradient_ = group * plan_.rows + firstRow;
    firstInput_ = group * p_.groupInChannels();
    firstColumn_ = firstColumn;
  }

  // Packs `rows` rows of gradients of a block, where it has to.
  void pack(int64_t block, int64_t rows) noexcept {
    begin_ = block * kGradientBlock<T>;
    count_ = std::min(kGradientBlock<T>, plan_.positions - begin_);
    findRuns();
    for (int64_t row = 0; row < rows; row++) {
      forEachPackedStretch(gradients_ + row * plan_.pitch, [&](int64_t item, int64_t position, int64_t count, T* to) {
        std::memcpy(to, gradientOf(item, row) + position, static_cast<size_t>(count) * sizeof(T));
      });
    }
  }

  // Packs what `columns` columns of a panel read.
  void packPanel(int64_t panelColumn, int64_t columns) noexcept {
    panelColumn_ = panelColumn;
    for (int64_t c = 0; c < columns; c++) {
      const int64_t column = firstColumn_ + panelColumn + c;
      const int64_t reach = column % p_.kernelSize * p_.dilation;
      forEachPackedStretch(inputs_ + c * plan_.pitch, [&](int64_t item, int64_t position, int64_t count, T* to) {
        Piece piece{reach % p_.stride, reach / p_.stride, count, 0};
        TileLayout layout;
        layout.pieces = &piece;
        layout.pieceCount = 1;
        packRow(p_, inputOf(item, column), g_.length, layout, position, kernels_.stridedCopy, to);
      });
    }
  }

  std::span<const Run> runs() const noexcept { return {runs_, static_cast<size_t>(runCount_)}; }

  // Where a run's part of a row of gradients begins, and of a column of the panel.
  const T* gradient(const Run& run, int64_t row) const noexcept {
    if (run.item == kPacked) return gradients_ + row * plan_.pitch + run.begin * kGradientChains;
    return gradientOf(run.item, row) + run.position;
  }
  const T* input(const Run& run, int64_t panelColumn) const noexcept {
    if (run.item == kPacked) return inputs_ + panelColumn * plan_.pitch + run.begin * kGradientChains;
    const int64_t column = firstColumn_ + panelColumn_ + panelColumn;
    return inputOf(run.item, column) + (run.position + column % p_.kernelSize * p_.dilation - p_.padLeft);
  }

 private:
  const T* gradientOf(int64_t item, int64_t row) const noexcept {
    return call_.gradient + (item * p_.outChannels + firstGradient_ + row) * g_.outLength;
  }
  const T* inputOf(int64_t item, int64_t column) const noexcept {
    return call_.input + (item * p_.inChannels + firstInput_ + column / p_.kernelSize) * g_.length;
  }

  // In place lies what no tap reads from the padding; whole groups of one item.
  void findRuns() noexcept {
    runCount_ = 0;
    const int64_t groups = ceilDivide(count_, kGradientChains);
    int64_t done = 0;
    if (plan_.readsInPlace) {
      const int64_t firstReal = p_.padLeft;
      const int64_t endReal = std::min(g_.outLength, g_.length + p_.padLeft - p_.reach());
      for (int64_t item = begin_ / g_.outLength; item * g_.outLength < begin_ + count_; item++) {
        const int64_t start = item * g_.outLength - begin_;  // of the item, counted from that of the block
        const int64_t from = ceilDivide(std::max<int64_t>(start + firstReal, 0), kGradientChains);
        const int64_t to = std::min(start + endReal, count_) / kGradientChains;
        if (to - from < kShortestRun) continue;
        if (from > done) runs_[runCount_++] = {done, from - done, kPacked, 0};
        runs_[runCount_++] = {from, to - from, item, from * kGradientChains - start};
        done = to;
      }
    }
    if (done < groups) runs_[runCount_++] = {done, groups - done, kPacked, 0};
  }

  // Calls visit(item, position, count, to) for the stretches of items that packed runs are made of, and writes zeros
  // behind the last position.
  template <typename Visit>
  void forEachPackedStretch(T* row, const Visit& visit) const noexcept {
    for (const Run& run : runs()) {
      if (run.item != kPacked) continue;
      const int64_t first = run.begin * kGradientChains;
      const int64_t end = std::min(first + run.groups * kGradientChains, count_);
      int64_t item = (begin_ + first) / g_.outLength;
      int64_t position = (begin_ + first) % g_.outLength;
      for (int64_t at = first; at < end; item++, position = 0) {
        const int64_t count = std::min(end - at, g_.outLength - position);
        visit(item, position, count, row + at);
        at += count;
      }
      std::fill(row + end, row + (run.begin + run.groups) * kGradientChains, T{0});
    }
  }

  static constexpr int64_t kShortestRun = 8;  // to call a kernel for, twice
  static constexpr int64_t kMostRuns = 2 * kGradientBlock<T> / (kShortestRun * kGradientChains) + 1;

  const WeightPlan& plan_;
  const Geometry& g_;
  const Parameters& p_;
  const Kernels<T>& kernels_;
  const WeightGradientCall<T>& call_;
  T* const gradients_;
  T* const inputs_;

  int64_t firstGradient_ = 0;  // the output channel of the first row
  int64_t firstInput_ = 0;     // the input channel of the group's first column
  int64_t firstColumn_ = 0;
  int64_t panelColumn_ = 0;
  int64_t begin_ = 0;
  int64_t count_ = 0;
  Run runs_[kMostRuns];
  int64_t runCount_ = 0;
};

}  // namespace conv1d
