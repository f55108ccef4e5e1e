// The rows of a block of positions as the kernels of weight gradients read them: packed, or in place where a few rows
// would not be worth packing.
#pragma once

#include <algorithm>

#include "core/backward/weight_gradient.h"
#include "core/backward/weight_plan.h"
#include "core/checked_math.h"
#include "core/pack/pack_input.h"
#include "core/run/copy_short.h"

namespace conv1d {

template <typename T>
class WeightRows {
 public:
  // `pointers` and `elements` are the plan's scratch.
  WeightRows(const WeightPlan& plan, const Kernels<T>& kernels, const WeightGradientCall<T>& call, const T** pointers,
             T* elements) noexcept
      : plan_(plan),
        g_(plan.geometry),
        p_(plan.geometry.parameters),
        kernels_(kernels),
        call_(call),
        gradientPointers_(pointers),
        inputPointers_(pointers + kMostRuns<T> * plan.gradientPointers),
        gradients_(elements),
        inputs_(elements + plan.packedRows * plan.pitch) {}

  // The rows and columns of a task.
  void enter(int64_t group, int64_t firstRow, int64_t firstColumn) noexcept {
    firstGradient_ = group * plan_.rows + firstRow;
    firstInput_ = group * p_.groupInChannels();
    firstColumn_ = firstColumn;
  }

  // The positions of a block, and `rows` rows of its gradients.
  void provideBlock(int64_t block, int64_t rows) noexcept {
    begin_ = block * kGradientBlock<T>;
    count_ = std::min(kGradientBlock<T>, plan_.positions - begin_);
    findRuns();
    for (int64_t row = 0; row < rows; row++) {
      T* const packed = gradients_ + row * plan_.pitch;
      for (int64_t i = 0; i < runCount_; i++) {
        const Run& run = runs_[i];
        gradientPointers_[i * plan_.gradientPointers + row] =
            run.isPacked ? packed + run.begin * kGradientChains : gradientOf(run.item, row) + run.position;
      }
      forEachPackedStretch(packed, [&](int64_t item, int64_t position, int64_t count, T* to) {
        copyShort(gradientOf(item, row) + position, count, to);
      });
    }
  }

  // What the columns of a panel read.
  void providePanel(int64_t panelColumn, int64_t columns) noexcept {
    const int64_t first = firstColumn_ + panelColumn;
    int64_t channel = first / p_.kernelSize;
    int64_t tap = first % p_.kernelSize;
    for (int64_t c = 0; c < columns; c++) {
      const int64_t reach = tap * p_.dilation;
      T* const packed = inputs_ + c * plan_.pitch;
      for (int64_t i = 0; i < runCount_; i++) {
        const Run& run = runs_[i];
        inputPointers_[i * plan_.inputPointers + c] =
            run.isPacked ? packed + run.begin * kGradientChains
                         : inputOf(run.item, channel) + (run.position + reach - p_.padLeft);
      }
      forEachPackedStretch(packed, [&](int64_t item, int64_t position, int64_t count, T* to) {
        Piece piece{reach, 0, count, 0};
        TileLayout layout;
        layout.pieces = &piece;
        layout.pieceCount = 1;
        packRow(p_, inputOf(item, channel), g_.length, layout, position, kernels_.stridedCopy, to);
      });
      if (++tap == p_.kernelSize) {
        tap = 0;
        channel++;
      }
    }
    // A tile has columns of its own where the panel has not as many.
    for (int64_t i = 0; i < runCount_; i++) {
      const T** const pointers = inputPointers_ + i * plan_.inputPointers;
      for (int64_t c = columns; c < kMaxGradientColumns; c++) pointers[c] = pointers[columns - 1];
    }
  }

  // The arguments of a kernel for a tile that begins at this row, and at this column of the panel.
  GradientTileArgs<T> tile(int64_t row, int64_t column, T* sums) const noexcept {
    return {gradientPointers_ + row,
            plan_.gradientPointers,
            inputPointers_ + column,
            plan_.inputPointers,
            groups_,
            runCount_,
            sums};
  }

 private:
  // A stretch of a block.
  struct Run {
    int64_t begin;     // in groups
    int64_t item;      // where it begins; read in place, it lies in this item alone
    int64_t position;  // of that item
    bool isPacked;
  };

  const T* gradientOf(int64_t item, int64_t row) const noexcept {
    return call_.gradient + (item * p_.outChannels + firstGradient_ + row) * g_.outLength;
  }
  const T* inputOf(int64_t item, int64_t channel) const noexcept {
    return call_.input + (item * p_.inChannels + firstInput_ + channel) * g_.length;
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
        if (from > done) addPackedRun(done, from);
        addRun(to - from, {from, item, from * kGradientChains - start, false});
        done = to;
      }
    }
    if (done < groups) addPackedRun(done, groups);
  }

  void addPackedRun(int64_t begin, int64_t end) noexcept {
    const int64_t first = begin_ + begin * kGradientChains;
    addRun(end - begin, {begin, first / g_.outLength, first % g_.outLength, true});
  }

  void addRun(int64_t groups, const Run& run) noexcept {
    groups_[runCount_] = groups;
    runs_[runCount_++] = run;
  }

  // Calls visit(item, position, count, to) for the stretches of items that packed runs are made of, and writes zeros
  // behind the last position.
  template <typename Visit>
  void forEachPackedStretch(T* row, const Visit& visit) const noexcept {
    for (int64_t i = 0; i < runCount_; i++) {
      if (!runs_[i].isPacked) continue;
      const int64_t first = runs_[i].begin * kGradientChains;
      const int64_t whole = first + groups_[i] * kGradientChains;
      const int64_t end = std::min(whole, count_);
      int64_t item = runs_[i].item;
      int64_t position = runs_[i].position;
      for (int64_t at = first; at < end; item++, position = 0) {
        const int64_t count = std::min(end - at, g_.outLength - position);
        visit(item, position, count, row + at);
        at += count;
      }
      std::fill(row + end, row + whole, T{0});
    }
  }

  const WeightPlan& plan_;
  const Geometry& g_;
  const Parameters& p_;
  const Kernels<T>& kernels_;
  const WeightGradientCall<T>& call_;
  const T** const gradientPointers_;  // [run][row]
  const T** const inputPointers_;     // [run][column of the panel]
  T* const gradients_;                // packed
  T* const inputs_;

  int64_t firstGradient_ = 0;  // the output channel of the first row
  int64_t firstInput_ = 0;     // the input channel of the group's first column
  int64_t firstColumn_ = 0;
  int64_t begin_ = 0;
  int64_t count_ = 0;
  Run runs_[kMostRuns<T>];
  int64_t groups_[kMostRuns<T>];  // of each run
  int64_t runCount_ = 0;
};

}  // namespace conv1d
