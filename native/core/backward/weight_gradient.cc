#include "core/backward/weight_gradient.h"

#include <algorithm>

#include "core/backward/short_weight_gradient.h"
#include "core/backward/weight_plan.h"
#include "core/backward/weight_rows.h"
#include "core/reduce/fold.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

// A thread's part of a call.
template <typename T>
class WeightWorker {
 public:
  WeightWorker(const WeightPlan& plan, const Kernels<T>& kernels, const WeightGradientCall<T>& call, T* partials,
               std::byte* scratch) noexcept
      : plan_(plan),
        kernels_(kernels),
        out_(call.out),
        partials_(partials),
        elements_(reinterpret_cast<T*>(scratch + plan.pointerBytes)),
        rows_(plan, kernels, call, reinterpret_cast<const T**>(scratch), elements_),
        sums_(elements_ + (plan.packedRows + plan.panelRows) * plan.pitch),
        branches_(sums_ + plan.pendingSums * kGradientChains) {}

  void run(int64_t index) noexcept {
    const int64_t segment = index % plan_.segments;
    index /= plan_.segments;
    const int64_t columnTile = index % plan_.columnTiles.count();
    index /= plan_.columnTiles.count();
    const int64_t rowTile = index % plan_.rowTiles.count();
    const int64_t group = index / plan_.rowTiles.count();
    height_ = plan_.rowTiles.size(rowTile);
    width_ = plan_.columnTiles.size(columnTile);
    rows_.enter(group, plan_.rowTiles.begin(rowTile), plan_.columnTiles.begin(columnTile));

    const int64_t first = segment * plan_.segmentBlocks;
    const int64_t blocks = std::min(plan_.segmentBlocks, plan_.blocks - first);
    int64_t waiting = 0;
    for (int64_t block = 0; block < blocks; block++) {
      sumBlock(first + block, branch(waiting++));
      // Two branches of as many blocks are one of twice as many.
      for (int64_t left = block; left % 2 == 1; left /= 2) join(--waiting);
    }
    while (waiting > 1) join(--waiting);
    store(segment,
          (group * plan_.rows + plan_.rowTiles.begin(rowTile)) * plan_.columns + plan_.columnTiles.begin(columnTile));
  }

 private:
  // A tile of a task: rows by columns of a panel.
  struct Tile {
    int64_t row;
    int64_t rows;
    int64_t panel;  // the panel's first column
    int64_t column;
    int64_t columns;
    int64_t width;  // of the kernel
  };

  T* branch(int64_t index) const noexcept { return branches_ + index * plan_.outputs; }

  // A branch, into the one before.
  void join(int64_t index) const noexcept {
    T* const to = branch(index - 1);
    kernels_.binary[kAdd]({to, branch(index), to, outputs_, false, false});
  }

  // The sums of a block, tile by tile.
  void sumBlock(int64_t block, T* const sums) noexcept {
    rows_.provideBlock(block, height_);
    T* out = sums;
    int64_t pending = 0;
    const auto merge = [&] {
      kernels_.mergeChains(sums_, pending, out);
      out += pending;
      pending = 0;
    };
    forEachTile([&](int64_t column, int64_t columns) { rows_.providePanel(column, columns); },
                [&](const Tile& tile) {
                  const auto kernel =
                      tile.rows == 1 ? kernels_.gradientRows[tile.width - 1] : kernels_.gradientTiles[tile.rows - 1];
                  kernel(rows_.tile(tile.row, tile.column, sums_ + pending * kGradientChains));
                  pending += tile.rows * tile.width;
                  if (pending >= kSumsToMerge) merge();
                });
    merge();
    outputs_ = out - sums;
  }

  // Calls visitPanel(column, columns) and visitTile(tile) in the order of the sums.
  template <typename VisitPanel, typename VisitTile>
  void forEachTile(const VisitPanel& visitPanel, const VisitTile& visitTile) const noexcept {
    const Parts panels = panelsOfColumns(plan_, width_);
    const Parts strips = kernelRows(kernels_, height_);
    for (int64_t p = 0; p < panels.count(); p++) {
      visitPanel(panels.begin(p), panels.size(p));
      for (int64_t s = 0; s < strips.count(); s++) {
        const int64_t rows = strips.size(s);
        const int64_t width = kernels_.blocks.gradientColumns[rows];
        const int64_t columns = panels.size(p);
        if (rows == 1) {
          const Parts tiles(columns, width);
          for (int64_t t = 0; t < tiles.count(); t++) {
            visitTile(Tile{strips.begin(s), 1, panels.begin(p), tiles.begin(t), tiles.size(t), tiles.size(t)});
          }
          continue;
        }
        for (int64_t t = 0; t < kernelColumns(kernels_, rows, columns); t++) {
          const int64_t column = std::max<int64_t>(std::min(t * width, columns - width), 0);
          visitTile(Tile{strips.begin(s), rows, panels.begin(p), column, std::min(width, columns), width});
        }
      }
    }
  }

  // A segment's sums, to their places among the weights; of the only one, as chains end.
  void store(int64_t segment, int64_t first) const noexcept {
    T* sums = branch(0);
    T* to = partials_ + segment * plan_.geometry.parameters.weightCount() + first;
    if (plan_.segments == 1) {
      const T zero{0};
      kernels_.binary[kAdd]({sums, &zero, sums, outputs_, false, true});
      to = out_ + first;
    }
    forEachTile([](int64_t, int64_t) {},
                [&](const Tile& tile) {
                  for (int64_t r = 0; r < tile.rows; r++, sums += tile.width) {
                    std::copy_n(sums, tile.columns, to + (tile.row + r) * plan_.columns + tile.panel + tile.column);
                  }
                });
  }

  const WeightPlan& plan_;
  const Kernels<T>& kernels_;
  T* const out_;
  T* const partials_;
  T* const elements_;
  WeightRows<T> rows_;
  T* const sums_;
  T* const branches_;

  int64_t height_ = 0;
  int64_t width_ = 0;
  int64_t outputs_ = 0;  // of a branch
};

// The segments' sums to one, as the rest of the tree says.
template <typename T>
void joinSegments(const Kernels<T>& kernels, const WeightPlan& plan, T* partials, T* out) noexcept {
  const int64_t weights = plan.geometry.parameters.weightCount();
  foldBlocks<T>(kernels, kFoldSum, partials, plan.segments, weights);
  const T zero{0};
  kernels.binary[kAdd]({partials, &zero, out, weights, false, true});
}

}  // namespace

template <typename T>
Status weightGradient(const Kernels<T>& kernels, const WeightGradientCall<T>& call) noexcept {
  const Parameters& p = call.geometry.parameters;
  if (call.geometry.batch == 0 || call.geometry.outLength == 0) {
    std::fill_n(call.out, p.weightCount(), T{0});
    return Status::kOk;
  }
  if (isShortWeightGradient(kernels, call.geometry)) return shortWeightGradient(kernels, call);
  const WeightPlan plan = planWeightGradient(kernels, call.geometry, call.threads);
  const Scratch scratch(plan.threads, plan.scratchBytes);
  if (!scratch) return Status::kOutOfMemory;
  const int64_t partialCount = plan.segments > 1 ? plan.segments * p.weightCount() : 0;
  const Scratch partials(1, static_cast<size_t>(partialCount) * sizeof(T));
  if (!partials) return Status::kOutOfMemory;
  T* const sums = reinterpret_cast<T*>(partials.of(0));
  parallelFor(plan.tasks, plan.threads, [&](int index, TaskRange& tasks) {
    const StandardFloatMode mode;
    WeightWorker<T> worker(plan, kernels, call, sums, scratch.of(index));
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end; task++) worker.run(task);
    }
  });
  if (plan.segments > 1) {
    const StandardFloatMode mode;
    joinSegments(kernels, plan, sums, call.out);
  }
  return Status::kOk;
}

template Status weightGradient<float>(const Kernels<float>&, const WeightGradientCall<float>&) noexcept;
template Status weightGradient<double>(const Kernels<double>&, const WeightGradientCall<double>&) noexcept;

}  // namespace conv1d
