// One thread's part of a transposed convolution: its tiles, and which taps a stretch of outputs of one phase meets.
#pragma once

#include <algorithm>
#include <cstring>

#include "core/checked_math.h"
#include "core/pack/pack_input.h"
#include "core/pack/phase_taps.h"
#include "core/parts.h"
#include "core/plan/phase_tiling.h"
#include "core/plan/plan.h"
#include "core/run/forward.h"
#include "core/run/task.h"

namespace conv1d {

template <typename T>
class PhaseWorker {
 public:
  PhaseWorker(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch) noexcept
      : plan_(plan),
        g_(plan.geometry),
        p_(plan.geometry.parameters),
        kernels_(kernels),
        args_(args),
        taps_(p_),
        panels_(p_.groupOutChannels(), plan.layout.panelWidth),
        columns_(columnsOf(g_)),
        firstPhase_(p_.padLeft % p_.stride),
        lastPhase_((p_.padLeft + g_.outLength - 1) % p_.stride),
        tile_(reinterpret_cast<T*>(scratch)),
        staging_(tile_ + plan.tileElements) {
    layout_.pieces = reinterpret_cast<Piece*>(tile_ + roundUp(plan.tileElements + plan.stagingElements, 16));
    layout_.tapOffsets = reinterpret_cast<int64_t*>(layout_.pieces + plan.tapsPerBlock);
    residues_ = layout_.tapOffsets + plan.tapsPerBlock;
    // One tile packs its input row by row without padding, and what lies outside reads zeros.
    row_.mode = PaddingMode::kZeros;
  }

  const Plan& plan() const noexcept { return plan_; }
  const Geometry& geometry() const noexcept { return g_; }
  const Parameters& parameters() const noexcept { return p_; }
  const Kernels<T>& kernels() const noexcept { return kernels_; }
  const Parts& panels() const noexcept { return panels_; }
  const PhaseTaps& taps() const noexcept { return taps_; }
  const ColumnRange& columns() const noexcept { return columns_; }
  T* staging() const noexcept { return staging_; }
  bool isCancelled() const noexcept { return args_.isCancelled(); }
  const T* packedWeights() const noexcept { return args_.packedWeights; }

  // Of an output channel, counted within the group.
  T biasOf(const Task& task, int64_t channel) const noexcept {
    return args_.bias == nullptr ? T{0} : args_.bias[task.group * p_.groupOutChannels() + channel];
  }

  // Tasks in the order (item, group, tile, panels).
  Task locate(int64_t index) const noexcept {
    const int64_t parts = ceilDivide(plan_.panels, plan_.panelsPerTask);
    Task task{};
    task.items = 1;
    task.firstPanel = index % parts * plan_.panelsPerTask;
    task.endPanel = std::min(task.firstPanel + plan_.panelsPerTask, plan_.panels);
    index /= parts;
    task.firstColumn = columns_.begin + index % plan_.tiles * plan_.columns;
    task.columns = std::min(plan_.columns, columns_.end - task.firstColumn);
    index /= plan_.tiles;
    task.group = index % p_.groups;
    task.firstItem = index / p_.groups;
    return task;
  }

  // The columns of a task in which a phase has outputs.
  ColumnRange columnsOfPhase(const Task& task, int64_t phase) const noexcept {
    const int64_t begin = columns_.begin + (phase < firstPhase_ ? 1 : 0);
    const int64_t end = columns_.end - (phase > lastPhase_ ? 1 : 0);
    return {std::max(begin, task.firstColumn), std::min(end, task.firstColumn + task.columns)};
  }

  // Where each phase's residue is, from `first` on; -1 for one without taps.
  const int64_t* residues(int64_t first, int64_t count) noexcept {
    if (first != firstResidue_ || count != residueCount_) {
      for (int64_t i = 0; i < count; i++) residues_[i] = taps_.residueOf(first + i);
      firstResidue_ = first;
      residueCount_ = count;
    }
    return residues_;
  }

  // Calls visit(block) for the blocks of the reduction, in the order of the sum: taps from the last to the first.
  template <typename Visit>
  void forEachBlock(Visit visit) const noexcept {
    const int64_t channels = p_.groupInChannels();
    for (int64_t c = 0; c < channels; c += plan_.channelsPerBlock) {
      for (int64_t end = p_.kernelSize; end > 0; end -= plan_.tapsPerBlock) {
        if (isCancelled()) return;
        const int64_t first = std::max<int64_t>(0, end - plan_.tapsPerBlock);
        Block block{
            c,    std::min(plan_.channelsPerBlock, channels - c), first, end - first, c == 0 && end == p_.kernelSize,
            false};
        block.last = c + block.channels == channels && first == 0;
        visit(block);
      }
    }
  }

  // What the block reads: column q of the task is q - task.firstColumn elements on. The input itself where it has all
  // of them, a packed tile otherwise.
  Source<T> provide(const Task& task, const Block& block) noexcept {
    taps_.layOut(block.firstTap, block.taps, plan_.tileColumns, &layout_);
    const int64_t first = task.firstColumn - taps_.lag(block.firstTap + block.taps - 1);
    const int64_t end = task.firstColumn + task.columns - taps_.lag(block.firstTap);
    const T* from =
        args_.input +
        (task.firstItem * p_.inChannels + task.group * p_.groupInChannels() + block.firstChannel) * g_.length;
    if (plan_.readsInput && layout_.pieceCount == 1 && first >= 0 && end <= g_.length) {
      return {from + first, g_.length, layout_.tapOffsets};
    }
    const bool isThere = packedFrom_ == from && packedColumn_ == task.firstColumn && packedTap_ == block.firstTap;
    for (int64_t c = 0; c < block.channels && !isThere; c++) {
      packRow(row_, from + c * g_.length, g_.length, layout_, task.firstColumn, kernels_.stridedCopy,
              tile_ + c * plan_.rowStride);
    }
    packedFrom_ = from;
    packedColumn_ = task.firstColumn;
    packedTap_ = block.firstTap;
    return {tile_, plan_.rowStride, layout_.tapOffsets};
  }

  // What all columns of a panel and a residue share; a residue of -1 has no taps.
  MicrokernelArgs<T> panelArgs(const Task& task, const Block& block, const Source<T>& source, int64_t panel,
                               int64_t residue) const noexcept {
    MicrokernelArgs<T> args{};
    const int64_t begin = panels_.begin(panel);
    args.rowStride = source.rowStride;
    args.panelWidth = panels_.size(panel);
    args.channels = block.channels;
    args.bias = args_.bias == nullptr ? nullptr : args_.bias + task.group * p_.groupOutChannels() + begin;
    args.first = block.first;
    args.last = block.last;
    if (residue < 0) return args;
    const int64_t products = p_.groupInChannels() * p_.kernelSize;
    args.panelStride = taps_.tapsOf(residue) * args.panelWidth;
    args.panel = args_.packedWeights + (task.group * p_.groupOutChannels() + begin) * products +
                 (p_.groupInChannels() * taps_.tapsBefore(residue)) * args.panelWidth +
                 block.firstChannel * args.panelStride;
    return args;
  }

  // Calls compute(args, column, count) for stretches of the columns [column, column + count) of one residue, with the
  // taps that read the signal. Where the weights are finite, taps that read zeros beside it for some columns count as
  // well; infinity times such a zero would be NaN.
  template <typename Compute>
  void forEachStretch(const Task& task, const Block& block, const Source<T>& source, int64_t residue, int64_t column,
                      int64_t count, MicrokernelArgs<T> args, Compute compute) const noexcept {
    const T* const panel = args.panel;
    const TapRun run = residue < 0 ? TapRun{0, 0, 0, 0} : taps_.runOf(residue, block.firstTap, block.taps);
    const auto call = [&](int64_t from, int64_t columns, const Taps& live) {
      args.tile = source.rows + (from - task.firstColumn);
      args.tapOffsets = source.tapOffsets + run.offset + live.begin;
      args.taps = live.end - live.begin;
      args.panel = panel + (run.skipped + live.begin) * args.panelWidth;
      if (args.taps > 0 || args.first || args.last) compute(args, from, columns);
    };
    const int64_t last = column + count - 1;
    const bool isInside = run.count == 0 || (taps_.lag(run.last) <= column &&
                                             last - taps_.lag(run.last - (run.count - 1) * taps_.period()) < g_.length);
    if (isInside) return call(column, count, {0, run.count});
    const Taps some = liveTaps(run, column, last);
    const Taps all = liveTaps(run, last, column);
    if (plan_.skipsPadding || (some.begin == all.begin && some.end == all.end)) return call(column, count, some);
    for (int64_t q = column; q <= last; q++) call(q, 1, liveTaps(run, q, q));
  }

  // Interleaves some columns of `phases` phases of an output channel into its row, from rows `pitch` apart that begin
  // with the task's columns. The padding may cut off phases of the first and the last column.
  void interleave(const Task& task, int64_t channel, const ColumnRange& range, const T* from, int64_t pitch,
                  int64_t firstPhase, int64_t phases) const noexcept {
    T* const out = output(task, channel);
    const int64_t end = range.end;
    int64_t column = range.begin;
    if (column >= end) return;
    const auto writeColumn = [&] {
      const int64_t first = column * p_.stride + firstPhase - p_.padLeft;
      const int64_t begin = std::clamp<int64_t>(-first, 0, phases);
      const int64_t behind = std::clamp<int64_t>(g_.outLength - first, 0, phases);
      for (int64_t i = begin; i < behind; i++) out[first + i] = from[i * pitch + (column - task.firstColumn)];
      column++;
    };
    if (phases == p_.stride) {
      if (column * p_.stride < p_.padLeft) writeColumn();
      const bool endsInside = end * p_.stride - p_.padLeft > g_.outLength;
      const int64_t whole = end - (endsInside ? 1 : 0) - column;
      if (whole > 0) {
        T* const to = out + column * p_.stride - p_.padLeft;
        const T* columns = from + (column - task.firstColumn);
        if (p_.stride == 1) {
          std::memcpy(to, columns, static_cast<size_t>(whole) * sizeof(T));
        } else {
          kernels_.interleaveRows(columns, pitch, p_.stride, whole, to);
        }
        column += whole;
      }
    }
    while (column < end) writeColumn();
  }

  // The outputs of some columns in some rows, whose phases are all there; rows are counted within the group.
  void finish(const Task& task, int64_t row, int64_t rows, const ColumnRange& range) const noexcept {
    const int64_t begin = std::max<int64_t>(0, range.begin * p_.stride - p_.padLeft);
    const int64_t end = std::min(g_.outLength, range.end * p_.stride - p_.padLeft);
    args_.finish(task.firstItem, task.group * p_.groupOutChannels() + row, rows, begin, end - begin);
  }

  // The row of an output channel, counted within the group.
  T* output(const Task& task, int64_t row) const noexcept {
    return args_.out + (task.firstItem * p_.outChannels + task.group * p_.groupOutChannels() + row) * g_.outLength;
  }

 private:
  // Of a run: the taps that read no input behind the one of column `latest`, and none before the one that the signal's
  // last is for column `earliest`.
  Taps liveTaps(const TapRun& run, int64_t earliest, int64_t latest) const noexcept {
    const int64_t largest = ((latest + 1) * p_.stride - 1) / p_.dilation;  // lag <= latest
    const int64_t behind = earliest - g_.length + 1;                       // lag >= behind
    const int64_t smallest = behind <= 0 ? 0 : ceilDivide(behind * p_.stride, p_.dilation);
    const int64_t begin = run.last <= largest ? 0 : ceilDivide(run.last - largest, taps_.period());
    const int64_t end = run.last < smallest ? 0 : (run.last - smallest) / taps_.period() + 1;
    const Taps live{std::min(begin, run.count), std::min(end, run.count)};
    return live.begin < live.end ? live : Taps{0, 0};
  }

  const Plan& plan_;
  const Geometry& g_;
  const Parameters& p_;
  const Kernels<T>& kernels_;
  const ForwardArgs<T>& args_;
  const PhaseTaps taps_;
  const Parts panels_;
  const ColumnRange columns_;
  const int64_t firstPhase_;  // of the first output
  const int64_t lastPhase_;
  T* const tile_;
  T* const staging_;
  Parameters row_;
  TileLayout layout_;
  int64_t* residues_;
  int64_t firstResidue_ = -1;
  int64_t residueCount_ = 0;
  const T* packedFrom_ = nullptr;  // what the tile holds
  int64_t packedColumn_ = 0;
  int64_t packedTap_ = 0;
};

}  // namespace conv1d
