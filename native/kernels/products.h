// One row of a product of matrices. Included by microkernel.h.
//
// The micro-kernel takes one row in three chains (AVX2: two), and waits for each FMA's latency; here several panels go
// side by side, so that loading them is the limit.
#pragma once

#include <stdint.h>

#include "kernels/compiler.h"
#include "kernels/epilogue.h"
#include "kernels/kernel_table.h"

namespace {

using conv1d::RowDotsArgs;
using conv1d::RowProductArgs;

template <typename Simd, int Panels, int Vectors>
void rowProduct(const RowProductArgs<typename Simd::Scalar>& args) {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  constexpr int kLanes = Simd::kLanes;
  Vector acc[Panels * Vectors];
  const Scalar* const start = args.first ? args.bias : args.out;
  CONV1D_UNROLL
  for (int i = 0; i < Panels * Vectors; i++) acc[i] = start == nullptr ? Simd::zero() : Simd::load(start + i * kLanes);
  const Scalar* panels[Panels];
  CONV1D_UNROLL
  for (int p = 0; p < Panels; p++) panels[p] = args.panel + p * args.panelStep;
  for (int64_t c = 0; c < args.depth; c++) {
    const Vector x = Simd::broadcast(args.row[c]);
    CONV1D_UNROLL
    for (int p = 0; p < Panels; p++) {
      CONV1D_UNROLL
      for (int v = 0; v < Vectors; v++) {
        Vector& sum = acc[p * Vectors + v];
        sum = Simd::fma(Simd::load(panels[p] + v * kLanes), x, sum);
      }
      panels[p] += args.panelStride;
    }
  }
  CONV1D_UNROLL
  for (int i = 0; i < Panels * Vectors; i++) {
    Simd::store(args.out + i * kLanes, args.last ? endOfChain<Simd>(acc[i]) : acc[i]);
  }
}

// Columns in the lanes, transposed on their way in. Few of them at a time: their elements may lie a multiple of a page
// apart, and must stay in the first cache until a whole line of each is used up.
template <typename Simd>
void rowDots(const RowDotsArgs<typename Simd::Scalar>& args) {
  using Vector = typename Simd::Vector;
  constexpr int kLanes = Simd::kLanes;
  constexpr int kVectors = conv1d::kDots / kLanes;
  constexpr int kStep = Simd::kTransposed;
  for (int64_t j = 0; j < args.count; j += conv1d::kDots) {
    const auto* const columns = args.columns + j * args.stride;
    Vector acc[kVectors];
    CONV1D_UNROLL
    for (int v = 0; v < kVectors; v++) acc[v] = args.first ? Simd::zero() : Simd::load(args.out + j + v * kLanes);
    int64_t c = 0;
    for (; c + kStep <= args.depth; c += kStep) {
      CONV1D_UNROLL
      for (int v = 0; v < kVectors; v++) {
        Vector x[kStep];
        Simd::loadTransposed(columns + v * kLanes * args.stride + c, args.stride, x);
        CONV1D_UNROLL
        for (int i = 0; i < kStep; i++) acc[v] = Simd::fma(x[i], Simd::broadcast(args.row[c + i]), acc[v]);
      }
    }
    for (; c < args.depth; c++) {
      CONV1D_UNROLL
      for (int v = 0; v < kVectors; v++) {
        typename Simd::Scalar x[kLanes];
        for (int i = 0; i < kLanes; i++) x[i] = columns[(v * kLanes + i) * args.stride + c];
        acc[v] = Simd::fma(Simd::load(x), Simd::broadcast(args.row[c]), acc[v]);
      }
    }
    CONV1D_UNROLL
    for (int v = 0; v < kVectors; v++) {
      Simd::store(args.out + j + v * kLanes, args.last ? endOfChain<Simd>(acc[v]) : acc[v]);
    }
  }
}

template <typename Simd>
constexpr void fillProducts(Kernels<typename Simd::Scalar>& kernels) {
  kernels.rowDots = rowDots<Simd>;
  constexpr int kWidest = Simd::kBlocks.maxVectors[Simd::kBlocks.maxRows];
  kernels.rowProducts[0][0] = rowProduct<Simd, conv1d::kRowPanelCounts[0], kWidest>;
  kernels.rowProducts[0][1] = rowProduct<Simd, conv1d::kRowPanelCounts[1], kWidest>;
  if constexpr (kWidest > 1) {
    kernels.rowProducts[1][0] = rowProduct<Simd, conv1d::kRowPanelCounts[0], kWidest - 1>;
    kernels.rowProducts[1][1] = rowProduct<Simd, conv1d::kRowPanelCounts[1], kWidest - 1>;
  }
}

}  // namespace
