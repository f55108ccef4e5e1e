#include "core/pack/pack_input.h"

#include <algorithm>
#include <cstring>

#include "core/checked_math.h"

namespace conv1d {
namespace {

// An element of the padding: a zero, or the element that the padding mode repeats there.
template <typename T>
T paddingElement(const T* channel, int64_t length, int64_t position, PaddingMode mode) noexcept {
  return mode == PaddingMode::kZeros ? T{0} : channel[sourcePosition(position, length, mode)];
}

// The number of i >= 0 with first + i * step < bound.
int64_t countBelow(int64_t first, int64_t step, int64_t bound) noexcept {
  if (first >= bound) return 0;
  return step == 1 ? bound - first : ceilDivide(bound - first, step);  // a division takes longer than a short row
}

}  // namespace

template <typename T>
void packRow(const Parameters& p, const T* channel, int64_t length, const TileLayout& layout, int64_t firstColumn,
             StridedCopy<T> stridedCopy, T* tileRow) noexcept {
  for (int64_t i = 0; i < layout.pieceCount; i++) {
    const Piece& piece = layout.pieces[i];
    T* const row = tileRow + piece.base;
    const int64_t first = (firstColumn + piece.begin) * p.stride + piece.phase - p.padLeft;
    // [0, inside) lies in the left padding, [inside, behind) in the signal, [behind, end) in the right padding; what
    // follows belongs to columns behind the last output. It never computes a position past the padded signal: that
    // might overflow.
    const int64_t inside = std::min(piece.length, countBelow(first, p.stride, 0));
    const int64_t behind = std::min(piece.length, countBelow(first, p.stride, length));
    const int64_t end =
        behind == piece.length ? behind : std::min(piece.length, countBelow(first, p.stride, length + p.padRight));
    for (int64_t j = 0; j < inside; j++) row[j] = paddingElement(channel, length, first + j * p.stride, p.mode);
    if (behind > inside) {
      const T* from = channel + (first + inside * p.stride);  // `first` alone may lie far outside
      if (p.stride == 1) {
        std::memcpy(row + inside, from, static_cast<size_t>(behind - inside) * sizeof(T));
      } else {
        stridedCopy(from, p.stride, behind - inside, row + inside);
      }
    }
    for (int64_t j = behind; j < end; j++) row[j] = paddingElement(channel, length, first + j * p.stride, p.mode);
    std::fill(row + end, row + piece.length, T{0});
  }
}

template void packRow<float>(const Parameters&, const float*, int64_t, const TileLayout&, int64_t, StridedCopy<float>,
                             float*) noexcept;
template void packRow<double>(const Parameters&, const double*, int64_t, const TileLayout&, int64_t,
                              StridedCopy<double>, double*) noexcept;

}  // namespace conv1d
