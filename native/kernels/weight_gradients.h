// Sums over positions of the products of rows with rows: what a weight gradient is made of. Included by microkernel.h.
//
//   product i of a row of gradients and one of inputs     chain i % 16, in ascending order of i
//   the 16 chains                                          j with j + 8, then + 4, + 2, + 1
//
// Positions lie in the lanes, so that both sides are read as they lie in memory: nothing is transposed, and taps of one
// signal may overlap. An ISA with fewer lanes than chains takes the same rows several times, some of their chains each
// time. At 6 x 4 on AVX-512 that is 10 loads for 24 FMAs, aligned or not (measured: 0.95 of peak without, 0.90 with the
// merging of chains after 64 vectors; 8 x 3, which loads more, 0.72).
#pragma once

#include <stdint.h>

#include "kernels/compiler.h"
#include "kernels/kernel_table.h"

namespace {

using conv1d::GradientTileArgs;
using conv1d::kGradientChains;

template <typename Simd, int Rows, int Columns>
void gradientTile(const GradientTileArgs<typename Simd::Scalar>& args) {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  constexpr int kRegisters = sizeof(Vector) == 32 ? 16 : 32;  // of AVX2, and of all others
  constexpr bool kKeeps = Rows > 1 && Rows * Columns + Columns + 1 <= kRegisters;
  for (int64_t chain = 0; chain < kGradientChains; chain += Simd::kLanes) {
    Vector acc[Rows][Columns];
    CONV1D_UNROLL
    for (int r = 0; r < Rows; r++) {
      CONV1D_UNROLL
      for (int c = 0; c < Columns; c++) acc[r][c] = Simd::zero();
    }
    for (int64_t run = 0; run < args.runs; run++) {
      const Scalar* gradients[Rows];
      const Scalar* inputs[Columns];
      CONV1D_UNROLL
      for (int r = 0; r < Rows; r++) gradients[r] = args.gradients[run * args.gradientStep + r] + chain;
      CONV1D_UNROLL
      for (int c = 0; c < Columns; c++) inputs[c] = args.inputs[run * args.inputStep + c] + chain;
      const int64_t end = args.groups[run] * kGradientChains;
      for (int64_t i = 0; i < end; i += kGradientChains) {
        Vector x[Columns];
        CONV1D_UNROLL
        for (int c = 0; c < Columns; c++) {
          x[c] = Simd::load(inputs[c] + i);
          if constexpr (kKeeps) keepInRegister(x[c]);
        }
        CONV1D_UNROLL
        for (int r = 0; r < Rows; r++) {
          const Vector gradient = Simd::load(gradients[r] + i);
          CONV1D_UNROLL
          for (int c = 0; c < Columns; c++) acc[r][c] = Simd::fma(gradient, x[c], acc[r][c]);
        }
      }
    }
    Scalar* const sums = args.sums + chain;
    CONV1D_UNROLL
    for (int r = 0; r < Rows; r++) {
      CONV1D_UNROLL
      for (int c = 0; c < Columns; c++) Simd::store(sums + (r * Columns + c) * kGradientChains, acc[r][c]);
    }
  }
}

// The sums of kLanes rows of chains, one in each lane: where the ISA's shuffles leave half of the vectors after each
// step of the tree, by these, otherwise transposed first (AVX-512: twice the time).
template <typename Simd>
typename Simd::Vector mergedRows(const typename Simd::Scalar* rows) {
  if constexpr (requires { Simd::mergeChains(rows); }) {
    return Simd::mergeChains(rows);
  } else {
    typename Simd::Vector chains[kGradientChains];
    CONV1D_UNROLL
    for (int j = 0; j < kGradientChains; j += Simd::kTransposed) {
      Simd::loadTransposed(rows + j, kGradientChains, chains + j);
    }
    CONV1D_UNROLL
    for (int half = kGradientChains / 2; half > 0; half /= 2) {
      CONV1D_UNROLL
      for (int j = 0; j < half; j++) chains[j] = Simd::add(chains[j], chains[j + half]);
    }
    return chains[0];
  }
}

template <typename Simd>
void mergeChains(const typename Simd::Scalar* sums, int64_t count, typename Simd::Scalar* out) {
  for (int64_t i = 0; i < count; i += Simd::kLanes) Simd::store(out + i, mergedRows<Simd>(sums + i * kGradientChains));
}

template <typename Simd, int Rows>
constexpr void fillGradientTiles(conv1d::Kernels<typename Simd::Scalar>& kernels) {
  kernels.gradientTiles[Rows - 1] = gradientTile<Simd, Rows, Simd::kBlocks.gradientColumns[Rows]>;
  if constexpr (Rows > 1) fillGradientTiles<Simd, Rows - 1>(kernels);
}

template <typename Simd, int Columns>
constexpr void fillGradientRows(conv1d::Kernels<typename Simd::Scalar>& kernels) {
  kernels.gradientRows[Columns - 1] = gradientTile<Simd, 1, Columns>;
  if constexpr (Columns > 1) fillGradientRows<Simd, Columns - 1>(kernels);
}

}  // namespace
