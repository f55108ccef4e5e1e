// Tiles of a signal to planes, in which a convolution is a product, and back. Tiles lie in the lanes.
//
// Real FFT of size N (overlap-save; small ones beat large ones and Winograd on processors: Zlateski, Jia, Li, Durand,
// "FFT convolutions are faster than Winograd on modern CPUs, here's why", arXiv 1809.07851). A bin's complex product
// takes three real ones (Gauss): with X1 = Xre + Xim, X2 = Xre, X3 = Xim and W1 = Wre, W2 = Wim - Wre, W3 = Wre + Wim
//
//   re = W1 X1 - W3 X3,  im = W1 X1 + W2 X2
//
// so the planes are: bin 0, bin N/2, and for each bin between them three.
//
// Winograd F(m, 3) (Lavin, Gray, "Fast algorithms for convolutional neural networks", CVPR 2016): m outputs of three
// taps with m + 2 products; points 0, 1, -1, 2, -2, for m = 6 also 1/2, -1/2, and infinity.
#pragma once

#include <stdint.h>

#include "kernels/compiler.h"
#include "kernels/epilogue.h"
#include "kernels/kernel_table.h"
#include "kernels/real_fft.h"

namespace {

using conv1d::TileTransform;

// A transform is a type with kSize inputs, kPlanes planes, kOutputs numbers out of the planes at most, and
//   input(x, plane)    plane(p, v) is called for each plane p
//   output(plane, y)   plane(p) loads each plane p
//   weights(x, plane)  planes of taps, zeros behind them
template <typename Simd, int N>
struct FftTiles {
  using Vector = typename Simd::Vector;
  static constexpr int kSize = N;
  static constexpr int kPlanes = 2 + 3 * (N / 2 - 1);
  static constexpr int kOutputs = N;
  static constexpr int firstPlane(int bin) { return 2 + 3 * (bin - 1); }

  template <typename Plane>
  CONV1D_INLINE static void input(const Vector* x, Plane plane) {
    Spectrum<Simd, N> spectrum;
    realFft<Simd, N>(x, 1, spectrum);
    plane(0, spectrum.re[0]);
    plane(1, spectrum.re[N / 2]);
    CONV1D_UNROLL
    for (int k = 1; k < N / 2; k++) {
      plane(firstPlane(k), Simd::add(spectrum.re[k], spectrum.im[k]));
      plane(firstPlane(k) + 1, spectrum.re[k]);
      plane(firstPlane(k) + 2, spectrum.im[k]);
    }
  }

  // A correlation takes the conjugate: Wim is minus the imaginary part. Bins that a spectrum has twice count twice.
  template <typename Plane>
  CONV1D_INLINE static void weights(const Vector* x, Plane plane) {
    using Scalar = typename Simd::Scalar;
    Spectrum<Simd, N> spectrum;
    realFft<Simd, N>(x, 1, spectrum);
    const Vector once = Simd::broadcast(Scalar{1} / N);
    const Vector twice = Simd::broadcast(Scalar{2} / N);
    plane(0, Simd::mul(once, spectrum.re[0]));
    plane(1, Simd::mul(once, spectrum.re[N / 2]));
    CONV1D_UNROLL
    for (int k = 1; k < N / 2; k++) {
      const Vector re = Simd::mul(twice, spectrum.re[k]);
      const Vector im = Simd::mul(twice, spectrum.im[k]);
      plane(firstPlane(k), re);
      plane(firstPlane(k) + 1, Simd::sub(Simd::zero(), Simd::add(re, im)));
      plane(firstPlane(k) + 2, Simd::sub(re, im));
    }
  }

  template <typename Plane>
  CONV1D_INLINE static void output(Plane plane, Vector* y) {
    Spectrum<Simd, N> spectrum;
    spectrum.re[0] = plane(0);
    spectrum.re[N / 2] = plane(1);
    CONV1D_UNROLL
    for (int k = 1; k < N / 2; k++) {
      const Vector first = plane(firstPlane(k));
      spectrum.re[k] = Simd::sub(first, plane(firstPlane(k) + 2));
      spectrum.im[k] = Simd::add(first, plane(firstPlane(k) + 1));
    }
    inverseRealFft<Simd, N>(spectrum, y, 1);
  }
};

// Three taps. Rows of the matrices that differ in the sign of the odd (or even) half only come in pairs.
template <typename Simd, int Outputs>
struct Winograd3;

template <typename Simd>
struct Winograd3<Simd, 4> {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  static constexpr int kSize = 6;
  static constexpr int kPlanes = 6;
  static constexpr int kOutputs = 4;

  static Vector number(double value) { return Simd::broadcast(static_cast<Scalar>(value)); }

  template <typename Plane>
  CONV1D_INLINE static void input(const Vector* x, Plane plane) {
    const Vector four = number(4);
    const Vector two = number(2);
    const Vector five = number(5);
    plane(0, Simd::fma(four, x[0], Simd::fnma(five, x[2], x[4])));
    const Vector even1 = Simd::fnma(four, x[2], x[4]);
    const Vector odd1 = Simd::fnma(four, x[1], x[3]);
    plane(1, Simd::add(even1, odd1));
    plane(2, Simd::sub(even1, odd1));
    const Vector even2 = Simd::sub(x[4], x[2]);
    const Vector odd2 = Simd::mul(two, Simd::sub(x[3], x[1]));
    plane(3, Simd::add(even2, odd2));
    plane(4, Simd::sub(even2, odd2));
    plane(5, Simd::fma(four, x[1], Simd::fnma(five, x[3], x[5])));
  }

  template <typename Plane>
  CONV1D_INLINE static void weights(const Vector* x, Plane plane) {
    plane(0, Simd::mul(number(1.0 / 4), x[0]));
    const Vector ends1 = Simd::add(x[0], x[2]);
    plane(1, Simd::mul(number(-1.0 / 6), Simd::add(ends1, x[1])));
    plane(2, Simd::mul(number(-1.0 / 6), Simd::sub(ends1, x[1])));
    const Vector ends2 = Simd::fma(number(4), x[2], x[0]);
    const Vector middle2 = Simd::add(x[1], x[1]);
    plane(3, Simd::mul(number(1.0 / 24), Simd::add(ends2, middle2)));
    plane(4, Simd::mul(number(1.0 / 24), Simd::sub(ends2, middle2)));
    plane(5, x[2]);
  }

  template <typename Plane>
  CONV1D_INLINE static void output(Plane plane, Vector* y) {
    const Vector p1 = plane(1);
    const Vector p2 = plane(2);
    const Vector p3 = plane(3);
    const Vector p4 = plane(4);
    const Vector sum1 = Simd::add(p1, p2);
    const Vector difference1 = Simd::sub(p1, p2);
    const Vector sum2 = Simd::add(p3, p4);
    const Vector difference2 = Simd::sub(p3, p4);
    y[0] = Simd::add(plane(0), Simd::add(sum1, sum2));
    y[1] = Simd::fma(number(2), difference2, difference1);
    y[2] = Simd::fma(number(4), sum2, sum1);
    y[3] = Simd::add(plane(5), Simd::fma(number(8), difference2, difference1));
  }
};

template <typename Simd>
struct Winograd3<Simd, 6> {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  static constexpr int kSize = 8;
  static constexpr int kPlanes = 8;
  static constexpr int kOutputs = 6;

  static Vector number(double value) { return Simd::broadcast(static_cast<Scalar>(value)); }

  template <typename Plane>
  CONV1D_INLINE static void input(const Vector* x, Plane plane) {
    const Vector c = number(21.0 / 4);
    plane(0, Simd::fma(c, Simd::sub(x[4], x[2]), Simd::sub(x[0], x[6])));
    plane(7, Simd::fma(c, Simd::sub(x[3], x[5]), Simd::sub(x[7], x[1])));
    const Vector even1 = Simd::fnma(number(17.0 / 4), x[4], Simd::add(x[2], x[6]));
    const Vector odd1 = Simd::fnma(number(17.0 / 4), x[3], Simd::add(x[1], x[5]));
    plane(1, Simd::add(even1, odd1));
    plane(2, Simd::sub(even1, odd1));
    const Vector even2 = Simd::fma(number(1.0 / 4), x[2], Simd::fnma(number(5.0 / 4), x[4], x[6]));
    const Vector odd2 = Simd::fma(number(2), x[5], Simd::fnma(number(5.0 / 2), x[3], Simd::mul(number(1.0 / 2), x[1])));
    plane(3, Simd::add(even2, odd2));
    plane(4, Simd::sub(even2, odd2));
    const Vector even3 = Simd::fma(number(4), x[2], Simd::fnma(number(5), x[4], x[6]));
    const Vector odd3 = Simd::fma(number(2), x[1], Simd::fnma(number(5.0 / 2), x[3], Simd::mul(number(1.0 / 2), x[5])));
    plane(5, Simd::add(even3, odd3));
    plane(6, Simd::sub(even3, odd3));
  }

  template <typename Plane>
  CONV1D_INLINE static void weights(const Vector* x, Plane plane) {
    plane(0, x[0]);
    const Vector ends1 = Simd::add(x[0], x[2]);
    plane(1, Simd::mul(number(-2.0 / 9), Simd::add(ends1, x[1])));
    plane(2, Simd::mul(number(-2.0 / 9), Simd::sub(ends1, x[1])));
    const Vector ends2 = Simd::fma(number(4), x[2], x[0]);
    const Vector middle2 = Simd::add(x[1], x[1]);
    plane(3, Simd::mul(number(1.0 / 90), Simd::add(ends2, middle2)));
    plane(4, Simd::mul(number(1.0 / 90), Simd::sub(ends2, middle2)));
    const Vector ends3 = Simd::fma(number(4), x[0], x[2]);
    plane(5, Simd::mul(number(8.0 / 45), Simd::add(ends3, middle2)));
    plane(6, Simd::mul(number(8.0 / 45), Simd::sub(ends3, middle2)));
    plane(7, x[2]);
  }

  template <typename Plane>
  CONV1D_INLINE static void output(Plane plane, Vector* y) {
    const Vector sum1 = Simd::add(plane(1), plane(2));
    const Vector difference1 = Simd::sub(plane(1), plane(2));
    const Vector sum2 = Simd::add(plane(3), plane(4));
    const Vector difference2 = Simd::sub(plane(3), plane(4));
    const Vector sum3 = Simd::add(plane(5), plane(6));
    const Vector difference3 = Simd::sub(plane(5), plane(6));
    y[0] = Simd::add(Simd::add(plane(0), sum1), Simd::add(sum2, sum3));
    y[1] = Simd::fma(number(2), difference2, Simd::fma(number(1.0 / 2), difference3, difference1));
    y[2] = Simd::fma(number(4), sum2, Simd::fma(number(1.0 / 4), sum3, sum1));
    y[3] = Simd::fma(number(8), difference2, Simd::fma(number(1.0 / 8), difference3, difference1));
    y[4] = Simd::fma(number(16), sum2, Simd::fma(number(1.0 / 16), sum3, sum1));
    y[5] =
        Simd::add(plane(7), Simd::fma(number(32), difference2, Simd::fma(number(1.0 / 32), difference3, difference1)));
  }
};

constexpr int roundUpTo(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

// Element i of as many tiles as there are lanes, for all i: whole groups of a transposition, so a few more.
template <typename Simd, int Size>
CONV1D_INLINE void loadTiles(const typename Simd::Scalar* from, int64_t hop, typename Simd::Vector* x) {
  CONV1D_UNROLL
  for (int i = 0; i < Size; i += Simd::kTransposed) Simd::loadTransposed(from + i, hop, x + i);
}

template <typename Simd, typename Transform, bool kAreWeights>
void transformTiles(const typename Simd::Scalar* row, int64_t hop, int64_t tiles, typename Simd::Scalar* planes,
                    int64_t planeStride) {
  using Vector = typename Simd::Vector;
  for (int64_t tile = 0; tile < tiles; tile += Simd::kLanes, row += Simd::kLanes * hop, planes += Simd::kLanes) {
    Vector x[roundUpTo(Transform::kSize, Simd::kTransposed)];
    loadTiles<Simd, Transform::kSize>(row, hop, x);
    const auto plane = [&](int p, Vector value) { Simd::store(planes + p * planeStride, value); };
    if constexpr (kAreWeights) {
      Transform::weights(x, plane);
    } else {
      Transform::input(x, plane);
    }
  }
}

template <typename Simd, typename Transform>
constexpr auto transformInput = transformTiles<Simd, Transform, false>;
template <typename Simd, typename Transform>
constexpr auto transformWeights = transformTiles<Simd, Transform, true>;

// The outputs of one vector of tiles. Groups of them overhang into the tile behind, whose own come later: the groups
// are stored from the last to the first, the tiles from the first to the last.
template <typename Simd, typename Transform>
CONV1D_INLINE void storeOutputs(const typename Simd::Scalar* planes, int64_t planeStride, typename Simd::Vector biases,
                                typename Simd::Scalar* row, int64_t hop) {
  using Vector = typename Simd::Vector;
  constexpr int kGroup = Simd::kTransposed;
  Vector y[roundUpTo(Transform::kOutputs, kGroup)];
  for (int i = Transform::kOutputs; i < roundUpTo(Transform::kOutputs, kGroup); i++) y[i] = Simd::zero();
  Transform::output([&](int p) { return Simd::load(planes + p * planeStride); }, y);
  for (int64_t i = (hop - 1) / kGroup * kGroup; i >= 0; i -= kGroup) {
    Vector group[kGroup];
    CONV1D_UNROLL
    for (int j = 0; j < kGroup; j++) group[j] = endOfChain<Simd>(Simd::add(y[i + j], biases));
    Simd::storeTransposed(group, row + i, hop);
  }
}

template <typename Simd, typename Transform>
void transformOutput(const typename Simd::Scalar* planes, int64_t planeStride, int64_t tiles,
                     typename Simd::Scalar bias, typename Simd::Scalar* row, int64_t hop) {
  const typename Simd::Vector biases = Simd::broadcast(bias);
  for (int64_t tile = 0; tile < tiles; tile += Simd::kLanes, row += Simd::kLanes * hop) {
    storeOutputs<Simd, Transform>(planes + tile, planeStride, biases, row, hop);
  }
}

template <typename Simd, template <typename> typename Transform>
constexpr TileTransform<typename Simd::Scalar> tileTransform() {
  using Narrow = Transform<Simd>;
  using Wide = typename Simd::Wide;
  return {
      Narrow::kSize,
      Narrow::kPlanes,
      Narrow::kOutputs,
      transformInput<Simd, Narrow>,
      transformWeights<Wide, Transform<Wide>>,
      transformOutput<Simd, Narrow>,
  };
}

template <typename Simd>
using Winograd4 = Winograd3<Simd, 4>;
template <typename Simd>
using Winograd6 = Winograd3<Simd, 6>;
template <typename Simd>
using Fft16 = FftTiles<Simd, 16>;
template <typename Simd>
using Fft32 = FftTiles<Simd, 32>;
template <typename Simd>
using Fft64 = FftTiles<Simd, 64>;
template <typename Simd>
using Fft128 = FftTiles<Simd, 128>;

}  // namespace
