#include "core/forward.h"

#include <algorithm>
#include <cstring>

#include "core/checked_math.h"
#include "core/pack_input.h"
#include "core/panels.h"
#include "core/prefetch.h"
#include "core/tile_layout.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

// Where a task's tile lies.
struct Tile {
  int64_t firstItem;
  int64_t items;  // above 1 only in a folded tile
  int64_t group;
  int64_t firstColumn;
  int64_t columns;  // of the kernel's loop, the halos between folded items included
  int64_t firstPanel;
  int64_t endPanel;
};

// A part of the reduction: all taps of some channels, or some taps of one.
struct Block {
  int64_t firstChannel;
  int64_t channels;
  int64_t firstTap;
  int64_t taps;
  bool first;
  bool last;
};

// What the kernels read: a packed tile, or the input in place.
template <typename T>
struct Source {
  const T* rows;
  int64_t rowStride;
  const int64_t* tapOffsets;
};

template <typename T>
bool isCancelled(const ForwardArgs<T>& args) noexcept {
  return args.cancelled != nullptr && args.cancelled->load(std::memory_order_relaxed);
}

// One worker: its scratch, cut into the tile, the staging block and the arrays of the tile's layout.
template <typename T>
class Worker {
 public:
  Worker(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch) noexcept
      : plan_(plan),
        g_(plan.geometry),
        p_(plan.geometry.parameters),
        kernels_(kernels),
        args_(args),
        panels_(p_.groupOutChannels(), plan.packing.panelWidth) {
    tile_ = reinterpret_cast<T*>(scratch);
    staging_ = tile_ + plan.tileElements;
    layout_.pieces = reinterpret_cast<Piece*>(staging_ + plan.stagingElements);
    layout_.tapOffsets = reinterpret_cast<int64_t*>(layout_.pieces + plan.tapsPerBlock);
    inPlaceOffsets_ = layout_.tapOffsets + plan.tapsPerBlock;
  }

  void run(int64_t task) noexcept {
    const Tile tile = locate(task);
    const int64_t channels = p_.groupInChannels();
    for (int64_t c = 0; c < channels; c += plan_.channelsPerBlock) {
      for (int64_t k = 0; k < p_.kernelSize; k += plan_.tapsPerBlock) {
        Block block{c,
                    std::min(plan_.channelsPerBlock, channels - c),
                    k,
                    std::min(plan_.tapsPerBlock, p_.kernelSize - k),
                    c == 0 && k == 0,
                    false};
        block.last = c + block.channels == channels && k + block.taps == p_.kernelSize;
        const Source<T> source = provide(tile, block);
        if (plan_.depthwise) {
          runDepthwise(tile, block, source);
        } else {
          for (int64_t panel = tile.firstPanel; panel < tile.endPanel && !isCancelled(args_); panel++) {
            plan_.swapped ? runSwapped(tile, block, source, panel) : runPanel(tile, block, source, panel);
          }
        }
      }
    }
  }

 private:
  // Tasks in the order (item, group, tile, rows): neighbours share their input.
  Tile locate(int64_t task) const noexcept {
    const int64_t rowParts = ceilDivide(plan_.panels, plan_.panelsPerTask);
    Tile tile{};
    tile.firstPanel = task % rowParts * plan_.panelsPerTask;
    tile.endPanel = std::min(tile.firstPanel + plan_.panelsPerTask, plan_.panels);
    task /= rowParts;
    tile.firstColumn = task % plan_.tiles * plan_.columns;
    task /= plan_.tiles;
    tile.group = task % p_.groups;
    task /= p_.groups;
    tile.firstItem = task * plan_.fold;
    tile.items = std::min(plan_.fold, g_.batch - tile.firstItem);
    tile.columns = (tile.items - 1) * plan_.foldPitch + std::min(plan_.columns, g_.outLength - tile.firstColumn);
    return tile;
  }

  const T* channel(int64_t item, int64_t group, int64_t c) const noexcept {
    return args_.input + ((item * p_.inChannels) + group * p_.groupInChannels() + c) * g_.length;
  }

  T* output(int64_t item, int64_t group, int64_t row) const noexcept {
    return args_.out + ((item * p_.outChannels) + group * p_.groupOutChannels() + row) * g_.outLength;
  }

  Source<T> provide(const Tile& tile, const Block& block) noexcept {
    if (plan_.readsInput) {
      const int64_t first = tile.firstColumn - p_.padLeft + block.firstTap * p_.dilation;
      const int64_t columns = plan_.broadcasts ? roundUp(tile.columns, kernels_.lanes) : tile.columns;
      const int64_t reach = columns + (block.taps - 1) * p_.dilation;
      if (first >= 0 && first + reach <= g_.length) return inPlace(tile, block, first);
    }
    return pack(tile, block);
  }

  Source<T> inPlace(const Tile& tile, const Block& block, int64_t first) noexcept {
    if (inPlaceTaps_ < block.taps) {
      for (int64_t k = 0; k < block.taps; k++) inPlaceOffsets_[k] = k * p_.dilation;
      inPlaceTaps_ = block.taps;
    }
    return {channel(tile.firstItem, tile.group, block.firstChannel) + first, g_.length, inPlaceOffsets_};
  }

  Source<T> pack(const Tile& tile, const Block& block) noexcept {
    layOutTile(p_, block.firstTap, block.taps, plan_.tileColumns, &layout_);
    for (int64_t c = 0; c < block.channels; c++) {
      T* row = tile_ + c * plan_.rowStride;
      if (plan_.fold > 1) {
        packFoldedRow(tile, block.firstChannel + c, row);
      } else {
        packRow(p_, channel(tile.firstItem, tile.group, block.firstChannel + c), g_.length, layout_, tile.firstColumn,
                kernels_.stridedCopy, row);
      }
    }
    return {tile_, plan_.rowStride, layout_.tapOffsets};
  }

  // Each piece holds the stretches of all items, foldPitch apart; every tap's halo fits between two of them.
  void packFoldedRow(const Tile& tile, int64_t c, T* row) const noexcept {
    for (int64_t i = 0; i < layout_.pieceCount; i++) {
      const Piece& whole = layout_.pieces[i];
      Piece piece = whole;
      TileLayout one;
      one.pieces = &piece;
      one.pieceCount = 1;
      for (int64_t item = 0; item < tile.items; item++) {
        const int64_t at = item * plan_.foldPitch;
        piece.length = std::min(plan_.foldPitch, whole.length - at);
        piece.base = whole.base + at;
        packRow(p_, channel(tile.firstItem + item, tile.group, c), g_.length, one, int64_t{0}, kernels_.stridedCopy,
                row);
      }
    }
  }

  const T* biasOf(int64_t group, int64_t row) const noexcept {
    return args_.bias == nullptr ? nullptr : args_.bias + group * p_.groupOutChannels() + row;
  }

  const T* weightsOf(const Tile& tile, const Block& block, int64_t firstRow, int64_t rows) const noexcept {
    const int64_t products = p_.groupInChannels() * p_.kernelSize;
    return args_.packedWeights + (tile.group * p_.groupOutChannels() + firstRow) * products +
           (block.firstChannel * p_.kernelSize + block.firstTap) * rows;
  }

  struct Taps {
    int64_t begin;  // within the block
    int64_t end;
  };

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

  void runDepthwise(const Tile& tile, const Block& block, const Source<T>& source) const noexcept {
    DepthwiseArgs<T> args{};
    args.row = source.rows;
    args.columns = tile.columns;
    // Where a dead tap next to the live ones meets an output, its product is a weight times a zero of the padding.
    const Taps taps = liveTaps(block, tile.firstColumn, tile.columns);
    args.weightStep = plan_.packing.margin > 0 ? -1 : 1;
    args.weights = firstWeight(p_, plan_.packing, args_.packedWeights, tile.group) +
                   args.weightStep * (block.firstTap + taps.begin);
    args.tapOffsets = source.tapOffsets + taps.begin;
    args.taps = taps.end - taps.begin;
    const T* bias = biasOf(tile.group, 0);
    args.bias = bias == nullptr ? T{0} : *bias;
    args.out = output(tile.firstItem, tile.group, 0) + tile.firstColumn;
    args.first = block.first;
    args.last = block.last;
    // The row of the next task, while this one computes: the processor foresees the next tile of a row by itself, not a
    // row.
    const bool endsRow = tile.firstColumn + tile.columns == g_.outLength;
    if (endsRow && tile.group + 1 < p_.groups) {
      prefetch(channel(tile.firstItem, tile.group + 1, 0), std::min(g_.length, kernels_.maxColumns * p_.stride));
    }
    (plan_.broadcasts ? kernels_.depthwiseBroadcast : kernels_.depthwise)(args);
  }

  // What all strips of a panel share.
  MicrokernelArgs<T> panelArgs(const Tile& tile, const Block& block, const Source<T>& source,
                               int64_t panel) const noexcept {
    const int64_t firstRow = panels_.firstRow(panel);
    MicrokernelArgs<T> args{};
    args.rowStride = source.rowStride;
    args.panelWidth = panels_.rows(panel);
    args.panelStride = p_.kernelSize * args.panelWidth;
    args.channels = block.channels;
    args.bias = biasOf(tile.group, firstRow);
    args.first = block.first;
    args.last = block.last;
    return args;
  }

  // The tile's columns in strips of nearly equal width, as wide as the registers hold.
  void runPanel(const Tile& tile, const Block& block, const Source<T>& source, int64_t panel) noexcept {
    const int64_t firstRow = panels_.firstRow(panel);
    const int64_t rows = panels_.rows(panel);
    const int64_t lanes = kernels_.lanes;
    const Panels strips(ceilDivide(tile.columns, lanes), kernels_.maxVectors[rows]);
    MicrokernelArgs<T> args = panelArgs(tile, block, source, panel);
    const T* weights = weightsOf(tile, block, firstRow, rows);
    T* out = output(tile.firstItem, tile.group, firstRow) + tile.firstColumn;

    for (int64_t strip = 0; strip < strips.count(); strip++) {
      const int64_t column = strips.firstRow(strip) * lanes;
      const int64_t vectors = strips.rows(strip);
      args.tile = source.rows + column;
      args.columns = std::min(vectors * lanes, tile.columns - column);
      const Taps taps = plan_.fold > 1 ? Taps{0, block.taps} : liveTaps(block, tile.firstColumn + column, args.columns);
      args.tapOffsets = source.tapOffsets + taps.begin;
      args.taps = taps.end - taps.begin;
      args.panel = weights + taps.begin * rows;
      const bool isFull = args.columns == vectors * lanes;
      const auto& kernels = isFull ? kernels_.full : kernels_.partial;
      if (plan_.fold > 1) {
        args.out = staging_;
        args.outStride = kMaxVectors * lanes;
        kernels[rows - 1][vectors - 1](args);
        unfold(tile, firstRow, rows, column, args.columns);
      } else {
        args.out = out + column;
        args.outStride = g_.outLength;
        kernels[rows - 1][vectors - 1](args);
      }
    }
  }

  // Blocks of a few output positions by the channels of the panel, transposed on their way out.
  void runSwapped(const Tile& tile, const Block& block, const Source<T>& source, int64_t panel) noexcept {
    const int64_t firstChannel = panels_.firstRow(panel);
    const int64_t channels = panels_.rows(panel);
    const int64_t vectors = ceilDivide(channels, kernels_.lanes);
    const auto& kernels = channels == vectors * kernels_.lanes ? kernels_.swappedFull : kernels_.swappedPartial;
    const T* weights = weightsOf(tile, block, firstChannel, channels);
    T* out = output(tile.firstItem, tile.group, firstChannel) + tile.firstColumn;
    MicrokernelArgs<T> args = panelArgs(tile, block, source, panel);
    args.columns = channels;
    args.out = staging_;
    args.outStride = kMaxVectors * kernels_.lanes;

    const Panels strips(tile.columns, kernels_.maxRows);
    for (int64_t strip = 0; strip < strips.count(); strip++) {
      const int64_t column = strips.firstRow(strip);
      const int64_t positions = strips.rows(strip);
      const Taps taps = liveTaps(block, tile.firstColumn + column, positions);
      args.tile = source.rows + column;
      args.tapOffsets = source.tapOffsets + taps.begin;
      args.taps = taps.end - taps.begin;
      args.panel = weights + taps.begin * channels;
      kernels[positions - 1][vectors - 1](args);
      for (int64_t channel = 0; channel < channels; channel++) {
        for (int64_t i = 0; i < positions; i++) {
          out[channel * g_.outLength + column + i] = staging_[i * args.outStride + channel];
        }
      }
    }
  }

  // Copies the staged columns to their items; those that straddle two items are dropped.
  void unfold(const Tile& tile, int64_t firstRow, int64_t rows, int64_t column, int64_t columns) const noexcept {
    const int64_t stagingStride = kMaxVectors * kernels_.lanes;
    for (int64_t item = column / plan_.foldPitch; item < tile.items; item++) {
      const int64_t begin = item * plan_.foldPitch;
      const int64_t from = std::max(begin, column);
      const int64_t to = std::min(begin + g_.outLength, column + columns);
      if (begin >= column + columns) break;
      if (from >= to) continue;
      for (int64_t row = 0; row < rows; row++) {
        T* out = output(tile.firstItem + item, tile.group, firstRow + row) + (from - begin);
        std::memcpy(out, staging_ + row * stagingStride + (from - column), static_cast<size_t>(to - from) * sizeof(T));
      }
    }
  }

  const Plan& plan_;
  const Geometry& g_;
  const Parameters& p_;
  const Kernels<T>& kernels_;
  const ForwardArgs<T>& args_;
  const Panels panels_;
  T* tile_;
  T* staging_;
  TileLayout layout_;
  int64_t* inPlaceOffsets_;
  int64_t inPlaceTaps_ = 0;
};

}  // namespace

template <typename T>
Status forward(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args) noexcept {
  if (plan.tasks == 0) return Status::kOk;
  const Scratch scratch(plan.threads, plan.scratchBytes);
  if (!scratch) return Status::kOutOfMemory;
  parallelFor(plan.tasks, plan.threads, [&](int worker, TaskRange& tasks) {
    const StandardFloatMode mode;
    Worker<T> self(plan, kernels, args, scratch.of(worker));
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end && !isCancelled(args); task++) self.run(task);
    }
  });
  return isCancelled(args) ? Status::kCancelled : Status::kOk;
}

template Status forward<float>(const Plan&, const Kernels<float>&, const ForwardArgs<float>&) noexcept;
template Status forward<double>(const Plan&, const Kernels<double>&, const ForwardArgs<double>&) noexcept;

}  // namespace conv1d
