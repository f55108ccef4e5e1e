// One thread's part of a call, for the algorithms that keep the order of the sum: it takes tasks and walks through the
// blocks of their reduction. The plan's algorithm learns from it what it needs to know of a task.
#pragma once

#include <algorithm>

#include "core/checked_math.h"
#include "core/parts.h"
#include "core/plan/plan.h"
#include "core/run/forward.h"
#include "core/run/prefetch.h"
#include "core/run/sources.h"
#include "core/run/take_tasks.h"
#include "core/run/task.h"

namespace conv1d {

template <typename T>
class Worker {
 public:
  Worker(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch) noexcept
      : plan_(plan),
        g_(plan.geometry),
        p_(plan.geometry.parameters),
        kernels_(kernels),
        args_(args),
        panels_(panelsOf(p_, plan.layout)),
        staging_(reinterpret_cast<T*>(scratch) + plan.tileElements),
        sources_(plan, kernels, args.input, reinterpret_cast<T*>(scratch),
                 reinterpret_cast<std::byte*>(staging_ + plan.stagingElements)) {}

  // kBlock(worker, task, block, source) computes a block of the reduction of a task from a source of inputs.
  template <auto kBlock>
  void run(int64_t index) noexcept {
    const Task task = locate(index);
    const int64_t channels = p_.groupInChannels();
    for (int64_t c = 0; c < channels; c += plan_.channelsPerBlock) {
      for (int64_t k = 0; k < p_.kernelSize; k += plan_.tapsPerBlock) {
        if (isCancelled()) return;
        Block block{c,
                    std::min(plan_.channelsPerBlock, channels - c),
                    k,
                    std::min(plan_.tapsPerBlock, p_.kernelSize - k),
                    c == 0 && k == 0,
                    false};
        block.last = c + block.channels == channels && k + block.taps == p_.kernelSize;
        kBlock(*this, task, block, sources_.provide(task, block));
      }
    }
  }

  const Plan& plan() const noexcept { return plan_; }
  const Geometry& geometry() const noexcept { return g_; }
  const Parameters& parameters() const noexcept { return p_; }
  const Kernels<T>& kernels() const noexcept { return kernels_; }
  const Parts& panels() const noexcept { return panels_; }
  const T* packedWeights() const noexcept { return args_.packedWeights; }
  T* staging() const noexcept { return staging_; }

  bool isCancelled() const noexcept { return args_.isCancelled(); }

  // The row of an output channel, counted within the group.
  T* output(int64_t item, int64_t group, int64_t row) const noexcept {
    return args_.out + ((item * p_.outChannels) + group * p_.groupOutChannels() + row) * g_.outLength;
  }

  // The taps that read real input for some output position of [first, first + count); the others read the padding's
  // zeros.
  Taps liveTaps(const Block& block, int64_t first, int64_t count) const noexcept {
    if (!plan_.skipsPadding) return {0, block.taps};
    // Tap k of position t reads t * stride + k * dilation - padLeft, which is real in [0, length).
    const int64_t earliest = first * p_.stride - p_.padLeft;
    const int64_t latest = (first + count - 1) * p_.stride - p_.padLeft;
    const int64_t begin = latest >= 0 ? 0 : ceilDivide(-latest, p_.dilation);
    const int64_t end = earliest >= g_.length ? 0 : ceilDivide(g_.length - earliest, p_.dilation);
    const Taps live{std::clamp<int64_t>(begin - block.firstTap, 0, block.taps),
                    std::clamp<int64_t>(end - block.firstTap, 0, block.taps)};
    return live.begin < live.end ? live : Taps{0, 0};
  }

  // The first weight of a panel in this block.
  const T* panelWeights(const Task& task, const Block& block, int64_t panel) const noexcept {
    const int64_t products = p_.groupInChannels() * p_.kernelSize;
    return args_.packedWeights + (task.group * p_.groupOutChannels() + panels_.begin(panel)) * products +
           (block.firstChannel * p_.kernelSize + block.firstTap) * panels_.size(panel);
  }

  // What all strips of a panel share.
  MicrokernelArgs<T> panelArgs(const Task& task, const Block& block, const Source<T>& source,
                               int64_t panel) const noexcept {
    MicrokernelArgs<T> args{};
    args.rowStride = source.rowStride;
    args.panelWidth = panels_.size(panel);
    args.panelStride = p_.kernelSize * args.panelWidth;
    args.channels = block.channels;
    args.bias = biasOf(task.group, panels_.begin(panel));
    args.first = block.first;
    args.last = block.last;
    return args;
  }

  // A row of a depthwise layer, but for its weights.
  DepthwiseArgs<T> depthwiseArgs(const Task& task, const Block& block, const Source<T>& source,
                                 const Taps& taps) const noexcept {
    DepthwiseArgs<T> args{};
    args.row = source.rows;
    args.columns = task.columns;
    args.tapOffsets = source.tapOffsets + taps.begin;
    args.taps = taps.end - taps.begin;
    const T* bias = biasOf(task.group, 0);
    args.bias = bias == nullptr ? T{0} : *bias;
    args.out = output(task.firstItem, task.group, 0) + task.firstColumn;
    args.first = block.first;
    args.last = block.last;
    return args;
  }

  // The outputs of some rows of a task, whose chains have ended; counted within the group.
  void finish(const Task& task, int64_t row, int64_t rows) const noexcept {
    if (args_.epilogue == nullptr) return;
    const int64_t channel = task.group * p_.groupOutChannels() + row;
    const int64_t columns = std::min(plan_.columns, g_.outLength - task.firstColumn);  // of one item
    for (int64_t item = task.firstItem; item < task.firstItem + task.items; item++) {
      args_.finish(item, channel, rows, task.firstColumn, columns);
    }
  }

  // The row of the next task, while this one computes: the processor foresees the next tile of a row by itself, not a
  // row.
  void prefetchNextRow(const Task& task) const noexcept {
    const bool endsRow = task.firstColumn + task.columns == g_.outLength;
    constexpr int64_t kLargestStride = 64 / sizeof(T);  // beyond it most cache lines would be fetched for nothing
    if (!endsRow || task.group + 1 >= p_.groups || p_.stride > kLargestStride) return;
    prefetch(sources_.channel(task.firstItem, task.group + 1, 0),
             std::min(g_.length, kernels_.blocks.maxColumns * p_.stride));
  }

 private:
  // Tasks in the order (item, group, tile, rows): neighbours share their input.
  Task locate(int64_t index) const noexcept {
    const int64_t rowParts = ceilDivide(plan_.panels, plan_.panelsPerTask);
    Task task{};
    task.firstPanel = index % rowParts * plan_.panelsPerTask;
    task.endPanel = std::min(task.firstPanel + plan_.panelsPerTask, plan_.panels);
    index /= rowParts;
    task.firstColumn = index % plan_.tiles * plan_.columns;
    index /= plan_.tiles;
    task.group = index % p_.groups;
    index /= p_.groups;
    task.firstItem = index * plan_.fold;
    task.items = std::min(plan_.fold, g_.batch - task.firstItem);
    task.columns = (task.items - 1) * plan_.foldPitch + std::min(plan_.columns, g_.outLength - task.firstColumn);
    return task;
  }

  const T* biasOf(int64_t group, int64_t row) const noexcept {
    return args_.bias == nullptr ? nullptr : args_.bias + group * p_.groupOutChannels() + row;
  }

  const Plan& plan_;
  const Geometry& g_;
  const Parameters& p_;
  const Kernels<T>& kernels_;
  const ForwardArgs<T>& args_;
  const Parts panels_;
  T* const staging_;
  Sources<T> sources_;
};

// A thread's part of a call, for the algorithms that walk through blocks.
template <typename T, auto kBlock>
void workInBlocks(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch,
                  TaskRange& tasks) noexcept {
  Worker<T> worker(plan, kernels, args, scratch);
  takeTasks(tasks, args, [&](int64_t task) { worker.template run<kBlock>(task); });
}

}  // namespace conv1d
