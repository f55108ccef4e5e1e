#include "core/pack/tile_layout.h"

#include <algorithm>
#include <numeric>

#include "core/checked_math.h"

namespace conv1d {
namespace {

// Calls visit(tap, phase, begin, isNewPiece) for the taps grouped by phase; within a phase they come in ascending
// order.
template <typename Visit>
void forEachTapByPhase(const Parameters& p, int64_t firstTap, int64_t taps, int64_t columns, Visit visit) noexcept {
  // Taps `period` apart share their phase and lie `step` elements apart in it.
  const int64_t divisor = std::gcd(p.stride, p.dilation);
  const int64_t period = p.stride / divisor;
  const int64_t step = p.dilation / divisor;
  for (int64_t residue = 0; residue < std::min(period, taps); residue++) {
    const int64_t position = (firstTap + residue) * p.dilation;
    const int64_t phase = position % p.stride;
    int64_t begin = position / p.stride;
    int64_t tap = residue;
    visit(tap, phase, begin, true);
    // It takes no step past the last tap, which might overflow.
    while (taps - tap > period) {
      tap += period;
      begin += step;
      visit(tap, phase, begin, step > columns);
    }
  }
}

// What a piece takes up in the row.
int64_t paddedLength(int64_t length, int64_t columns) noexcept {
  return columns < kPieceAlignment ? length : roundUp(length, kPieceAlignment);
}

}  // namespace

void layOutTile(const Parameters& p, int64_t firstTap, int64_t taps, int64_t columns, TileLayout* layout) noexcept {
  if (layout->firstTap == firstTap && layout->taps == taps && layout->columns == columns) return;
  int64_t pieceCount = 0;
  int64_t base = 0;
  forEachTapByPhase(p, firstTap, taps, columns, [&](int64_t tap, int64_t phase, int64_t begin, bool isNewPiece) {
    if (isNewPiece) {
      if (pieceCount > 0) base += paddedLength(layout->pieces[pieceCount - 1].length, columns);
      layout->pieces[pieceCount++] = Piece{phase, begin, 0, base};
    }
    Piece& piece = layout->pieces[pieceCount - 1];
    piece.length = begin - piece.begin + columns;
    layout->tapOffsets[tap] = base + (begin - piece.begin);
  });
  layout->pieceCount = pieceCount;
  layout->rowLength = base + layout->pieces[pieceCount - 1].length;
  layout->firstTap = firstTap;
  layout->taps = taps;
  layout->columns = columns;
}

int64_t tileRowLength(const Parameters& p, int64_t taps, int64_t columns) noexcept {
  int64_t total = 0;
  int64_t pieceBegin = 0;
  int64_t pieceLength = 0;
  forEachTapByPhase(p, 0, taps, columns, [&](int64_t, int64_t, int64_t begin, bool isNewPiece) {
    if (isNewPiece) {
      total += paddedLength(pieceLength, columns);
      pieceBegin = begin;
    }
    pieceLength = begin - pieceBegin + columns;
  });
  return total + pieceLength;
}

}  // namespace conv1d
