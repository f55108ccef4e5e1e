#include "core/fast/tile_form.h"

#include <algorithm>
#include <numeric>

#include "core/checked_math.h"

namespace conv1d {

bool canBeTiled(const Parameters& p) noexcept {
  constexpr int64_t kMostTaps = 4096;
  constexpr int64_t kFurthest = int64_t{1} << 20;  // products of these stay far from overflow
  return p.kernelSize <= kMostTaps && p.dilation <= kFurthest && p.stride <= kFurthest;
}

TileForm makeTileForm(const Parameters& p, int64_t size, int64_t outputs) noexcept {
  TileForm form;
  const int64_t divisor = std::gcd(p.stride, p.dilation);
  form.step = p.dilation / divisor;
  form.period = std::min(p.stride / divisor, p.kernelSize);
  const int64_t taps = ceilDivide(p.kernelSize, form.period);
  // A transform that makes fewer outputs than it has inputs makes no more of them for fewer taps, nor can it do more
  // taps.
  const bool isFixed = outputs < size;
  const auto cut = [&](int64_t pieces) {
    form.pieces = pieces;
    form.pieceTaps = isFixed ? size + 1 - outputs : ceilDivide(taps, pieces);
    form.hop = size + 1 - form.pieceTaps;
  };
  // Fewest products per output: pieces over hop.
  int64_t best = ceilDivide(taps, isFixed ? size + 1 - outputs : size);
  for (int64_t pieces = best; pieces <= taps; pieces++) {
    cut(best);
    const int64_t bestHop = form.hop;
    cut(pieces);
    if (pieces * bestHop < best * form.hop) best = pieces;
    if (isFixed || form.pieceTaps <= size / 4) break;
  }
  cut(best);
  return form;
}

}  // namespace conv1d
