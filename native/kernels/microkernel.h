// The micro-kernel and the depthwise kernel, written once over a simd type.
//
// A kernel translation unit includes its simd_*.h and then this file; everything is in an anonymous namespace so that
// the linker can never pick a function compiled for another CPU.
//
//   panel   [c][k][MR]      weights of MR channels, packed (core/pack/pack_weights)
//   tile    row(c) + tap[k] inputs; every load is contiguous, none passes row(c) + tap[k] + columns
//   acc     starts at the bias and is stored once: the order of the sum is part of the contract
//
// Per tap: NR/lanes loads, MR broadcasts, MR*NR/lanes FMAs.
#pragma once

#include "kernels/channel_gradients.h"
#include "kernels/column_gradients.h"
#include "kernels/compiler.h"
#include "kernels/depthwise_lanes.h"
#include "kernels/element_gradients.h"
#include "kernels/epilogue.h"
#include "kernels/fma_probe.h"
#include "kernels/inverse_dft.h"
#include "kernels/kernel_table.h"
#include "kernels/norm_gradients.h"
#include "kernels/pointwise.h"
#include "kernels/pooling.h"
#include "kernels/products.h"
#include "kernels/real_dft.h"
#include "kernels/recurrent.h"
#include "kernels/reductions.h"
#include "kernels/rows.h"
#include "kernels/tile_filters.h"
#include "kernels/tile_transforms.h"
#include "kernels/updates.h"
#include "kernels/weight_gradients.h"
#include "kernels/whole_transforms.h"

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

template <typename Simd, int Count>
void endOfChains(typename Simd::Vector* values) {
  CONV1D_UNROLL
  for (int i = 0; i < Count; i++) values[i] = endOfChain<Simd>(values[i]);
}

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
      const Vector value = args.last ? endOfChain<Simd>(acc[m][v]) : acc[m][v];
      columns.store(args.out + m * args.outStride, v, value);
    }
  }
}

template <typename Simd, int Vectors, bool Partial>
void depthwiseStrip(const DepthwiseArgs<typename Simd::Scalar>& args, int64_t from, int64_t count) {
  using Scalar = typename Simd::Scalar;
  const Columns<Simd, Vectors, Partial> columns(count);
  Scalar* const out = args.out + from;
  typename Simd::Vector acc[Vectors];
  CONV1D_UNROLL
  for (int v = 0; v < Vectors; v++) acc[v] = args.first ? Simd::broadcast(args.bias) : columns.load(out, v);
  const Scalar* row = args.row + from;
  const Scalar* weight = args.weights;
  for (int64_t k = 0; k < args.taps; k++, weight += args.weightStep) {
    const Scalar* source = row + args.tapOffsets[k];
    const typename Simd::template Weights<1> w(weight);
    CONV1D_UNROLL
    for (int v = 0; v < Vectors; v++) acc[v] = w.fma(0, columns.load(source, v), acc[v]);
  }
  if (args.last) endOfChains<Simd, Vectors>(acc);
  CONV1D_UNROLL
  for (int v = 0; v < Vectors; v++) columns.store(out, v, acc[v]);
}

// Taps next to each other: weights and inputs exchange their roles. Element m of the input, broadcast, meets the
// weights w[m], w[m - 1], w[m - 2], ... of outputs 0, 1, 2, ... of a vector:
//
//   acc[lane] = fma(w[m - lane], x[m], acc[lane])      m = 0 .. taps + lanes - 2
//
// In each lane that is every tap in ascending order, and before and after them zeros: the weights beyond the first and
// the last tap. An unaligned load nearly always straddles two cache lines and takes two turns of a load port; here only
// that of the weights does, one for up to 16 products. The price is (taps + lanes - 1) / taps times the products.
template <typename Simd, int Vectors>
void depthwiseBroadcastStrip(const DepthwiseArgs<typename Simd::Scalar>& args, int64_t from, int64_t count) {
  using Scalar = typename Simd::Scalar;
  constexpr int kLanes = Simd::kLanes;
  const Columns<Simd, Vectors, true> columns(count);
  Scalar* const out = args.out + from;
  typename Simd::Vector acc[Vectors];
  CONV1D_UNROLL
  for (int v = 0; v < Vectors; v++) acc[v] = Simd::broadcast(args.bias);
  const Scalar* x = args.row + args.tapOffsets[0] + from;
  const Scalar* weights = args.weights;
  for (int64_t m = args.taps + kLanes - 1; m > 0; m--, x++, weights--) {
    const typename Simd::Vector w = Simd::load(weights);
    CONV1D_UNROLL
    for (int v = 0; v < Vectors; v++) acc[v] = Simd::fmaBroadcast(w, x + v * kLanes, acc[v]);
  }
  endOfChains<Simd, Vectors>(acc);
  CONV1D_UNROLL
  for (int v = 0; v < Vectors; v++) columns.store(out, v, acc[v]);
}

template <typename Simd, int Vectors, bool Broadcast>
void depthwiseStripOf(int64_t vectors, const DepthwiseArgs<typename Simd::Scalar>& args, int64_t from, int64_t count) {
  if (vectors == Vectors) {
    if constexpr (Broadcast) {
      depthwiseBroadcastStrip<Simd, Vectors>(args, from, count);
    } else if (count == Vectors * Simd::kLanes) {
      depthwiseStrip<Simd, Vectors, false>(args, from, count);
    } else {
      depthwiseStrip<Simd, Vectors, true>(args, from, count);
    }
  } else if constexpr (Vectors > 1) {
    depthwiseStripOf<Simd, Vectors - 1, Broadcast>(vectors, args, from, count);
  }
}

// Strips of nearly equal width.
template <typename Simd, int Widest, bool Broadcast>
void depthwiseStrips(const DepthwiseArgs<typename Simd::Scalar>& args) {
  int64_t vectors = (args.columns + Simd::kLanes - 1) / Simd::kLanes;
  int64_t from = 0;
  for (int64_t strips = (vectors + Widest - 1) / Widest; strips > 0; strips--) {
    const int64_t width = (vectors + strips - 1) / strips;
    const int64_t left = args.columns - from;
    const int64_t count = left < width * Simd::kLanes ? left : width * Simd::kLanes;
    depthwiseStripOf<Simd, Widest, Broadcast>(width, args, from, count);
    from += count;
    vectors -= width;
  }
}

// Several vectors hide the latency of the FMA chain; one alone would wait for it.
template <typename Simd>
void depthwise(const DepthwiseArgs<typename Simd::Scalar>& args) {
  depthwiseStrips<Simd, Simd::kBlocks.maxDepthwiseVectors, false>(args);
}

// Infinity times the zeros around the weights would be NaN. More vectors than above spread one load of the weights
// over more products (33 taps of 800 columns: 0.9 of the time).
template <typename Simd>
void depthwiseBroadcast(const DepthwiseArgs<typename Simd::Scalar>& args) {
  const int64_t columns = (args.columns + Simd::kLanes - 1) / Simd::kLanes * Simd::kLanes;
  if (allFinite<Simd>(args.row + args.tapOffsets[0], columns + args.taps - 1, 1)) {
    depthwiseStrips<Simd, Simd::kBlocks.maxBroadcastVectors, true>(args);
  } else {
    depthwise<Simd>(args);
  }
}

// Copies whole vectors where the simd type can pick lanes out of `stride` neighbouring ones; returns how many elements.
template <typename Simd, int Stride>
int64_t stridedVectors(const typename Simd::Scalar* from, int64_t stride, int64_t count, typename Simd::Scalar* to) {
  int64_t i = 0;
  if constexpr (Stride > 1) {
    if (stride != Stride) return stridedVectors<Simd, Stride - 1>(from, stride, count, to);
    // The caller does the last vector: a pick reads beyond its last element.
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
  fillVectors<Simd, MR, Simd::kBlocks.maxVectors[MR]>(kernels);
  if constexpr (MR > 1) fillRows<Simd, MR - 1>(kernels);
}

// Every micro-kernel of the block sizes.
template <typename Simd>
constexpr Kernels<typename Simd::Scalar> makeKernels() {
  Kernels<typename Simd::Scalar> kernels{};
  kernels.lanes = Simd::kLanes;
  kernels.blocks = Simd::kBlocks;
  kernels.depthwise = depthwise<Simd>;
  kernels.depthwiseBroadcast = depthwiseBroadcast<Simd>;
  if constexpr (Simd::kBlocks.hasLanes) {
    kernels.rowsToLanes = rowsToLanes<Simd>;
    kernels.depthwiseLanes = depthwiseLanes<Simd>;
  }
  kernels.stridedCopy = stridedCopy<Simd>;
  kernels.allFinite = allFinite<Simd>;
  kernels.interleaveRows = interleaveRows<Simd>;
  kernels.tileTransforms[conv1d::kWinograd4] = tileTransform<Simd, Winograd4>();
  kernels.tileTransforms[conv1d::kWinograd6] = tileTransform<Simd, Winograd6>();
  kernels.tileTransforms[conv1d::kFft16] = tileTransform<Simd, Fft16>();
  kernels.tileTransforms[conv1d::kFft32] = tileTransform<Simd, Fft32>();
  kernels.tileTransforms[conv1d::kFft64] = tileTransform<Simd, Fft64>();
  kernels.tileTransforms[conv1d::kFft128] = tileTransform<Simd, Fft128>();
  kernels.wholeTransforms[conv1d::kWhole64] = wholeTransform<Simd, 64>();
  kernels.wholeTransforms[conv1d::kWhole128] = wholeTransform<Simd, 128>();
  kernels.tileFilters[conv1d::kFilter64] = tileFilter<Simd, 64>();
  kernels.tileFilters[conv1d::kFilter128] = tileFilter<Simd, 128>();
  kernels.tileFilters[conv1d::kFilter256] = tileFilter<Simd, 256>();
  fillPointwise<Simd>(kernels);
  fillElementGradients<Simd>(kernels);
  fillProducts<Simd>(kernels);
  kernels.recurrentCells[conv1d::kLstm] = lstmCell<Simd>;
  kernels.recurrentCells[conv1d::kGru] = gruCell<Simd>;
  kernels.recurrentGradients[conv1d::kLstm] = lstmGradient<Simd>;
  kernels.recurrentGradients[conv1d::kGru] = gruGradient<Simd>;
  fillReductions<Simd>(kernels);
  fillPooling<Simd>(kernels);
  kernels.gradientSums = gradientSums<Simd>;
  kernels.normGradient = normGradient<Simd>;
  kernels.channelGradients[conv1d::kSnakeGradient] = channelGradient<Simd, SnakeGradient>;
  kernels.channelGradients[conv1d::kLeakyReluGradient] = channelGradient<Simd, LeakyReluGradient>;
  kernels.sgdStep = sgdStep<Simd>;
  kernels.adamStep = adamStep<Simd>;
  fillGradientTiles<Simd, Simd::kBlocks.gradientRows>(kernels);
  fillGradientRows<Simd, Simd::kBlocks.gradientColumns[1]>(kernels);
  kernels.mergeChains = mergeChains<Simd>;
  kernels.columnGradients = columnGradients<Simd>;
  kernels.fmaProbe = fmaProbe<Simd>;
  kernels.realDft = realDft<Simd>;
  kernels.inverseDft = inverseDft<Simd>;
  fillRows<Simd, Simd::kBlocks.maxRows>(kernels);
  return kernels;
}

}  // namespace
