// Depthwise convolutions with a channel in each lane: every load of inputs and weights is a whole, aligned vector,
// where kernels along a row load vectors that straddle two cache lines. Rows are transposed on their way in and out;
// each lane sums in the order of the taps. Included by microkernel.h.
#pragma once

#include <stdint.h>

#include "kernels/compiler.h"
#include "kernels/epilogue.h"
#include "kernels/kernel_table.h"

namespace {

using conv1d::LanesArgs;

// to[i * kLanes + r] = from[r * pitch + i] for r < kLanes, i < count; count is kLanes or more. A row's vector is read
// whole: with rows a multiple of 4 KiB apart, what is left of a line for later is gone from the first cache by then.
template <typename Simd>
void rowsToLanes(const typename Simd::Scalar* from, int64_t pitch, int64_t count, typename Simd::Scalar* to) {
  constexpr int kLanes = Simd::kLanes;
  for (int64_t i = 0; i < count; i += kLanes) {
    const int64_t first = i + kLanes <= count ? i : count - kLanes;  // the last block overlaps the one before it
    typename Simd::Vector block[kLanes];
    CONV1D_UNROLL
    for (int r = 0; r < kLanes; r++) block[r] = Simd::load(from + r * pitch + first);
    Simd::transposeSquare(block);
    CONV1D_UNROLL
    for (int j = 0; j < kLanes; j++) Simd::store(to + (first + j) * kLanes, block[j]);
  }
}

// Adds `Taps` neighbouring taps to the sums of `Outputs` neighbouring outputs; an input is loaded once for all of them.
template <typename Simd, int Outputs, int Taps>
CONV1D_INLINE void addNeighbours(const typename Simd::Scalar* x, const typename Simd::Scalar* weights,
                                 typename Simd::Vector* sums) {
  using Vector = typename Simd::Vector;
  Vector w[Taps];
  CONV1D_UNROLL
  for (int k = 0; k < Taps; k++) w[k] = Simd::load(weights + k * Simd::kLanes);
  CONV1D_UNROLL
  for (int p = 0; p < Outputs + Taps - 1; p++) {
    const Vector input = Simd::load(x + p * Simd::kLanes);
    CONV1D_UNROLL
    for (int k = 0; k < Taps; k++) {
      if (p >= k && p - k < Outputs) sums[p - k] = Simd::fma(w[k], input, sums[p - k]);
    }
  }
}

template <typename Simd>
void depthwiseLanes(const LanesArgs<typename Simd::Scalar>& args) {
  using Vector = typename Simd::Vector;
  constexpr int kLanes = Simd::kLanes;
  constexpr int kOutputs = Simd::kBlocks.lanesOutputs;
  constexpr int kTaps = Simd::kBlocks.lanesTaps;
  static_assert(kOutputs % kLanes == 0);
  for (int64_t column = 0; column < args.columns; column += kOutputs) {
    const int64_t first = column + kOutputs <= args.columns ? column : args.columns - kOutputs;
    Vector sums[kOutputs];
    CONV1D_UNROLL
    for (int i = 0; i < kOutputs; i++) sums[i] = Simd::load(args.biases);
    const auto* x = args.tile + first * args.columnStep * kLanes;
    const auto* w = args.weights;
    int64_t k = 0;
    if (args.columnStep == 1 && args.tapStep == 1) {
      for (; k + kTaps <= args.taps; k += kTaps, x += kTaps * kLanes, w += kTaps * kLanes) {
        addNeighbours<Simd, kOutputs, kTaps>(x, w, sums);
      }
    }
    if (args.columnStep == 1) {
      for (; k < args.taps; k++, x += args.tapStep * kLanes, w += kLanes) addNeighbours<Simd, kOutputs, 1>(x, w, sums);
    }
    for (; k < args.taps; k++, x += args.tapStep * kLanes, w += kLanes) {
      const Vector weight = Simd::load(w);
      CONV1D_UNROLL
      for (int i = 0; i < kOutputs; i++) {
        sums[i] = Simd::fma(weight, Simd::load(x + i * args.columnStep * kLanes), sums[i]);
      }
    }
    CONV1D_UNROLL
    for (int i = 0; i < kOutputs; i++) sums[i] = endOfChain<Simd>(sums[i]);
    auto* const out = args.out + first;
    CONV1D_UNROLL
    for (int i = 0; i < kOutputs; i += kLanes) {
      Simd::transposeSquare(sums + i);
      CONV1D_UNROLL
      for (int r = 0; r < kLanes; r++) Simd::store(out + r * args.outStride + i, sums[i + r]);
    }
  }
}

}  // namespace
