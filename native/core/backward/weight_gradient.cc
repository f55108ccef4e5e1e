#include "core/backward/weight_gradient.h"

#include <algorithm>
#include <cstring>

#include "core/backward/weight_plan.h"
#include "core/checked_math.h"
#include "core/pack/pack_input.h"
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
        g_(plan.geometry),
        p_(plan.geometry.parameters),
        kernels_(kernels),
        call_(call),
        partials_(partials),
        gradients_(reinterpret_cast<T*>(scratch)),
        inputs_(gradients_ + plan.packedRows * plan.pitch),
        sums_(inputs_ + plan.panelRows * plan.pitch),
        branches_(sums_ + plan.pendingSums * kGradientChains) {}

  void run(int64_t index) noexcept {
    const int64_t segment = index % plan_.segments;
    index /= plan_.segments;
    const int64_t columnTile = index % plan_.columnTiles.count();
    index /= plan_.columnTiles.count();
    const int64_t rowTile = index % plan_.rowTiles.count();
    group_ = index / plan_.rowTiles.count();
    firstRow_ = plan_.rowTiles.begin(rowTile);
    rows_ = plan_.rowTiles.size(rowTile);
    firstColumn_ = plan_.columnTiles.begin(columnTile);
    columns_ = plan_.columnTiles.size(columnTile);

    const int64_t first = segment * plan_.segmentBlocks;
    const int64_t blocks = std::min(plan_.segmentBlocks, plan_.blocks - first);
    int64_t waiting = 0;
    for (int64_t block = 0; block < blocks; block++) {
      sumBlock(first + block, branch(waiting++));
      // Two branches of as many blocks are one of twice as many.
      for (int64_t left = block; left % 2 == 1; left /= 2) join(--waiting);
    }
    while (waiting > 1) join(--waiting);
    store(segment);
  }

 private:
  T* branch(int64_t index) const noexcept { return branches_ + index * plan_.outputs; }

  // A branch, into the one before.
  void join(int64_t index) const noexcept {
    T* const to = branch(index - 1);
    kernels_.binary[kAdd]({to, branch(index), to, outputs_, false, false});
  }

  void sumBlock(int64_t block, T* out) noexcept {
    const int64_t begin = block * kGradientBlock<T>;
    const int64_t count = std::min(kGradientBlock<T>, plan_.positions - begin);
    const int64_t groups = ceilDivide(count, kGradientChains);
    for (int64_t r = 0; r < rows_; r++) packGradient(firstRow_ + r, begin, count, gradients_ + r * plan_.pitch);
    const T* const start = out;
    int64_t pending = 0;
    forEachTile(
        [&](int64_t panelColumn, int64_t panelColumns) {
          for (int64_t c = 0; c < panelColumns; c++) {
            packInput(firstColumn_ + panelColumn + c, begin, count, inputs_ + c * plan_.pitch);
          }
        },
        [&](int64_t row, int64_t rows, int64_t, int64_t column, int64_t columns, int64_t width) {
          const T* gradientRows[kMaxRows];
          const T* inputRows[kMaxRows];
          for (int64_t r = 0; r < rows; r++) gradientRows[r] = gradients_ + (row + r) * plan_.pitch;
          for (int64_t c = 0; c < width; c++)
            inputRows[c] = inputs_ + (column + std::min(c, columns - 1)) * plan_.pitch;
          kernels_.gradientTiles[rows - 1]({gradientRows, inputRows, groups, sums_ + pending * kGradientChains, true});
          pending += rows * width;
          if (pending >= kSumsToMerge) {
            kernels_.mergeChains(sums_, pending, out);
            out += pending;
            pending = 0;
          }
        });
    kernels_.mergeChains(sums_, pending, out);
    outputs_ = out + pending - start;
  }

  // Calls visit(row, rows, panelColumn, column, columns, width) for the tiles of a task in the order of their sums.
  template <typename Panel, typename Tile>
  void forEachTile(const Panel& visitPanel, const Tile& visitTile) const noexcept {
    const Parts panels = panelsOfColumns(plan_, columns_);
    const Parts strips = kernelRows(kernels_, rows_);
    for (int64_t p = 0; p < panels.count(); p++) {
      visitPanel(panels.begin(p), panels.size(p));
      for (int64_t s = 0; s < strips.count(); s++) {
        const int64_t rows = strips.size(s);
        const Parts tiles = kernelColumns(kernels_, rows, panels.size(p));
        for (int64_t t = 0; t < tiles.count(); t++) {
          visitTile(strips.begin(s), rows, panels.begin(p), tiles.begin(t), tiles.size(t),
                    int64_t{kernels_.blocks.gradientColumns[rows]});
        }
      }
    }
  }

  // Calls visit(item, position, count, to) for the stretches of items that [begin, begin + count) is made of.
  template <typename Visit>
  void forEachItem(int64_t begin, int64_t count, T* to, const Visit& visit) const noexcept {
    int64_t item = begin / g_.outLength;
    int64_t position = begin % g_.outLength;
    T* const end = to + count;
    for (; to < end; item++, position = 0) {
      const int64_t stretch = std::min<int64_t>(end - to, g_.outLength - position);
      visit(item, position, stretch, to);
      to += stretch;
    }
    std::fill(end, end + (roundUp(count, kGradientChains) - count), T{0});
  }

  void packGradient(int64_t row, int64_t begin, int64_t count, T* to) const noexcept {
    const int64_t channel = group_ * plan_.rows + row;
    forEachItem(begin, count, to, [&](int64_t item, int64_t position, int64_t stretch, T* at) {
      std::memcpy(at, call_.gradient + (item * p_.outChannels + channel) * g_.outLength + position,
                  static_cast<size_t>(stretch) * sizeof(T));
    });
  }

  // What a tap reads at these positions.
  void packInput(int64_t column, int64_t begin, int64_t count, T* to) const noexcept {
    const int64_t channel = group_ * p_.groupInChannels() + column / p_.kernelSize;
    const int64_t reach = column % p_.kernelSize * p_.dilation;
    forEachItem(begin, count, to, [&](int64_t item, int64_t position, int64_t stretch, T* at) {
      Piece piece{reach % p_.stride, reach / p_.stride, stretch, 0};
      TileLayout layout;
      layout.pieces = &piece;
      layout.pieceCount = 1;
      packRow(p_, call_.input + (item * p_.inChannels + channel) * g_.length, g_.length, layout, position,
              kernels_.stridedCopy, at);
    });
  }

  void store(int64_t segment) const noexcept {
    const bool isWhole = plan_.segments == 1;
    const T* from = branch(0);
    T* const out = (isWhole ? call_.out : partials_ + segment * p_.weightCount()) +
                   (group_ * plan_.rows + firstRow_) * plan_.columns + firstColumn_;
    if (isWhole) {
      const T zero{0};
      kernels_.binary[kAdd]({from, &zero, branch(0), outputs_, false, true});
    }
    forEachTile([](int64_t, int64_t) {},
                [&](int64_t row, int64_t rows, int64_t panelColumn, int64_t column, int64_t columns, int64_t width) {
                  for (int64_t r = 0; r < rows; r++, from += width) {
                    std::copy_n(from, columns, out + (row + r) * plan_.columns + panelColumn + column);
                  }
                });
  }

  const WeightPlan& plan_;
  const Geometry& g_;
  const Parameters& p_;
  const Kernels<T>& kernels_;
  const WeightGradientCall<T>& call_;
  T* const partials_;
  T* const gradients_;
  T* const inputs_;
  T* const sums_;
  T* const branches_;

  int64_t group_ = 0;
  int64_t firstRow_ = 0;
  int64_t rows_ = 0;
  int64_t firstColumn_ = 0;
  int64_t columns_ = 0;
  int64_t outputs_ = 0;
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
