// Spectra of whole signals, in which a circular convolution is a product, and back. Signals lie in the lanes.
//
// A bin's complex product is the plain four real ones, of two numbers per weight: a short signal meets more weights
// than it has elements, so that reading them takes the time, and Gauss's three products (tile_transforms.h) would read
// three. Bins 0 and N/2 are real and share the first place, so N/2 bins are all alike:
//
//   inputs   (re, im), which meet Wre, and (-im, re), which meet Wim    first place: (X0, 0), (0, X[N/2])
//   weights  Wre, Wim                                                                 W0, W[N/2]
//   outputs  re, im                                                                   Y0, Y[N/2]
#pragma once

#include <stdint.h>

#include "kernels/kernel_table.h"
#include "kernels/tile_transforms.h"

namespace {

using conv1d::WholeTransform;

// Calls plane(p, v) for the planes in the order above, or loads plane(p).
template <typename Simd, int N>
struct WholeFft {
  using Vector = typename Simd::Vector;
  static constexpr int kSize = N;
  static constexpr int kOutputs = N;

  template <typename Plane>
  CONV1D_INLINE static void input(const Vector* x, Plane plane) {
    Spectrum<Simd, N> spectrum;
    realFft<Simd, N>(x, 1, spectrum);
    plane(0, spectrum.re[0]);
    plane(1, Simd::zero());
    plane(2, Simd::zero());
    plane(3, spectrum.re[N / 2]);
    for (int k = 1; k < N / 2; k++) {
      plane(4 * k, spectrum.re[k]);
      plane(4 * k + 1, spectrum.im[k]);
      plane(4 * k + 2, Simd::sub(Simd::zero(), spectrum.im[k]));
      plane(4 * k + 3, spectrum.re[k]);
    }
  }

  // A correlation takes the conjugate. Bins that a spectrum has twice count twice.
  template <typename Plane>
  CONV1D_INLINE static void weights(const Vector* x, Plane plane) {
    using Scalar = typename Simd::Scalar;
    Spectrum<Simd, N> spectrum;
    realFft<Simd, N>(x, 1, spectrum);
    const Vector once = Simd::broadcast(Scalar{1} / N);
    const Vector twice = Simd::broadcast(Scalar{2} / N);
    const Vector conjugate = Simd::broadcast(Scalar{-2} / N);
    plane(0, Simd::mul(once, spectrum.re[0]));
    plane(1, Simd::mul(once, spectrum.re[N / 2]));
    for (int k = 1; k < N / 2; k++) {
      plane(2 * k, Simd::mul(twice, spectrum.re[k]));
      plane(2 * k + 1, Simd::mul(conjugate, spectrum.im[k]));
    }
  }

  template <typename Plane>
  CONV1D_INLINE static void output(Plane plane, Vector* y) {
    Spectrum<Simd, N> spectrum;
    spectrum.re[0] = plane(0);
    spectrum.re[N / 2] = plane(1);
    for (int k = 1; k < N / 2; k++) {
      spectrum.re[k] = plane(2 * k);
      spectrum.im[k] = plane(2 * k + 1);
    }
    inverseRealFft<Simd, N>(spectrum, y, 1);
  }
};

// As transformOutput, but that each signal has a bias of its own.
template <typename Simd, typename Transform>
void transformWholeOutput(const typename Simd::Scalar* planes, int64_t planeStride, int64_t signals,
                          const typename Simd::Scalar* biases, typename Simd::Scalar* row, int64_t hop) {
  for (int64_t signal = 0; signal < signals; signal += Simd::kLanes, row += Simd::kLanes * hop) {
    storeOutputs<Simd, Transform>(planes + signal, planeStride, Simd::load(biases + signal), row, hop);
  }
}

template <typename Simd, int N>
constexpr WholeTransform<typename Simd::Scalar> wholeTransform() {
  using Narrow = WholeFft<Simd, N>;
  using Wide = typename Simd::Wide;
  return {
      N,
      transformInput<Simd, Narrow>,
      transformWeights<Wide, WholeFft<Wide, N>>,
      transformWholeOutput<Simd, Narrow>,
  };
}

}  // namespace
