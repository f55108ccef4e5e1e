// Depthwise convolutions over real FFTs (overlap-save): tiles lie in the lanes, and one channel's spectra stay in the
// first cache from the transform to its inverse. A bin's complex product takes four real ones with weights that are
// broadcast, since each weight is read once per vector of tiles; three of them (tile_transforms.h) would need more
// additions than they save.
//
// The planes of a spectrum: bins 0 and N/2, then the real and the imaginary part of each bin between them.
#pragma once

#include <stdint.h>

#include "kernels/compiler.h"
#include "kernels/epilogue.h"
#include "kernels/kernel_table.h"
#include "kernels/real_fft.h"

namespace {

using conv1d::TileFilter;
using conv1d::TileFilterArgs;

constexpr int realPlane(int bin) { return 2 * bin; }
constexpr int imaginaryPlane(int bin) { return 2 * bin + 1; }

// Takes the bins of a spectrum and stores them as planes.
template <typename Simd, int N>
struct SpectrumStore {
  using Vector = typename Simd::Vector;
  typename Simd::Scalar* planes;
  int64_t stride;

  CONV1D_INLINE void putEnd(int k, Vector value) { Simd::store(planes + (k == 0 ? 0 : stride), value); }
  CONV1D_INLINE void put(int k, Vector re, Vector im) {
    Simd::store(planes + realPlane(k) * stride, re);
    Simd::store(planes + imaginaryPlane(k) * stride, im);
  }
};

// Gives the bins of the sum of products of spectra and weights.
template <typename Simd, int N>
struct SpectrumProducts {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  const TileFilterArgs<Scalar>& args;
  const Scalar* planes;

  CONV1D_INLINE Vector endBin(int k) const {
    const int plane = k == 0 ? 0 : 1;
    const Scalar* const from = planes + plane * args.planeStride;
    Vector sum = Simd::mul(Simd::load(from + args.offsets[0]), Simd::broadcast(args.weights[plane]));
    for (int64_t i = 1; i < args.inputs; i++) {
      sum = Simd::fma(Simd::load(from + args.offsets[i]), Simd::broadcast(args.weights[i * N + plane]), sum);
    }
    return sum;
  }

  CONV1D_INLINE Bin<Simd> bin(int k) const {
    const Scalar* const reals = planes + realPlane(k) * args.planeStride;
    const Scalar* const imaginaries = planes + imaginaryPlane(k) * args.planeStride;
    const Scalar* weights = args.weights + realPlane(k);
    Bin<Simd> sum = {Simd::zero(), Simd::zero()};
    for (int64_t i = 0; i < args.inputs; i++, weights += N) {
      const Vector re = Simd::load(reals + args.offsets[i]);
      const Vector im = Simd::load(imaginaries + args.offsets[i]);
      const Vector weightRe = Simd::broadcast(weights[0]);
      const Vector weightIm = Simd::broadcast(weights[1]);
      sum.re = Simd::fma(weightRe, re, sum.re);
      sum.im = Simd::fma(weightRe, im, sum.im);
      sum.re = Simd::fnma(weightIm, im, sum.re);
      sum.im = Simd::fma(weightIm, re, sum.im);
    }
    return sum;
  }
};

template <typename Simd, int N>
void filterInput(const typename Simd::Scalar* row, int64_t hop, int64_t tiles, typename Simd::Scalar* planes,
                 int64_t planeStride) {
  using Vector = typename Simd::Vector;
  for (int64_t tile = 0; tile < tiles; tile += Simd::kLanes, row += Simd::kLanes * hop, planes += Simd::kLanes) {
    Vector x[N];
    for (int i = 0; i < N; i += Simd::kTransposed) Simd::loadTransposed(row + i, hop, x + i);
    SpectrumStore<Simd, N> spectrum{planes, planeStride};
    realFft<Simd, N>(x, 1, spectrum);
  }
}

// Groups of outputs overhang into the tile behind, whose own come later: the groups are stored from the last to the
// first, the tiles from the first to the last.
template <typename Simd, int N>
void filterOutput(const TileFilterArgs<typename Simd::Scalar>& args) {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  constexpr int kGroup = Simd::kTransposed;
  const Vector bias = Simd::broadcast(args.bias);
  Scalar* out = args.out;
  for (int64_t tile = 0; tile < args.tiles; tile += Simd::kLanes, out += Simd::kLanes * args.hop) {
    Vector y[N];
    const SpectrumProducts<Simd, N> products{args, args.planes + tile};
    inverseRealFft<Simd, N>(products, y, 1);
    for (int64_t i = (args.hop - 1) / kGroup * kGroup; i >= 0; i -= kGroup) {
      Vector group[kGroup];
      CONV1D_UNROLL
      for (int j = 0; j < kGroup; j++) group[j] = endOfChain<Simd>(Simd::add(y[i + j], bias));
      Simd::storeTransposed(group, out + i, args.hop);
    }
  }
}

template <typename Simd, int N>
constexpr TileFilter<typename Simd::Scalar> tileFilter() {
  return {N, filterInput<Simd, N>, filterInput<typename Simd::Wide, N>, filterOutput<Simd, N>};
}

}  // namespace
