// The most FMAs a core can do: what the benchmark harness (bench/) divides by. Included by microkernel.h.
//
// One independent chain for each accumulator of the tallest micro-kernel, and no loads, so that only the FMA ports are
// the limit: 24 chains on AVX-512 and NEON, 12 on AVX2, where 8 would do (latency 4, two ports).
#pragma once

#include <stdint.h>

#include "kernels/compiler.h"

namespace {

// Runs every chain `iterations` times and returns how many multiplications and additions that were. `sink` takes a
// vector that depends on all of them.
template <typename Simd>
int64_t fmaProbe(int64_t iterations, typename Simd::Scalar* sink) {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  constexpr int kRows = Simd::kBlocks.maxRows;
  constexpr int kVectors = Simd::kBlocks.maxVectors[kRows];

  // acc = acc / 2 + 1 tends to 2 and stays a normal number, however long it runs. Each chain starts elsewhere: equal
  // ones could be computed once.
  const Scalar half = Scalar(0.5);
  const typename Simd::template Weights<1> w(&half);
  const Vector one = Simd::broadcast(Scalar(1));
  Vector acc[kRows][kVectors];
  CONV1D_UNROLL
  for (int m = 0; m < kRows; m++) {
    CONV1D_UNROLL
    for (int v = 0; v < kVectors; v++) acc[m][v] = Simd::broadcast(static_cast<Scalar>(m * kVectors + v));
  }
  for (int64_t i = 0; i < iterations; i++) {
    CONV1D_UNROLL
    for (int m = 0; m < kRows; m++) {
      CONV1D_UNROLL
      for (int v = 0; v < kVectors; v++) acc[m][v] = w.fma(0, acc[m][v], one);
    }
  }
  Vector sum = Simd::zero();
  CONV1D_UNROLL
  for (int m = 0; m < kRows; m++) {
    CONV1D_UNROLL
    for (int v = 0; v < kVectors; v++) sum = w.fma(0, acc[m][v], sum);
  }
  Simd::store(sink, sum);
  return 2 * iterations * kRows * kVectors * Simd::kLanes;
}

}  // namespace
