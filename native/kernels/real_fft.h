// The discrete Fourier transform of real signals, a signal in each lane: sizes that are powers of two, up to 256.
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

// cos(2 pi k / 256), k = 0 .. 64, nearest float64.
constexpr double kQuarterWave[65] = {1.0,
                                     0.9996988186962042,
                                     0.9987954562051724,
                                     0.9972904566786902,
                                     0.9951847266721969,
                                     0.99247953459871,
                                     0.989176509964781,
                                     0.9852776423889412,
                                     0.9807852804032304,
                                     0.9757021300385286,
                                     0.970031253194544,
                                     0.9637760657954398,
                                     0.9569403357322088,
                                     0.9495281805930367,
                                     0.9415440651830208,
                                     0.9329927988347388,
                                     0.9238795325112867,
                                     0.9142097557035307,
                                     0.9039892931234433,
                                     0.8932243011955153,
                                     0.881921264348355,
                                     0.8700869911087115,
                                     0.8577286100002721,
                                     0.8448535652497071,
                                     0.8314696123025452,
                                     0.8175848131515837,
                                     0.8032075314806449,
                                     0.7883464276266062,
                                     0.773010453362737,
                                     0.7572088465064846,
                                     0.7409511253549591,
                                     0.7242470829514669,
                                     0.7071067811865476,
                                     0.6895405447370669,
                                     0.6715589548470184,
                                     0.6531728429537768,
                                     0.6343932841636455,
                                     0.6152315905806268,
                                     0.5956993044924334,
                                     0.5758081914178453,
                                     0.5555702330196022,
                                     0.5349976198870973,
                                     0.5141027441932218,
                                     0.49289819222978404,
                                     0.47139673682599764,
                                     0.4496113296546066,
                                     0.4275550934302821,
                                     0.40524131400498986,
                                     0.3826834323650898,
                                     0.35989503653498817,
                                     0.33688985339222005,
                                     0.31368174039889146,
                                     0.2902846772544624,
                                     0.26671275747489837,
                                     0.2429801799032639,
                                     0.2191012401568698,
                                     0.19509032201612828,
                                     0.17096188876030122,
                                     0.14673047445536175,
                                     0.1224106751992162,
                                     0.0980171403295606,
                                     0.07356456359966743,
                                     0.049067674327418015,
                                     0.024541228522912288,
                                     0.0};

// exp(-2 pi i k / N) = cosine[k] - i sine[k] for k < N / 4, in the type of the lanes: loops read them from memory.
template <typename Scalar, int N>
struct Twiddles {
  static_assert(N <= 256 && 256 % N == 0);
  Scalar cosine[N / 4] = {};
  Scalar sine[N / 4] = {};

  constexpr Twiddles() {
    for (int k = 0; k < N / 4; k++) {
      cosine[k] = static_cast<Scalar>(kQuarterWave[k * (256 / N)]);
      sine[k] = static_cast<Scalar>(kQuarterWave[64 - k * (256 / N)]);
    }
  }
};

template <typename Scalar, int N>
constexpr Twiddles<Scalar, N> kTwiddles;

template <typename Simd>
struct Bin {
  typename Simd::Vector re;
  typename Simd::Vector im;
};

// Bins 0 .. N/2 of a signal, of which the first and the last are real. Whatever takes and gives bins in this way can
// stand for it: transforms write each bin once, the inverse reads each once.
template <typename Simd, int N>
struct Spectrum {
  using Vector = typename Simd::Vector;
  Vector re[N / 2 + 1];
  Vector im[N / 2 + 1];

  CONV1D_INLINE void putEnd(int k, Vector value) { re[k] = value; }
  CONV1D_INLINE void put(int k, Vector real, Vector imaginary) {
    re[k] = real;
    im[k] = imaginary;
  }
  CONV1D_INLINE Vector endBin(int k) const { return re[k]; }
  CONV1D_INLINE Bin<Simd> bin(int k) const { return {re[k], im[k]}; }
};

// Bins k and N/2 - k (0 < k < N/4) out of those of the halves.
template <typename Simd, int N, typename To>
CONV1D_INLINE void joinHalves(const Spectrum<Simd, N / 2>& even, const Spectrum<Simd, N / 2>& odd, int k, To& to) {
  using Vector = typename Simd::Vector;
  const Vector c = Simd::broadcast(kTwiddles<typename Simd::Scalar, N>.cosine[k]);
  const Vector s = Simd::broadcast(kTwiddles<typename Simd::Scalar, N>.sine[k]);
  const Vector re = Simd::fma(s, odd.im[k], Simd::mul(c, odd.re[k]));
  const Vector im = Simd::fnma(s, odd.re[k], Simd::mul(c, odd.im[k]));
  to.put(k, Simd::add(even.re[k], re), Simd::add(even.im[k], im));
  to.put(N / 2 - k, Simd::sub(even.re[k], re), Simd::sub(im, even.im[k]));
}

// The other way: what bins k and N/2 - k are made of.
template <typename Simd, int N, typename From>
CONV1D_INLINE void splitHalves(const From& from, int k, Spectrum<Simd, N / 2>& even, Spectrum<Simd, N / 2>& odd) {
  using Vector = typename Simd::Vector;
  const Vector c = Simd::broadcast(kTwiddles<typename Simd::Scalar, N>.cosine[k]);
  const Vector s = Simd::broadcast(kTwiddles<typename Simd::Scalar, N>.sine[k]);
  const Bin<Simd> one = from.bin(k);
  const Bin<Simd> other = from.bin(N / 2 - k);
  even.re[k] = Simd::add(one.re, other.re);
  even.im[k] = Simd::sub(one.im, other.im);
  const Vector re = Simd::sub(one.re, other.re);
  const Vector im = Simd::add(one.im, other.im);
  odd.re[k] = Simd::fnma(s, im, Simd::mul(c, re));
  odd.im[k] = Simd::fma(s, re, Simd::mul(c, im));
}

template <typename Simd, int N>
void realFftInMemory(const typename Simd::Vector* x, int64_t step, Spectrum<Simd, N>& to);
template <typename Simd, int N>
void inverseInMemory(const Spectrum<Simd, N>& from, typename Simd::Vector* x, int64_t step);

// Of x[0], x[step], x[2 step], ...
template <typename Simd, int N, typename To>
CONV1D_INLINE void realFft(const typename Simd::Vector* x, int64_t step, To& to) {
  if constexpr (N == 2) {
    to.putEnd(0, Simd::add(x[0], x[step]));
    to.putEnd(1, Simd::sub(x[0], x[step]));
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
    to.putEnd(0, Simd::add(even.re[0], odd.re[0]));
    to.putEnd(N / 2, Simd::sub(even.re[0], odd.re[0]));
    to.put(N / 4, even.re[N / 4], Simd::sub(Simd::zero(), odd.re[N / 4]));
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
template <typename Simd, int N, typename From>
CONV1D_INLINE void inverseRealFft(const From& from, typename Simd::Vector* x, int64_t step) {
  using Vector = typename Simd::Vector;
  if constexpr (N == 2) {
    const Vector first = from.endBin(0);
    const Vector last = from.endBin(1);
    x[0] = Simd::add(first, last);
    x[step] = Simd::sub(first, last);
  } else {
    Spectrum<Simd, N / 2> even;
    Spectrum<Simd, N / 2> odd;
    const Vector first = from.endBin(0);
    const Vector last = from.endBin(N / 2);
    even.re[0] = Simd::add(first, last);
    odd.re[0] = Simd::sub(first, last);
    const Bin<Simd> middle = from.bin(N / 4);
    even.re[N / 4] = middle.re;
    odd.re[N / 4] = Simd::sub(Simd::zero(), middle.im);
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
