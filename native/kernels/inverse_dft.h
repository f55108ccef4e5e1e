// From spectra of real samples back to the samples, a spectrum in each lane. Included by microkernel.h.
//
// The inverse takes the passes of the forward transform (real_dft.h). With cas t = cos t + sin t,
//
//   re cos(b t) - im sin(b t) = (re - im) / 2 cas(b t) + (re + im) / 2 cas(-b t)
//
// so the samples are Hartley's transform of as many numbers, h(b) = (re - im) / 2 and h(size - b) = (re + im) / 2 times
// a factor (R. N. Bracewell, "Discrete Hartley transform", J. Opt. Soc. Am. 73, 1983), and that is the real part of the
// DFT of h less its imaginary part.
#pragma once

#include "kernels/compiler.h"
#include "kernels/real_dft.h"
#include "kernels/real_dft_args.h"

namespace {

using conv1d::InverseDftArgs;

// The numbers h of the columns from `column` on, where the first pass reads them.
template <typename Simd>
void loadSpectra(const InverseDftArgs<typename Simd::Scalar>& args, int64_t column) {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  const int64_t size = args.size;
  const int64_t left = args.columns - column;
  const bool isWhole = left >= Simd::kLanes;
  const typename Simd::Mask mask = Simd::mask(isWhole ? Simd::kLanes : static_cast<int>(left));
  const auto load = [&](const Scalar* part, int64_t bin) {
    const Scalar* const from = part + bin * args.rowStride + column;
    return isWhole ? Simd::load(from) : Simd::loadPartial(from, mask);
  };
  const auto put = [&](int64_t at, Vector value) { Simd::store(args.work + args.places[at] * Simd::kLanes, value); };
  const Vector ends = Simd::broadcast(args.factorOfEnds);
  const Vector half = Simd::broadcast(args.halfOfInner);
  put(0, Simd::mul(ends, load(args.re, 0)));
  for (int64_t bin = 1; 2 * bin < size; bin++) {
    const Vector re = load(args.re, bin);
    const Vector im = load(args.im, bin);
    put(bin, Simd::mul(half, Simd::sub(re, im)));
    put(size - bin, Simd::mul(half, Simd::add(re, im)));
  }
  if (size % 2 == 0) put(size / 2, Simd::mul(ends, load(args.re, size / 2)));
}

// Sample i of what the passes have made of them.
template <typename Simd>
typename Simd::Vector hartley(const typename Simd::Scalar* work, int64_t size, int64_t i) {
  const auto value = Simd::load(work + i * Simd::kLanes);
  if (i == 0 || 2 * i == size) return value;
  const auto mirrored = Simd::load(work + (size - i) * Simd::kLanes);
  // Up to the middle a value is a real part, and its mirror image the imaginary part.
  return 2 * i < size ? Simd::sub(value, mirrored) : Simd::add(mirrored, value);
}

template <typename Simd>
void inverseDft(const InverseDftArgs<typename Simd::Scalar>& args) {
  using Vector = typename Simd::Vector;
  constexpr int kSamples = Simd::kTransposed;
  const int64_t size = args.size;
  for (int64_t column = 0; column < args.columns; column += Simd::kLanes) {
    loadSpectra<Simd>(args, column);
    dftPasses<Simd>(args.passes, args.passCount, size, args.work, args.sums);
    for (int64_t i = 0; i < size; i += kSamples) {
      Vector samples[kSamples];
      CONV1D_UNROLL
      for (int s = 0; s < kSamples; s++) {
        samples[s] = i + s < size
                         ? Simd::mul(Simd::broadcast(args.window[i + s]), hartley<Simd>(args.work, size, i + s))
                         : Simd::zero();
      }
      Simd::storeTransposed(samples, args.frames + column * args.pitch + i, args.pitch);
    }
  }
}

}  // namespace
