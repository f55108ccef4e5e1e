// Where a task's inputs come from: the input itself where kernels can read it in place, a packed tile otherwise.
#pragma once

#include <algorithm>
#include <cstddef>

#include "core/checked_math.h"
#include "core/pack/pack_input.h"
#include "core/pack/tile_layout.h"
#include "core/plan/plan.h"
#include "core/run/task.h"

namespace conv1d {

template <typename T>
class Sources {
 public:
  // `tile` holds plan.tileElements; behind `arrays` lie the layout's arrays (core/plan/tiling.cc, sizeScratch).
  Sources(const Plan& plan, const Kernels<T>& kernels, const T* input, T* tile, std::byte* arrays) noexcept
      : plan_(plan), g_(plan.geometry), p_(plan.geometry.parameters), kernels_(kernels), input_(input), tile_(tile) {
    layout_.pieces = reinterpret_cast<Piece*>(arrays);
    layout_.tapOffsets = reinterpret_cast<int64_t*>(layout_.pieces + plan.tapsPerBlock);
    inPlaceOffsets_ = layout_.tapOffsets + plan.tapsPerBlock;
  }

  Source<T> provide(const Task& task, const Block& block) noexcept {
    if (plan_.readsInput) {
      const int64_t first = task.firstColumn - p_.padLeft + block.firstTap * p_.dilation;
      const int64_t columns = plan_.readsWholeVectors ? roundUp(task.columns, kernels_.lanes) : task.columns;
      const int64_t reach = columns + (block.taps - 1) * p_.dilation;
      if (first >= 0 && first + reach <= g_.length) return inPlace(task, block, first);
    }
    return pack(task, block);
  }

  // The signal of a channel, counted within the group.
  const T* channel(int64_t item, int64_t group, int64_t c) const noexcept {
    return input_ + ((item * p_.inChannels) + group * p_.groupInChannels() + c) * g_.length;
  }

 private:
  Source<T> inPlace(const Task& task, const Block& block, int64_t first) noexcept {
    if (inPlaceTaps_ < block.taps) {
      for (int64_t k = 0; k < block.taps; k++) inPlaceOffsets_[k] = k * p_.dilation;
      inPlaceTaps_ = block.taps;
    }
    return {channel(task.firstItem, task.group, block.firstChannel) + first, g_.length, inPlaceOffsets_};
  }

  Source<T> pack(const Task& task, const Block& block) noexcept {
    layOutTile(p_, block.firstTap, block.taps, plan_.tileColumns, &layout_);
    for (int64_t c = 0; c < block.channels; c++) {
      T* row = tile_ + c * plan_.rowStride;
      if (plan_.fold > 1) {
        packFoldedRow(task, block.firstChannel + c, row);
      } else {
        packRow(p_, channel(task.firstItem, task.group, block.firstChannel + c), g_.length, layout_, task.firstColumn,
                kernels_.stridedCopy, row);
      }
    }
    return {tile_, plan_.rowStride, layout_.tapOffsets};
  }

  // Each piece holds the stretches of all items, foldPitch apart; every tap's halo fits between two of them.
  void packFoldedRow(const Task& task, int64_t c, T* row) const noexcept {
    for (int64_t i = 0; i < layout_.pieceCount; i++) {
      const Piece& whole = layout_.pieces[i];
      Piece piece = whole;
      TileLayout one;
      one.pieces = &piece;
      one.pieceCount = 1;
      const T* from = channel(task.firstItem, task.group, c);
      for (int64_t item = 0; item < task.items; item++, from += p_.inChannels * g_.length) {
        const int64_t at = item * plan_.foldPitch;
        piece.length = std::min(plan_.foldPitch, whole.length - at);
        piece.base = whole.base + at;
        packRow(p_, from, g_.length, one, int64_t{0}, kernels_.stridedCopy, row);
      }
    }
  }

  const Plan& plan_;
  const Geometry& g_;
  const Parameters& p_;
  const Kernels<T>& kernels_;
  const T* input_;
  T* tile_;
  TileLayout layout_;
  int64_t* inPlaceOffsets_;
  int64_t inPlaceTaps_ = 0;
};

}  // namespace conv1d
