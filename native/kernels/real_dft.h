// The windowed real DFT, a frame in each lane, written once over a simd type. Included by microkernel.h.
//
// Mixed radix, decimation in time, real values throughout: Sorensen, Jones, Heideman and Burrus, "Real-valued fast
// Fourier transform algorithms", IEEE Trans. ASSP 35(6), 1987. In place: the spectrum of n real samples is n values,
// the real part of bin b at b and its imaginary part at n - b. A pass of radix r takes r spectra of `length` values,
// next to each other, to one of r * length:
//
//   length = 5, radix = 2   | re0 re1 re2 im2 im1 | re0 re1 re2 im2 im1 |
//                                 -P-         -Q-       -P-         -Q-     bin 1 of both spectra becomes
//                           | re0 re1 re2 re3 re4 re5 im4 im3 im2 im1 |     bins 1 and 4 (that is bin 6, conjugate)
//
// Bin i of each of them lies at P = i and Q = length - i, counted from its first value, and there go the bins i + q *
// length of the result: those behind its middle as the conjugates of their mirror images, so a butterfly hands out the
// imaginary parts of its upper half with the other sign. Bin 0 is real (P alone). So is the middle one of an even
// length: it reads its imaginary parts from a vector of zeros, and of the values that it writes twice the later stay.
//
// The order of every operation is the same for all simd types, and a lane never meets its neighbours: the bits of a
// frame depend on nothing else.
//
// 400 samples, all bins, AVX-512 (Zen 4): loading a quarter of the time, four passes a half, the rows a quarter.
#pragma once

#include "kernels/compiler.h"
#include "kernels/dft_butterflies.h"
#include "kernels/epilogue.h"
#include "kernels/prime_dft.h"
#include "kernels/real_dft_args.h"

namespace {

using conv1d::RealDftArgs;
using conv1d::RealDftPass;

// The same where a frame is shorter than what is transposed at a time.
template <typename Simd>
void loadShortFrames(const RealDftArgs<typename Simd::Scalar>& args, const typename Simd::Scalar* frames,
                     typename Simd::Scalar* work) {
  for (int64_t i = 0; i < args.size; i++) {
    typename Simd::Scalar* const to = work + args.places[i] * Simd::kLanes;
    for (int lane = 0; lane < Simd::kLanes; lane++) to[lane] = args.window[i] * frames[lane * args.pitch + i];
  }
}

// Samples times window into the work, where the first pass reads them.
template <typename Simd>
void loadFrames(const RealDftArgs<typename Simd::Scalar>& args, const typename Simd::Scalar* frames,
                typename Simd::Scalar* work) {
  using Scalar = typename Simd::Scalar;
  constexpr int kSamples = Simd::kTransposed;
  const int64_t size = args.size;
  const int64_t pitch = args.pitch;
  const Scalar* const window = args.window;
  const int32_t* const places = args.places;
  if (size < kSamples) return loadShortFrames<Simd>(args, frames, work);
  for (int64_t next = 0; next < size; next += kSamples) {
    // The last ones may overlap those before.
    const int64_t i = next + kSamples <= size ? next : size - kSamples;
    typename Simd::Vector x[kSamples];
    Simd::loadTransposed(frames + i, pitch, x);
    CONV1D_UNROLL
    for (int s = 0; s < kSamples; s++) {
      Simd::store(work + places[i + s] * Simd::kLanes, Simd::mul(Simd::broadcast(window[i + s]), x[s]));
    }
  }
}

// A pass, in place.
template <typename Simd, int Radix>
void dftPass(const RealDftPass<typename Simd::Scalar>& pass, int64_t size, typename Simd::Scalar* work) {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  const int64_t leg = pass.length * Simd::kLanes;
  const int64_t step = Radix * leg;
  Scalar* const end = work + size * Simd::kLanes;
  for (Scalar* spectrum = work; spectrum < end; spectrum += step) {
    Vector x[Radix];
    CONV1D_UNROLL
    for (int j = 0; j < Radix; j++) x[j] = Simd::load(spectrum + j * leg);
    RealButterfly<Simd, Radix>::apply(x);
    CONV1D_UNROLL
    for (int j = 0; j < Radix; j++) Simd::store(spectrum + j * leg, x[j]);
  }
  const Scalar* twiddles = pass.twiddles;
  for (int64_t i = 1; 2 * i <= pass.length; i++, twiddles += 2 * (Radix - 1)) {
    const bool isMiddle = 2 * i == pass.length;
    const int64_t imLeg = isMiddle ? 0 : leg;
    for (Scalar* spectrum = work; spectrum < end; spectrum += step) {
      Scalar* const p = spectrum + i * Simd::kLanes;
      Scalar* const q = spectrum + leg - i * Simd::kLanes;
      const Scalar* const im = isMiddle ? end : q;
      ComplexVector<Simd> x[Radix];
      x[0] = {Simd::load(p), Simd::load(im)};
      CONV1D_UNROLL
      for (int j = 1; j < Radix; j++) {
        const Vector cosine = Simd::broadcast(twiddles[2 * j - 2]);
        const Vector sine = Simd::broadcast(twiddles[2 * j - 1]);
        const Vector re = Simd::load(p + j * leg);
        const Vector imaginary = Simd::load(im + j * imLeg);
        x[j] = {Simd::fma(sine, imaginary, Simd::mul(cosine, re)), Simd::fnma(sine, re, Simd::mul(cosine, imaginary))};
      }
      Butterfly<Simd, Radix>::apply(x);
      CONV1D_UNROLL
      for (int j = 0; j < Radix; j++) {
        const bool isUpper = j >= (Radix + 1) / 2;
        // The real part last: that of the bin in the middle of the result shares its place with a vanishing imaginary
        // part.
        Simd::store(isUpper ? p + j * leg : q + (Radix - 1 - j) * leg, x[j].im);
        Simd::store(isUpper ? q + (Radix - 1 - j) * leg : p + j * leg, x[j].re);
      }
    }
  }
}

// The rows of `vectors` spectra side by side.
template <typename Simd>
void storeDftRows(const RealDftArgs<typename Simd::Scalar>& args, int64_t vectors) {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  const int64_t spectrum = (args.size + 1) * Simd::kLanes;
  const int64_t whole = args.columns / Simd::kLanes;
  const typename Simd::Mask mask = Simd::mask(static_cast<int>(args.columns - whole * Simd::kLanes));
  const int64_t rows = args.rows;
  for (int64_t m = 0; m < rows; m++) {
    const Vector sign = Simd::broadcast(args.signs[m]);
    const Vector bias = args.bias == nullptr ? Simd::zero() : Simd::broadcast(args.bias[m]);
    const Scalar* from = args.work + args.values[m] * Simd::kLanes;
    Scalar* to = args.out + m * args.outStride;
    for (int64_t v = 0; v < vectors; v++, from += spectrum, to += Simd::kLanes) {
      const Vector value = endOfChain<Simd>(Simd::fma(sign, Simd::load(from), bias));
      if (v < whole) {
        Simd::store(to, value);
      } else {
        Simd::storePartial(to, value, mask);
      }
    }
  }
}

// All passes, behind whose values lies a vector of zeros.
template <typename Simd>
CONV1D_NOINLINE void dftPasses(const RealDftPass<typename Simd::Scalar>* passes, int64_t count, int64_t size,
                               typename Simd::Scalar* work, typename Simd::Scalar* sums) {
  Simd::store(work + size * Simd::kLanes, Simd::zero());
  for (const auto* pass = passes; pass < passes + count; pass++) {
    switch (pass->radix) {
      case 2:
        dftPass<Simd, 2>(*pass, size, work);
        break;
      case 3:
        dftPass<Simd, 3>(*pass, size, work);
        break;
      case 4:
        dftPass<Simd, 4>(*pass, size, work);
        break;
      case 5:
        dftPass<Simd, 5>(*pass, size, work);
        break;
      case 7:
        dftPass<Simd, 7>(*pass, size, work);
        break;
      case 8:
        dftPass<Simd, 8>(*pass, size, work);
        break;
      default:
        primePass<Simd>(*pass, size, work, sums);
    }
  }
}

template <typename Simd>
void realDft(const RealDftArgs<typename Simd::Scalar>& args) {
  using Scalar = typename Simd::Scalar;
  const int64_t vectors = (args.columns + Simd::kLanes - 1) / Simd::kLanes;
  for (int64_t v = 0; v < vectors; v++) {
    Scalar* const work = args.work + v * (args.size + 1) * Simd::kLanes;
    loadFrames<Simd>(args, args.frames + v * Simd::kLanes * args.pitch, work);
    dftPasses<Simd>(args.passes, args.passCount, args.size, work, args.sums);
  }
  storeDftRows<Simd>(args, vectors);
}

}  // namespace
