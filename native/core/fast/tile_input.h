// The tiles of a strip, read from the input; and which of them hold what no transform may see.
#pragma once

#include <cstdint>

#include "core/fast/tile_strips.h"
#include "core/run/forward.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// How far a transform reads behind its last element and writes behind its last output.
constexpr int64_t kTileSlack = 4;

// Tile i begins at first + i * hop.
template <typename T>
struct TileSource {
  const T* first;
  int64_t hop;
};

template <typename T>
class TileInput {
 public:
  // Of a transform of `size`. `row`, `tiles` and `isBad` hold the plan's rowElements, tileElements and columns.
  TileInput(const Plan& plan, const TileStrips& strips, const Kernels<T>& kernels, const ForwardArgs<T>& args, int size,
            T* row, T* tiles, bool* isBad) noexcept;

  // What follows is about the tiles of this task.
  void begin(const TileTask& task) noexcept;

  // What follows is about this channel of the group.
  void take(int64_t channel) noexcept;

  // The tiles of a sub-channel: in the input itself, where they touch no padding and what vectors read beyond them is
  // there, or in a copy.
  TileSource<T> read(int64_t subChannel) noexcept;

  // Whether some input of the tiles taken so far, or of one tile, is not finite or might overflow.
  bool anyBad() const noexcept { return anyBad_; }
  bool isBad(int64_t column) const noexcept;

 private:
  const T* readRow(const Segment& segment, int64_t subChannel, int64_t slack) noexcept;
  void markBad(const Segment& segment, const T* row) noexcept;
  bool isTame() const noexcept;
  const T* inputRow(int64_t item) const noexcept;

  const TilePlan& t_;
  const TileForm& form_;
  const Geometry& g_;
  const Parameters& p_;
  const TileStrips& strips_;
  const Kernels<T>& kernels_;
  const ForwardArgs<T>& args_;
  const int64_t size_;
  T* const row_;
  T* const tiles_;
  bool* const isBad_;  // for each column
  T scale_;            // takes what is too large beyond all numbers
  T largest_;          // input that overflows no plane
  TileTask task_{};
  int64_t channel_ = 0;
  bool anyBad_ = false;
  bool isTame_ = true;  // the channel
};

}  // namespace conv1d
