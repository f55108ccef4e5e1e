// Which taps of a transposed convolution make which outputs.
//
// Before its padding cuts outputs off, input i and tap k add to output u = i * stride + k * dilation. So output
// u = q * stride + r, of phase r and column q, has the taps k with (k * dilation) % stride == r, and tap k reads input
// q - lag(k), lag(k) = k * dilation / stride. Taps of one phase share their residue modulo `period`; an output meets
// its inputs in ascending order with its taps in descending order.
//
//   stride 2, 5 taps, dilation 1:   column        q-2  q-1   q
//                                   phase 0        w4   w2   w0
//                                   phase 1             w3   w1
#pragma once

#include <cstdint>

#include "core/geometry.h"
#include "core/pack/tile_layout.h"

namespace conv1d {

// The taps of a residue among `taps` neighbouring ones.
struct TapRun {
  int64_t offset;   // where their tapOffsets begin in the layout
  int64_t skipped;  // taps of the residue that come before them
  int64_t last;     // the largest of them, which comes first
  int64_t count;
};

class PhaseTaps {
 public:
  explicit PhaseTaps(const Parameters& parameters) noexcept;

  int64_t period() const noexcept { return period_; }
  int64_t lag(int64_t tap) const noexcept { return tap * p_.dilation / p_.stride; }

  // The smallest tap of a phase; -1 for a phase without taps.
  int64_t residueOf(int64_t phase) const noexcept;

  // Of a residue below period() and kernelSize: its taps, and those of all residues before it.
  int64_t tapsOf(int64_t residue) const noexcept { return (p_.kernelSize - 1 - residue) / period_ + 1; }
  int64_t tapsBefore(int64_t residue) const noexcept;

  TapRun runOf(int64_t residue, int64_t firstTap, int64_t taps) const noexcept;

  // Fills the layout of a tile row of `columns` columns for neighbouring taps, unless it is there already. Taps so far
  // apart that their stretches do not meet get pieces of their own.
  void layOut(int64_t firstTap, int64_t taps, int64_t columns, TileLayout* layout) const noexcept;

  // No less than rowLength of any such layout.
  int64_t rowLength(int64_t taps, int64_t columns) const noexcept;

 private:
  const Parameters& p_;
  int64_t divisor_;  // of stride and dilation, the greatest
  int64_t period_;   // stride / divisor
  int64_t inverse_;  // of dilation / divisor, modulo the period
};

}  // namespace conv1d
