#include "core/pack/phase_taps.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "core/checked_math.h"

namespace conv1d {
namespace {

// a * b % modulus of numbers below the modulus.
int64_t multiplyModulo(int64_t a, int64_t b, int64_t modulus) noexcept {
  int64_t product = 0;
  if (checkedMultiply(a, b, &product)) return product % modulus;
  // Bit by bit. It adds without a sum that might overflow.
  const auto add = [&](int64_t x, int64_t y) { return x >= modulus - y ? x - (modulus - y) : x + y; };
  for (; b > 0; b /= 2) {
    if (b % 2 != 0) product = add(product, a);
    a = add(a, a);
  }
  return product;
}

// The inverse of `value` modulo `modulus`, which share no divisor; by Euclid's algorithm.
int64_t inverseModulo(int64_t value, int64_t modulus) noexcept {
  int64_t remainder = modulus;
  int64_t next = value % modulus;
  int64_t factor = 0;
  int64_t nextFactor = 1;
  while (next > 0) {
    const int64_t quotient = remainder / next;
    remainder = std::exchange(next, remainder - quotient * next);
    factor = std::exchange(nextFactor, factor - quotient * nextFactor);
  }
  return factor < 0 ? factor + modulus : factor;
}

// How many of `taps` neighbouring taps, of which the first has residue 0, have this residue.
int64_t countOf(int64_t residue, int64_t taps, int64_t period) noexcept {
  return residue >= taps ? 0 : (taps - 1 - residue) / period + 1;
}

// ... and how many have a smaller one.
int64_t countBefore(int64_t residue, int64_t taps, int64_t period) noexcept {
  return residue * (taps / period) + std::min(residue, taps % period);
}

}  // namespace

PhaseTaps::PhaseTaps(const Parameters& p) noexcept
    : p_(p),
      divisor_(std::gcd(p.stride, p.dilation)),
      period_(p.stride / divisor_),
      inverse_(inverseModulo(p.dilation / divisor_, period_)) {}

int64_t PhaseTaps::residueOf(int64_t phase) const noexcept {
  if (period_ == 1) return phase == 0 ? 0 : -1;
  const int64_t index = phase / divisor_;
  if (index * divisor_ != phase) return -1;
  const int64_t residue = multiplyModulo(index, inverse_, period_);
  return residue < p_.kernelSize ? residue : -1;
}

int64_t PhaseTaps::tapsBefore(int64_t residue) const noexcept { return countBefore(residue, p_.kernelSize, period_); }

TapRun PhaseTaps::runOf(int64_t residue, int64_t firstTap, int64_t taps) const noexcept {
  int64_t first = residue - firstTap % period_;  // counted from firstTap
  if (first < 0) first += period_;
  TapRun run{0, 0, 0, countOf(first, taps, period_)};
  if (run.count == 0) return run;
  run.offset = countBefore(first, taps, period_);
  run.last = firstTap + first + (run.count - 1) * period_;
  run.skipped = tapsOf(residue) - 1 - (run.last - residue) / period_;
  return run;
}

void PhaseTaps::layOut(int64_t firstTap, int64_t taps, int64_t columns, TileLayout* layout) const noexcept {
  if (layout->firstTap == firstTap && layout->taps == taps && layout->columns == columns) return;
  layout->pieceCount = 0;
  layout->rowLength = 0;
  for (int64_t i = taps - 1; i >= 0; i--) {  // in the order of the inputs
    const int64_t begin = -lag(firstTap + i);
    const Piece* before = layout->pieceCount == 0 ? nullptr : &layout->pieces[layout->pieceCount - 1];
    if (before == nullptr || begin > before->begin + before->length) {
      layout->pieces[layout->pieceCount++] = Piece{0, begin, 0, layout->rowLength};
    }
    Piece& piece = layout->pieces[layout->pieceCount - 1];
    piece.length = begin - piece.begin + columns;
    layout->rowLength = piece.base + piece.length;
    const int64_t residue = i % period_;
    const int64_t descending = countOf(residue, taps, period_) - 1 - i / period_;
    layout->tapOffsets[countBefore(residue, taps, period_) + descending] = piece.base + (begin - piece.begin);
  }
  layout->firstTap = firstTap;
  layout->taps = taps;
  layout->columns = columns;
}

int64_t PhaseTaps::rowLength(int64_t taps, int64_t columns) const noexcept {
  // Each tap adds the distance from the one before, or all columns where that is more.
  const int64_t distances = ceilDivide((taps - 1) * p_.dilation, p_.stride) + 1;
  return columns + std::min(distances, (taps - 1) * columns);
}

}  // namespace conv1d
