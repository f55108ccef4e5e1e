// The discrete Fourier transform of real signals, a signal in each lane: sizes that are powers of two, up to 128.
//
// Decimation in time, each half real as well, so that only the bins 0 .. N/2 are ever computed:
//
//   X[k] = E[k] + w^k O[k],  X[N/2 - k] = conj(E[k] - w^k O[k]),  w = exp(-2 pi i / N)
//
// with E and O the transforms of the elements at even and odd positions (Sorensen, Jones, Heideman, Burrus,
// "Real-valued fast Fourier transform algorithms", IEEE Trans. ASSP 35(6), 1987). The inverse takes the same steps
// back. Every sum has one fixed order, so that the bits are the same on every machine.
#pragma once

#include <stdint.h>

#include "kernels/compiler.h"

namespace {

// cos(2 pi k / 128), k = 0 .. 32, nearest float64.
constexpr double kQuarterWave[33] = {1.0,
                                     0.9987954562051724,
                                     0.9951847266721969,
                                     0.989176509964781,
                                     0.9807852804032304,
                                     0.970031253194544,
                                     0.9569403357322088,
                                     0.9415440651830208,
                                     0.9238795325112867,
                                     0.9039892931234433,
                                     0.881921264348355,
                                     0.8577286100002721,
                                     0.8314696123025452,
                                     0.8032075314806449,
                                     0.773010453362737,
                                     0.7409511253549591,
                                     0.7071067811865476,
                                     0.6715589548470184,
                                     0.6343932841636455,
                                     0.5956993044924334,
                                     0.5555702330196022,
                                     0.5141027441932218,
                                     0.47139673682599764,
                                     0.4275550934302821,
                                     0.3826834323650898,
                                     0.33688985339222005,
                                     0.2902846772544624,
                                     0.2429801799032639,
                                     0.19509032201612828,
                                     0.14673047445536175,
                                     0.0980171403295606,
                                     0.049067674327418015,
                                     0.0};

template <int N>
struct Twiddles {
  static_assert(N <= 128 && 128 % N == 0);
  static constexpr double cosine(int k) { return kQuarterWave[k * (128 / N)]; }
  static constexpr double sine(int k) { return kQuarterWave[32 - k * (128 / N)]; }
};

// Bins 0 .. N/2 of a signal; im[0] and im[N/2] are not used.
template <typename Simd, int N>
struct Spectrum {
  typename Simd::Vector re[N / 2 + 1];
  typename Simd::Vector im[N / 2 + 1];
};

// Bins k and N/2 - k (0 < k < N/4) out of those of the halves.
template <typename Simd, int N>
CONV1D_INLINE void joinHalves(const Spectrum<Simd, N / 2>& even, const Spectrum<Simd, N / 2>& odd, int k,
                              Spectrum<Simd, N>& to) {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  const Vector c = Simd::broadcast(static_cast<Scalar>(Twiddles<N>::cosine(k)));
  const Vector s = Simd::broadcast(static_cast<Scalar>(Twiddles<N>::sine(k)));
  const Vector re = Simd::fma(s, odd.im[k], Simd::mul(c, odd.re[k]));
  const Vector im = Simd::fnma(s, odd.re[k], Simd::mul(c, odd.im[k]));
  to.re[k] = Simd::add(even.re[k], re);
  to.im[k] = Simd::add(even.im[k], im);
  to.re[N / 2 - k] = Simd::sub(even.re[k], re);
  to.im[N / 2 - k] = Simd::sub(im, even.im[k]);
}

// The other way: what bins k and N/2 - k are made of.
template <typename Simd, int N>
CONV1D_INLINE void splitHalves(const Spectrum<Simd, N>& from, int k, Spectrum<Simd, N / 2>& even,
                               Spectrum<Simd, N / 2>& odd) {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  const Vector c = Simd::broadcast(static_cast<Scalar>(Twiddles<N>::cosine(k)));
  const Vector s = Simd::broadcast(static_cast<Scalar>(Twiddles<N>::sine(k)));
  const int other = N / 2 - k;
  even.re[k] = Simd::add(from.re[k], from.re[other]);
  even.im[k] = Simd::sub(from.im[k], from.im[other]);
  const Vector re = Simd::sub(from.re[k], from.re[other]);
  const Vector im = Simd::add(from.im[k], from.im[other]);
  odd.re[k] = Simd::fnma(s, im, Simd::mul(c, re));
  odd.im[k] = Simd::fma(s, re, Simd::mul(c, im));
}

template <typename Simd, int N>
void realFftInMemory(const typename Simd::Vector* x, int64_t step, Spectrum<Simd, N>& to);
template <typename Simd, int N>
void inverseInMemory(const Spectrum<Simd, N>& from, typename Simd::Vector* x, int64_t step);

// Of x[0], x[step], x[2 step], ...
template <typename Simd, int N>
CONV1D_INLINE void realFft(const typename Simd::Vector* x, int64_t step, Spectrum<Simd, N>& to) {
  if constexpr (N == 2) {
    to.re[0] = Simd::add(x[0], x[step]);
    to.re[1] = Simd::sub(x[0], x[step]);
  } else {
    Spectrum<Simd, N / 2> even;
    Spectrum<Simd, N / 2> odd;
    // What fits the registers of one machine or another is written out; larger halves are loops over the first cache.
    if constexpr (N > 32) {
      realFftInMemory<Simd, N / 2>(x, 2 * step, even);
      realFftInMemory<Simd, N / 2>(x + step, 2 * step, odd);
    } else {
      realFft<Simd, N / 2>(x, 2 * step, even);
      realFft<Simd, N / 2>(x + step, 2 * step, odd);
    }
    to.re[0] = Simd::add(even.re[0], odd.re[0]);
    to.re[N / 2] = Simd::sub(even.re[0], odd.re[0]);
    if constexpr (N >= 4) {
      to.re[N / 4] = even.re[N / 4];
      to.im[N / 4] = Simd::sub(Simd::zero(), odd.re[N / 4]);
    }
    if constexpr (N > 32) {
      for (int k = 1; k < N / 4; k++) joinHalves<Simd, N>(even, odd, k, to);
    } else {
      CONV1D_UNROLL
      for (int k = 1; k < N / 4; k++) joinHalves<Simd, N>(even, odd, k, to);
    }
  }
}

// N times the signal, but for the bins 0 < k < N/2: they count once where a spectrum has two of them. Callers scale
// their weights so that it comes out right.
template <typename Simd, int N>
CONV1D_INLINE void inverseRealFft(const Spectrum<Simd, N>& from, typename Simd::Vector* x, int64_t step) {
  if constexpr (N == 2) {
    x[0] = Simd::add(from.re[0], from.re[1]);
    x[step] = Simd::sub(from.re[0], from.re[1]);
  } else {
    Spectrum<Simd, N / 2> even;
    Spectrum<Simd, N / 2> odd;
    even.re[0] = Simd::add(from.re[0], from.re[N / 2]);
    odd.re[0] = Simd::sub(from.re[0], from.re[N / 2]);
    if constexpr (N >= 4) {
      even.re[N / 4] = from.re[N / 4];
      odd.re[N / 4] = Simd::sub(Simd::zero(), from.im[N / 4]);
    }
    if constexpr (N > 32) {
      for (int k = 1; k < N / 4; k++) splitHalves<Simd, N>(from, k, even, odd);
      inverseInMemory<Simd, N / 2>(even, x, 2 * step);
      inverseInMemory<Simd, N / 2>(odd, x + step, 2 * step);
    } else {
      CONV1D_UNROLL
      for (int k = 1; k < N / 4; k++) splitHalves<Simd, N>(from, k, even, odd);
      inverseRealFft<Simd, N / 2>(even, x, 2 * step);
      inverseRealFft<Simd, N / 2>(odd, x + step, 2 * step);
    }
  }
}

template <typename Simd, int N>
CONV1D_NOINLINE void realFftInMemory(const typename Simd::Vector* x, int64_t step, Spectrum<Simd, N>& to) {
  realFft<Simd, N>(x, step, to);
}

template <typename Simd, int N>
CONV1D_NOINLINE void inverseInMemory(const Spectrum<Simd, N>& from, typename Simd::Vector* x, int64_t step) {
  inverseRealFft<Simd, N>(from, x, step);
}

}  // namespace
