// Sums over few positions of the products of rows with columns: what the weight gradient of short signals is made of.
// Included by microkernel.h. The order is that of weight_gradients.h:
//
//   product i of a row of gradients and a column of inputs     chain i % 16, in ascending order of i
//   the 16 chains                                               j with j + 8, then + 4, + 2, + 1
//
// There positions lie in the lanes; with few of them most lanes are empty, and the chains of each sum have to be
// merged across lanes. Here columns lie in the lanes, and a chain is a vector. The tree is walked from its leaves: a
// chain is whole before the next one begins, so that five vectors of each sum are alive at a time, not sixteen.
//
//   inputs      [vector of columns][position][lane], packed
//   gradients   a row of positions for each row
//
// At four rows that is a load and 4 broadcasts for 4 FMAs (measured: 0.9 of peak after 48 positions on AVX-512, 0.6 on
// AVX2; 2 x 2 vectors 0.8 and 0.6).
#pragma once

#include <stdint.h>

#include "kernels/compiler.h"
#include "kernels/kernel_table.h"

namespace {

using conv1d::ColumnGradientArgs;

template <typename Simd, int Rows>
struct ColumnTile {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  struct Sums {
    Vector of[Rows];
  };

  const Scalar* gradients[Rows];
  const Scalar* inputs;  // of a vector of columns
  int64_t positions;

  // Adds up the chains Chain, Chain + Step, ..., of which the first has products. Others without any are left out:
  // zeros would change no more than the sign of a zero, which ends as +0.
  template <int Chain, int Step>
  CONV1D_INLINE Sums sum() const {
    if constexpr (Step == conv1d::kGradientChains) {
      return products<Chain>();
    } else {
      Sums sums = sum<Chain, 2 * Step>();
      if (Chain + Step < positions) {
        const Sums others = sum<Chain + Step, 2 * Step>();
        CONV1D_UNROLL
        for (int r = 0; r < Rows; r++) sums.of[r] = Simd::add(sums.of[r], others.of[r]);
      }
      return sums;
    }
  }

  template <int Chain>
  CONV1D_INLINE Sums products() const {
    Sums sums;
    CONV1D_UNROLL
    for (int r = 0; r < Rows; r++) sums.of[r] = Simd::zero();
    int64_t i = Chain;
    do {
      Vector x = Simd::load(inputs + i * Simd::kLanes);
      if constexpr (Rows > 1) keepInRegister(x);
      CONV1D_UNROLL
      for (int r = 0; r < Rows; r++) sums.of[r] = Simd::fma(Simd::broadcast(gradients[r][i]), x, sums.of[r]);
      i += conv1d::kGradientChains;
    } while (i < positions);
    return sums;
  }
};

// All columns of `Rows` rows.
template <typename Simd, int Rows>
void columnGradientStrip(const ColumnGradientArgs<typename Simd::Scalar>& args, int64_t row) {
  ColumnTile<Simd, Rows> tile;
  tile.positions = args.positions;
  CONV1D_UNROLL
  for (int r = 0; r < Rows; r++) tile.gradients[r] = args.gradients + (row + r) * args.gradientPitch;
  typename Simd::Scalar* const out = args.out + row * args.outPitch;
  for (int64_t column = 0; column < args.columns; column += Simd::kLanes) {
    tile.inputs = args.inputs + column * args.positions;
    const auto sums = tile.template sum<0, 1>();
    const int64_t left = args.columns - column;
    CONV1D_UNROLL
    for (int r = 0; r < Rows; r++) {
      typename Simd::Scalar* const to = out + r * args.outPitch + column;
      const typename Simd::Vector ended = Simd::normalise(sums.of[r]);
      if (left >= Simd::kLanes) {
        Simd::store(to, ended);
      } else {
        Simd::storePartial(to, ended, Simd::mask(static_cast<int>(left)));
      }
    }
  }
}

// The rows from this one on: as many at a time, and of the rest half as many.
template <typename Simd, int Rows>
void columnGradientStrips(const ColumnGradientArgs<typename Simd::Scalar>& args, int64_t row) {
  for (; row + Rows <= args.rows; row += Rows) columnGradientStrip<Simd, Rows>(args, row);
  if constexpr (Rows > 1) columnGradientStrips<Simd, Rows / 2>(args, row);
}

template <typename Simd>
void columnGradients(const ColumnGradientArgs<typename Simd::Scalar>& args) {
  columnGradientStrips<Simd, Simd::kBlocks.columnRows>(args, 0);
}

}  // namespace
