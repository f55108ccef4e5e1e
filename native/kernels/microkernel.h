// The micro-kernel and the depthwise kernel, written once over a simd type.
//
// A kernel translation unit includes its simd_*.h and then this file; everything is in an anonymous namespace so that
// the linker can never pick a function compiled for another CPU.
//
//   panel   [c][k][MR]      weights of MR channels, packed (core/pack_weights)
//   tile    row(c) + tap[k] inputs; every load is contiguous, none passes row(c) + tap[k] + columns
//   acc     starts at the bias and is stored once: the order of the sum is part of the contract
//
// Per tap: NR/lanes loads, MR broadcasts, MR*NR/lanes FMAs.
#pragma once

#include "kernels/kernel_table.h"

namespace {

using conv1d::DepthwiseArgs;
using conv1d::Kernels;
using conv1d::MicrokernelArgs;

#if defined(_MSC_VER) && !defined(__clang__)
#define CONV1D_UNROLL
#else
#define CONV1D_UNROLL _Pragma("GCC unroll 16")
#endif

}  // namespace

#include "kernels/fma_probe.h"

namespace {

// Loads and stores of vector v out of `Vectors`, of which only the last can be partial.
template <typename Simd, int Vectors, bool Partial>
struct Columns {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  typename Simd::Mask mask;

  explicit Columns(int64_t columns) : mask(Simd::mask(static_cast<int>(columns - (Vectors - 1) * Simd::kLanes))) {}

  Vector load(const Scalar* from, int v) const {
    if (Partial && v == Vectors - 1) return Simd::loadPartial(from + v * Simd::kLanes, mask);
    return Simd::load(from + v * Simd::kLanes);
  }

  void store(Scalar* to, int v, Vector value) const {
    if (Partial && v == Vectors - 1) {
      Simd::storePartial(to + v * Simd::kLanes, value, mask);
    } else {
      Simd::store(to + v * Simd::kLanes, value);
    }
  }
};

template <typename Simd, int MR, int Vectors, bool Partial>
void microkernel(const MicrokernelArgs<typename Simd::Scalar>& args) {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  const Columns<Simd, Vectors, Partial> columns(args.columns);
  Vector acc[MR][Vectors];

  if (args.first) {
    CONV1D_UNROLL
    for (int m = 0; m < MR; m++) {
      const Vector start = args.bias != nullptr ? Simd::broadcast(args.bias[m]) : Simd::zero();
      CONV1D_UNROLL
      for (int v = 0; v < Vectors; v++) acc[m][v] = start;
    }
  } else {
    CONV1D_UNROLL
    for (int m = 0; m < MR; m++) {
      CONV1D_UNROLL
      for (int v = 0; v < Vectors; v++) acc[m][v] = columns.load(args.out + m * args.outStride, v);
    }
  }

  const Scalar* row = args.tile;
  const Scalar* weights = args.panel;
  for (int64_t c = 0; c < args.channels; c++, row += args.rowStride) {
    for (int64_t k = 0; k < args.taps; k++, weights += MR) {
      const Scalar* source = row + args.tapOffsets[k];
      Vector x[Vectors];
      CONV1D_UNROLL
      for (int v = 0; v < Vectors; v++) x[v] = columns.load(source, v);
      const typename Simd::template Weights<MR> w(weights);
      CONV1D_UNROLL
      for (int m = 0; m < MR; m++) {
        CONV1D_UNROLL
        for (int v = 0; v < Vectors; v++) acc[m][v] = w.fma(m, x[v], acc[m][v]);
      }
    }
  }

  CONV1D_UNROLL
  for (int m = 0; m < MR; m++) {
    CONV1D_UNROLL
    for (int v = 0; v < Vectors; v++) {
      const Vector value = args.last ? Simd::normalise(acc[m][v]) : acc[m][v];
      columns.store(args.out + m * args.outStride, v, value);
    }
  }
}

template <typename Simd, int Vectors, bool Partial>
void depthwiseStrip(const DepthwiseArgs<typename Simd::Scalar>& args, int64_t from, int64_t count) {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  const Columns<Simd, Vectors, Partial> columns(count);
  Vector acc[Vectors];
  CONV1D_UNROLL
  for (int v = 0; v < Vectors; v++) {
    acc[v] = args.first ? Simd::broadcast(args.bias) : columns.load(args.out + from, v);
  }
  const Scalar* row = args.row + from;
  for (int64_t k = 0; k < args.taps; k++) {
    const Scalar* source = row + args.tapOffsets[k];
    const typename Simd::template Weights<1> w(args.weights + k);
    CONV1D_UNROLL
    for (int v = 0; v < Vectors; v++) acc[v] = w.fma(0, columns.load(source, v), acc[v]);
  }
  CONV1D_UNROLL
  for (int v = 0; v < Vectors; v++) {
    columns.store(args.out + from, v, args.last ? Simd::normalise(acc[v]) : acc[v]);
  }
}

// Strips of eight vectors hide the latency of the FMA chain; what is left goes vector by vector.
template <typename Simd>
void depthwise(const DepthwiseArgs<typename Simd::Scalar>& args) {
  constexpr int kStrip = 8 * Simd::kLanes;
  int64_t from = 0;
  for (; args.columns - from >= kStrip; from += kStrip) depthwiseStrip<Simd, 8, false>(args, from, kStrip);
  for (; args.columns - from >= Simd::kLanes; from += Simd::kLanes) {
    depthwiseStrip<Simd, 1, false>(args, from, Simd::kLanes);
  }
  if (from < args.columns) depthwiseStrip<Simd, 1, true>(args, from, args.columns - from);
}

template <typename Simd, int MR, int Vectors>
constexpr void fillVectors(Kernels<typename Simd::Scalar>& kernels) {
  kernels.full[MR - 1][Vectors - 1] = microkernel<Simd, MR, Vectors, false>;
  kernels.partial[MR - 1][Vectors - 1] = microkernel<Simd, MR, Vectors, true>;
  if constexpr (Vectors > 1) fillVectors<Simd, MR, Vectors - 1>(kernels);
}

template <typename Simd, int MR>
constexpr void fillRows(Kernels<typename Simd::Scalar>& kernels) {
  kernels.maxVectors[MR] = Simd::maxVectors(MR);
  fillVectors<Simd, MR, Simd::maxVectors(MR)>(kernels);
  if constexpr (MR > 1) fillRows<Simd, MR - 1>(kernels);
}

// Every micro-kernel with 1 .. Simd::kMaxRows rows and 1 .. Simd::maxVectors(rows) vectors.
template <typename Simd>
constexpr Kernels<typename Simd::Scalar> makeKernels() {
  Kernels<typename Simd::Scalar> kernels{};
  kernels.lanes = Simd::kLanes;
  kernels.maxRows = Simd::kMaxRows;
  kernels.tileBytes = Simd::kTileBytes;
  kernels.maxColumns = Simd::kMaxColumns;
  kernels.depthwise = depthwise<Simd>;
  kernels.fmaProbe = fmaProbe<Simd>;
  fillRows<Simd, Simd::kMaxRows>(kernels);
  return kernels;
}

}  // namespace
