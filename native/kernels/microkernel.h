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

#include "kernels/compiler.h"
#include "kernels/fma_probe.h"
#include "kernels/kernel_table.h"

namespace {

using conv1d::DepthwiseArgs;
using conv1d::Kernels;
using conv1d::MicrokernelArgs;

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

template <typename Simd, int MR, int Vectors, bool Partial, bool Swapped>
void microkernel(const MicrokernelArgs<typename Simd::Scalar>& args) {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  const Columns<Simd, Vectors, Partial> columns(args.columns);
  Vector acc[MR][Vectors];

  CONV1D_UNROLL
  for (int m = 0; m < MR; m++) {
    CONV1D_UNROLL
    for (int v = 0; v < Vectors; v++) {
      if (!args.first) {
        acc[m][v] = columns.load(args.out + m * args.outStride, v);
      } else if (args.bias == nullptr) {
        acc[m][v] = Simd::zero();
      } else {
        acc[m][v] = Swapped ? columns.load(args.bias, v) : Simd::broadcast(args.bias[m]);
      }
    }
  }

  const int64_t panelWidth = Swapped ? args.panelWidth : MR;
  const int64_t* const offsets = args.tapOffsets;
  const int64_t taps = args.taps;
  const Scalar* row = args.tile;
  const Scalar* panelRow = args.panel;
  for (int64_t c = args.channels; c > 0; c--, row += args.rowStride, panelRow += args.panelStride) {
    const Scalar* panel = panelRow;
    for (int64_t k = 0; k < taps; k++, panel += panelWidth) {
      const Scalar* input = row + offsets[k];
      CONV1D_KEEP_POINTER(input);
      const Scalar* vectors = Swapped ? panel : input;
      const typename Simd::template Weights<MR> scalars(Swapped ? input : panel);
      Vector x[Vectors];
      CONV1D_UNROLL
      for (int v = 0; v < Vectors; v++) x[v] = columns.load(vectors, v);
      CONV1D_UNROLL
      for (int m = 0; m < MR; m++) {
        CONV1D_UNROLL
        for (int v = 0; v < Vectors; v++) acc[m][v] = scalars.fma(m, x[v], acc[m][v]);
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

// Fewer taps than this do not pay for filling the registers.
constexpr int64_t kMinTapsToSlide = 8;

// The same for taps next to each other. An unaligned load that straddles two cache lines takes two turns of a load
// port, which makes loads the limit, not FMAs. So a part of the vectors is kept in registers for a vector's worth of
// taps and slid along by permutes, which take turns of a port that loads do not need.
template <typename Simd, int Vectors, bool Partial>
void depthwiseSlidingStrip(const DepthwiseArgs<typename Simd::Scalar>& args, int64_t from, int64_t count) {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  constexpr int kLanes = Simd::kLanes;
  constexpr int kLoaded = Vectors * 3 / 8;  // best of 0 .. 5 of eight: 1.13 cycles an FMA, loads alone 1.5
  const Columns<Simd, Vectors, Partial> columns(count);
  Vector acc[Vectors];
  CONV1D_UNROLL
  for (int v = 0; v < Vectors; v++) {
    acc[v] = args.first ? Simd::broadcast(args.bias) : columns.load(args.out + from, v);
  }
  const Scalar* source = args.row + from + args.tapOffsets[0];
  int64_t k = 0;
  for (; args.taps - k >= kMinTapsToSlide; k += kLanes) {
    const int64_t readable = count + args.taps - 1 - k;  // elements at source + k that belong to the row
    Vector window[Vectors + 1];
    CONV1D_UNROLL
    for (int v = kLoaded; v <= Vectors; v++) {
      const int64_t left = readable - v * kLanes;
      const int valid = static_cast<int>(left < 0 ? 0 : left < kLanes ? left : kLanes);
      window[v] = Simd::loadPartial(source + k + v * kLanes, Simd::mask(valid));
    }
    const int64_t end = args.taps < k + kLanes ? args.taps : k + kLanes;
    typename Simd::Slide slide;
    for (int64_t tap = k; tap < end; tap++, slide.next()) {
      const typename Simd::template Weights<1> w(args.weights + tap);
      CONV1D_UNROLL
      for (int v = 0; v < kLoaded; v++) acc[v] = w.fma(0, Simd::load(source + tap + v * kLanes), acc[v]);
      CONV1D_UNROLL
      for (int v = kLoaded; v < Vectors; v++) acc[v] = w.fma(0, slide(window[v], window[v + 1]), acc[v]);
    }
  }
  for (; k < args.taps; k++) {
    const typename Simd::template Weights<1> w(args.weights + k);
    CONV1D_UNROLL
    for (int v = 0; v < Vectors; v++) acc[v] = w.fma(0, columns.load(source + k, v), acc[v]);
  }
  CONV1D_UNROLL
  for (int v = 0; v < Vectors; v++) {
    columns.store(args.out + from, v, args.last ? Simd::normalise(acc[v]) : acc[v]);
  }
}

template <typename Simd, int Vectors, bool Partial>
void depthwiseBestStrip(const DepthwiseArgs<typename Simd::Scalar>& args, int64_t from, int64_t count) {
  if constexpr (Simd::kCanSlide) {
    if (args.contiguous && args.taps >= kMinTapsToSlide) {
      depthwiseSlidingStrip<Simd, Vectors, Partial>(args, from, count);
      return;
    }
  }
  depthwiseStrip<Simd, Vectors, Partial>(args, from, count);
}

template <typename Simd, int Vectors>
void depthwiseStripOf(int64_t vectors, const DepthwiseArgs<typename Simd::Scalar>& args, int64_t from, int64_t count) {
  if (vectors == Vectors) {
    if (count == Vectors * Simd::kLanes) {
      depthwiseBestStrip<Simd, Vectors, false>(args, from, count);
    } else {
      depthwiseBestStrip<Simd, Vectors, true>(args, from, count);
    }
  } else if constexpr (Vectors > 1) {
    depthwiseStripOf<Simd, Vectors - 1>(vectors, args, from, count);
  }
}

// Strips of nearly equal width: eight vectors hide the latency of the FMA chain, one alone would wait for it.
template <typename Simd>
void depthwise(const DepthwiseArgs<typename Simd::Scalar>& args) {
  constexpr int64_t kStrip = 8;
  int64_t vectors = (args.columns + Simd::kLanes - 1) / Simd::kLanes;
  int64_t from = 0;
  for (int64_t strips = (vectors + kStrip - 1) / kStrip; strips > 0; strips--) {
    const int64_t width = (vectors + strips - 1) / strips;
    const int64_t left = args.columns - from;
    const int64_t count = left < width * Simd::kLanes ? left : width * Simd::kLanes;
    depthwiseStripOf<Simd, kStrip>(width, args, from, count);
    from += count;
    vectors -= width;
  }
}

// Copies whole vectors where the simd type can pick lanes out of `stride` neighbouring ones; returns how many elements.
template <typename Simd, int Stride>
int64_t stridedVectors(const typename Simd::Scalar* from, int64_t stride, int64_t count, typename Simd::Scalar* to) {
  int64_t i = 0;
  if constexpr (Stride > 1) {
    if (stride != Stride) return stridedVectors<Simd, Stride - 1>(from, stride, count, to);
    // The last vector is left to the caller: a pick reads beyond its last element.
    for (; i + Simd::kLanes < count; i += Simd::kLanes) {
      Simd::store(to + i, Simd::template pick<Stride>(from + i * Stride));
    }
  }
  return i;
}

template <typename Simd>
void stridedCopy(const typename Simd::Scalar* from, int64_t stride, int64_t count, typename Simd::Scalar* to) {
  for (int64_t i = stridedVectors<Simd, Simd::kMaxPickStride>(from, stride, count, to); i < count; i++) {
    to[i] = from[i * stride];
  }
}

template <typename Simd, int MR, int Vectors>
constexpr void fillVectors(Kernels<typename Simd::Scalar>& kernels) {
  kernels.full[MR - 1][Vectors - 1] = microkernel<Simd, MR, Vectors, false, false>;
  kernels.partial[MR - 1][Vectors - 1] = microkernel<Simd, MR, Vectors, true, false>;
  kernels.swappedFull[MR - 1][Vectors - 1] = microkernel<Simd, MR, Vectors, false, true>;
  kernels.swappedPartial[MR - 1][Vectors - 1] = microkernel<Simd, MR, Vectors, true, true>;
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
  kernels.stridedCopy = stridedCopy<Simd>;
  kernels.fmaProbe = fmaProbe<Simd>;
  fillRows<Simd, Simd::kMaxRows>(kernels);
  return kernels;
}

}  // namespace
