// A pass of the real DFT whose radix is a prime above 7: by the definition, p * p / 4 products of pairs for p values.
// Included by real_dft.h, which says where a pass reads and writes.
//
// Such radices come first, while lengths are odd: no spectrum has a bin in its middle. As in dft_butterflies.h, values
// with the same cosines and sines are added and subtracted before they are multiplied.
#pragma once

#include "kernels/compiler.h"
#include "kernels/real_dft_args.h"

namespace {

// The radix's cosines and sines in the order in which row q of the DFT takes them.
template <typename Scalar>
struct RootsOfRow {
  const Scalar* roots;
  int64_t radix;
  int64_t row;
  int64_t at = 0;

  void next() {
    at += row;
    if (at >= radix) at -= radix;
  }
  Scalar cosine() const { return roots[2 * at]; }
  Scalar sine() const { return roots[2 * at + 1]; }
};

// Bin 0 of each spectrum, which is real.
template <typename Simd>
void primeButterfly(const conv1d::RealDftPass<typename Simd::Scalar>& pass, typename Simd::Scalar* x,
                    typename Simd::Scalar* sums) {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  constexpr int kLanes = Simd::kLanes;
  const int64_t leg = pass.length * kLanes;
  const Vector first = Simd::load(x);
  Vector total = first;
  Scalar* pair = sums;
  for (int64_t j = 1; 2 * j < pass.radix; j++, pair += 2 * kLanes) {
    const Vector lower = Simd::load(x + j * leg);
    const Vector upper = Simd::load(x + (pass.radix - j) * leg);
    const Vector sum = Simd::add(lower, upper);
    total = Simd::add(total, sum);
    Simd::store(pair, sum);
    Simd::store(pair + kLanes, Simd::sub(upper, lower));
  }
  Simd::store(x, total);
  for (int64_t q = 1; 2 * q < pass.radix; q++) {
    RootsOfRow<Scalar> roots{pass.roots, pass.radix, q};
    Vector re = first;
    Vector im = Simd::zero();
    for (const Scalar* from = sums; from < pair; from += 2 * kLanes) {
      roots.next();
      re = Simd::fma(Simd::broadcast(roots.cosine()), Simd::load(from), re);
      im = Simd::fma(Simd::broadcast(roots.sine()), Simd::load(from + kLanes), im);
    }
    Simd::store(x + q * leg, re);
    Simd::store(x + (pass.radix - q) * leg, im);
  }
}

// A bin behind it: real parts from p on, imaginary parts from q on.
template <typename Simd>
void primeButterfly(const conv1d::RealDftPass<typename Simd::Scalar>& pass, const typename Simd::Scalar* twiddles,
                    typename Simd::Scalar* p, typename Simd::Scalar* q, typename Simd::Scalar* sums) {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  constexpr int kLanes = Simd::kLanes;
  const int64_t radix = pass.radix;
  const int64_t leg = pass.length * kLanes;
  const Vector firstRe = Simd::load(p);
  const Vector firstIm = Simd::load(q);
  Vector totalRe = firstRe;
  Vector totalIm = firstIm;
  const auto turned = [&](int64_t j, Vector* re, Vector* im) {
    const Vector cosine = Simd::broadcast(twiddles[2 * j - 2]);
    const Vector sine = Simd::broadcast(twiddles[2 * j - 1]);
    const Vector x = Simd::load(p + j * leg);
    const Vector y = Simd::load(q + j * leg);
    *re = Simd::fma(sine, y, Simd::mul(cosine, x));
    *im = Simd::fnma(sine, x, Simd::mul(cosine, y));
  };
  Scalar* pair = sums;
  for (int64_t j = 1; 2 * j < radix; j++, pair += 4 * kLanes) {
    Vector lowerRe, lowerIm, upperRe, upperIm;
    turned(j, &lowerRe, &lowerIm);
    turned(radix - j, &upperRe, &upperIm);
    const Vector sumRe = Simd::add(lowerRe, upperRe);
    const Vector sumIm = Simd::add(lowerIm, upperIm);
    totalRe = Simd::add(totalRe, sumRe);
    totalIm = Simd::add(totalIm, sumIm);
    Simd::store(pair, sumRe);
    Simd::store(pair + kLanes, sumIm);
    Simd::store(pair + 2 * kLanes, Simd::sub(lowerRe, upperRe));
    Simd::store(pair + 3 * kLanes, Simd::sub(lowerIm, upperIm));
  }
  Simd::store(p, totalRe);
  Simd::store(q + (radix - 1) * leg, totalIm);
  for (int64_t row = 1; 2 * row < radix; row++) {
    RootsOfRow<Scalar> roots{pass.roots, radix, row};
    Vector re = firstRe;
    Vector im = firstIm;
    Vector sinesRe = Simd::zero();
    Vector sinesIm = Simd::zero();
    for (const Scalar* from = sums; from < pair; from += 4 * kLanes) {
      roots.next();
      const Vector cosine = Simd::broadcast(roots.cosine());
      const Vector sine = Simd::broadcast(roots.sine());
      re = Simd::fma(cosine, Simd::load(from), re);
      im = Simd::fma(cosine, Simd::load(from + kLanes), im);
      sinesRe = Simd::fma(sine, Simd::load(from + 2 * kLanes), sinesRe);
      sinesIm = Simd::fma(sine, Simd::load(from + 3 * kLanes), sinesIm);
    }
    // The rows `row` and `radix - row`, of which the second hands its imaginary part out with the other sign.
    Simd::store(p + row * leg, Simd::add(re, sinesIm));
    Simd::store(q + (radix - 1 - row) * leg, Simd::sub(im, sinesRe));
    Simd::store(q + (row - 1) * leg, Simd::sub(re, sinesIm));
    Simd::store(p + (radix - row) * leg, Simd::sub(Simd::zero(), Simd::add(im, sinesRe)));
  }
}

template <typename Simd>
void primePass(const conv1d::RealDftPass<typename Simd::Scalar>& pass, int64_t size, typename Simd::Scalar* work,
               typename Simd::Scalar* sums) {
  using Scalar = typename Simd::Scalar;
  const int64_t leg = pass.length * Simd::kLanes;
  Scalar* const end = work + size * Simd::kLanes;
  for (Scalar* spectrum = work; spectrum < end; spectrum += pass.radix * leg) {
    primeButterfly<Simd>(pass, spectrum, sums);
    const Scalar* twiddles = pass.twiddles;
    for (int64_t i = 1; 2 * i < pass.length; i++, twiddles += 2 * (pass.radix - 1)) {
      Scalar* const p = spectrum + i * Simd::kLanes;
      primeButterfly<Simd>(pass, twiddles, p, spectrum + leg - i * Simd::kLanes, sums);
    }
  }
}

}  // namespace
