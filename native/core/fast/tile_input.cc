#include "core/fast/tile_input.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/checked_math.h"
#include "core/fast/gain.h"
#include "core/pack/pack_input.h"

namespace conv1d {
namespace {

// Up to kTileSlack - 1 elements more than the tile has: the next tile overwrites them. Tiles are too short for calls of
// memcpy.
template <typename T>
void copyTile(const T* from, int64_t size, T* to) noexcept {
  for (int64_t i = 0; i < size; i += kTileSlack) std::memcpy(to + i, from + i, kTileSlack * sizeof(T));
}

}  // namespace

template <typename T>
TileInput<T>::TileInput(const Plan& plan, const TileStrips& strips, const Kernels<T>& kernels,
                        const ForwardArgs<T>& args, int size, T* row, T* tiles, bool* isBad) noexcept
    : t_(plan.fast),
      form_(plan.fast.form),
      g_(plan.geometry),
      p_(plan.geometry.parameters),
      strips_(strips),
      kernels_(kernels),
      args_(args),
      size_(size),
      row_(row),
      tiles_(tiles),
      isBad_(isBad) {
  scale_ = scaleBeyondRange<T>(size, args.largestGain);
  largest_ = std::numeric_limits<T>::max() / scale_;
}

template <typename T>
void TileInput<T>::begin(const TileTask& task) noexcept {
  task_ = task;
  std::fill_n(isBad_, t_.columns, false);
  anyBad_ = false;
}

template <typename T>
void TileInput<T>::take(int64_t channel) noexcept {
  channel_ = channel;
  isTame_ = isTame();
}

template <typename T>
TileSource<T> TileInput<T>::read(int64_t subChannel) noexcept {
  if (strips_.isOneSegment(task_)) {
    // Tiles are read in whole vectors, the last of them a little further.
    const int64_t columns = strips_.columnsOf(task_);
    const int64_t slack = (roundUp(columns, kernels_.lanes) - columns) * form_.hop + kTileSlack;
    const T* first = nullptr;
    strips_.forEachSegment(task_, [&](const Segment& segment) { first = readRow(segment, subChannel, slack); });
    return {first, form_.hop};
  }
  // Tiles of several rows in one vector: each is copied to a place of its own.
  strips_.forEachSegment(task_, [&](const Segment& segment) {
    const T* row = readRow(segment, subChannel, kTileSlack);
    T* to = tiles_ + segment.column * size_;
    for (int64_t tile = 0; tile < segment.tiles + t_.halo; tile++, to += size_) {
      copyTile(row + tile * form_.hop, size_, to);
    }
  });
  return {tiles_, size_};
}

// What the tiles of a segment read of a sub-channel, tile i of them `hop` elements behind tile i - 1: the input
// itself, where they touch no padding and `slack` elements follow, or a copy in row_.
template <typename T>
const T* TileInput<T>::readRow(const Segment& segment, int64_t subChannel, int64_t slack) noexcept {
  const T* from = inputRow(segment.item);
  Parameters stream = p_;
  stream.stride = form_.step * p_.stride;
  Piece piece{};
  piece.phase = segment.phase * p_.stride + subChannel / form_.pieces * p_.dilation;
  piece.begin = segment.firstTile * form_.hop + subChannel % form_.pieces * form_.pieceTaps;
  piece.length = (segment.tiles + t_.halo - 1) * form_.hop + size_;
  const int64_t first = piece.begin * stream.stride + piece.phase - p_.padLeft;
  const T* row = row_;
  if (stream.stride == 1 && first >= 0 && first + piece.length + slack <= g_.length) {
    row = from + first;
  } else {
    TileLayout layout;
    layout.pieces = &piece;
    layout.pieceCount = 1;
    packRow(stream, from, g_.length, layout, int64_t{0}, kernels_.stridedCopy, row_);
  }
  if (!isTame_) markBad(segment, row);
  return row;
}

template <typename T>
void TileInput<T>::markBad(const Segment& segment, const T* row) noexcept {
  for (int64_t tile = 0; tile < segment.tiles + t_.halo; tile++) {
    const T* from = row + tile * form_.hop;
    bool& isBad = isBad_[segment.column + tile];
    for (int64_t i = 0; i < size_ && !isBad; i++) isBad = !(std::abs(from[i]) <= largest_);
    anyBad_ = anyBad_ || isBad;
  }
}

template <typename T>
bool TileInput<T>::isBad(int64_t column) const noexcept {
  return std::any_of(isBad_ + column, isBad_ + column + t_.halo + 1, [](bool isBad) { return isBad; });
}

// Whether all that the strip may read of the channel is finite and small enough: a look at the input itself, where each
// element lies once, and a little beyond what tiles read. False as well where that is not worth while, since the tiles
// lie far apart, or their padding repeats inputs from elsewhere; each tile is looked at by itself then.
template <typename T>
bool TileInput<T>::isTame() const noexcept {
  const int64_t reach = (form_.pieces - 1) * form_.pieceTaps + size_;
  const int64_t step = form_.step * p_.stride;
  bool tame = true;
  strips_.forEachSegment(task_, [&](const Segment& segment) {
    if (segment.phase != task_.firstPhase || !tame) return;
    const int64_t begin = segment.firstTile * form_.hop * step - p_.padLeft;
    const int64_t end = begin + ((segment.tiles - 1) * form_.hop + reach) * step + form_.period * p_.dilation;
    const int64_t from = std::clamp<int64_t>(begin, 0, g_.length);
    const int64_t to = std::clamp<int64_t>(end, from, g_.length);
    const bool repeatsInputs = p_.mode != PaddingMode::kZeros && (begin < 0 || end > g_.length);
    const int64_t read = (segment.tiles + t_.halo) * size_ * form_.subChannels() * task_.phases;
    tame =
        !repeatsInputs && to - from <= 4 * read && kernels_.allFinite(inputRow(segment.item) + from, to - from, scale_);
  });
  return tame;
}

template <typename T>
const T* TileInput<T>::inputRow(int64_t item) const noexcept {
  return args_.input + ((item * p_.inChannels) + task_.group * p_.groupInChannels() + channel_) * g_.length;
}

template class TileInput<float>;
template class TileInput<double>;

}  // namespace conv1d
