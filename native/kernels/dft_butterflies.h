// The DFTs of a few values in registers, written once over a simd type. Included by real_dft.h.
//
// Those of odd radices first add and subtract the pairs of values that have the same cosines and sines, as Winograd's
// do ("On computing the discrete Fourier transform", Math. Comp. 32, 1978), which halves the products. Sums of products
// follow, where he saves more products: a fused multiply-add costs no more than the addition.
#pragma once

#include "kernels/compiler.h"

namespace {

template <typename Simd>
struct ComplexVector {
  typename Simd::Vector re;
  typename Simd::Vector im;
};

// cos and sin of 2 pi n / Radix, n <= Radix / 2.
template <int Radix>
struct RootsOfUnity;

template <>
struct RootsOfUnity<3> {
  static constexpr double kCos[] = {1, -0.5};
  static constexpr double kSin[] = {0, 0.86602540378443864676};
};

template <>
struct RootsOfUnity<5> {
  static constexpr double kCos[] = {1, 0.30901699437494742410, -0.80901699437494742410};
  static constexpr double kSin[] = {0, 0.95105651629515357212, 0.58778525229247312917};
};

template <>
struct RootsOfUnity<7> {
  static constexpr double kCos[] = {1, 0.62348980185873353053, -0.22252093395631440429, -0.90096886790241912624};
  static constexpr double kSin[] = {0, 0.78183148246802980871, 0.97492791218182360702, 0.43388373911755812048};
};

constexpr double kSqrtHalf = 0.70710678118654752440;

// sums[q] += cos(2 pi q p / Radix) * value, for q in 1 .. Radix / 2.
template <typename Simd, int Radix>
void addCosines(int p, typename Simd::Vector value, typename Simd::Vector* sums) {
  using Scalar = typename Simd::Scalar;
  CONV1D_UNROLL
  for (int q = 1; q <= Radix / 2; q++) {
    const int n = q * p % Radix;
    const double cosine = RootsOfUnity<Radix>::kCos[n <= Radix / 2 ? n : Radix - n];
    sums[q] = Simd::fma(Simd::broadcast(static_cast<Scalar>(cosine)), value, sums[q]);
  }
}

// sums[q] += sin(2 pi q p / Radix) * value, or for p = 1 the first of these products.
template <typename Simd, int Radix>
void addSines(int p, typename Simd::Vector value, typename Simd::Vector* sums) {
  using Scalar = typename Simd::Scalar;
  CONV1D_UNROLL
  for (int q = 1; q <= Radix / 2; q++) {
    const int n = q * p % Radix;
    const auto sine = Simd::broadcast(static_cast<Scalar>(RootsOfUnity<Radix>::kSin[n <= Radix / 2 ? n : Radix - n]));
    if (p == 1) {
      sums[q] = Simd::mul(sine, value);
    } else {
      sums[q] = n <= Radix / 2 ? Simd::fma(sine, value, sums[q]) : Simd::fnma(sine, value, sums[q]);
    }
  }
}

// The spectrum of Radix real values, in place: the real part of bin b at b, its imaginary part at Radix - b.
template <typename Simd, int Radix>
struct RealButterfly {
  using Vector = typename Simd::Vector;
  static void apply(Vector* x) {
    constexpr int kPairs = Radix / 2;
    Vector re[kPairs + 1];
    Vector im[kPairs + 1];
    CONV1D_UNROLL
    for (int q = 0; q <= kPairs; q++) re[q] = x[0];
    CONV1D_UNROLL
    for (int p = 1; p <= kPairs; p++) {
      const Vector sum = Simd::add(x[p], x[Radix - p]);
      re[0] = Simd::add(re[0], sum);
      addCosines<Simd, Radix>(p, sum, re);
      addSines<Simd, Radix>(p, Simd::sub(x[Radix - p], x[p]), im);
    }
    x[0] = re[0];
    CONV1D_UNROLL
    for (int q = 1; q <= kPairs; q++) {
      x[q] = re[q];
      x[Radix - q] = im[q];
    }
  }
};

template <typename Simd>
struct RealButterfly<Simd, 2> {
  using Vector = typename Simd::Vector;
  static void apply(Vector* x) {
    const Vector sum = Simd::add(x[0], x[1]);
    x[1] = Simd::sub(x[0], x[1]);
    x[0] = sum;
  }
};

template <typename Simd>
struct RealButterfly<Simd, 4> {
  using Vector = typename Simd::Vector;
  static void apply(Vector* x) {
    const Vector even = Simd::add(x[0], x[2]);
    const Vector odd = Simd::add(x[1], x[3]);
    const Vector im1 = Simd::sub(x[3], x[1]);
    x[1] = Simd::sub(x[0], x[2]);
    x[0] = Simd::add(even, odd);
    x[2] = Simd::sub(even, odd);
    x[3] = im1;
  }
};

template <typename Simd>
struct RealButterfly<Simd, 8> {
  using Vector = typename Simd::Vector;
  static void apply(Vector* x) {
    const Vector half = Simd::broadcast(static_cast<typename Simd::Scalar>(kSqrtHalf));
    Vector even[4] = {x[0], x[2], x[4], x[6]};
    RealButterfly<Simd, 4>::apply(even);
    // As above, but for bin 2 with the other sign.
    const Vector sum04 = Simd::add(x[1], x[5]);
    const Vector sum26 = Simd::add(x[3], x[7]);
    const Vector odd0 = Simd::add(sum04, sum26);
    const Vector odd2 = Simd::sub(sum26, sum04);
    const Vector oddRe = Simd::sub(x[1], x[5]);
    const Vector oddIm = Simd::sub(x[7], x[3]);
    const Vector turnedRe = Simd::mul(half, Simd::add(oddRe, oddIm));
    const Vector turnedIm = Simd::mul(half, Simd::sub(oddIm, oddRe));
    x[0] = Simd::add(even[0], odd0);
    x[1] = Simd::add(even[1], turnedRe);
    x[2] = even[2];
    x[3] = Simd::sub(even[1], turnedRe);
    x[4] = Simd::sub(even[0], odd0);
    x[5] = Simd::sub(turnedIm, even[3]);
    x[6] = odd2;
    x[7] = Simd::add(turnedIm, even[3]);
  }
};

// The DFT of Radix complex values, in place; the imaginary parts of bins (Radix + 1) / 2 and above with the other sign.
template <typename Simd, int Radix>
struct Butterfly {
  using Vector = typename Simd::Vector;
  using Complex = ComplexVector<Simd>;
  static void apply(Complex* x) {
    constexpr int kPairs = Radix / 2;
    // Of sums of pairs, and of their differences a quarter turn ahead.
    Vector sumRe[kPairs + 1], sumIm[kPairs + 1], turnedRe[kPairs + 1], turnedIm[kPairs + 1];
    CONV1D_UNROLL
    for (int q = 0; q <= kPairs; q++) {
      sumRe[q] = x[0].re;
      sumIm[q] = x[0].im;
    }
    CONV1D_UNROLL
    for (int p = 1; p <= kPairs; p++) {
      const Complex a = x[p];
      const Complex b = x[Radix - p];
      const Vector re = Simd::add(a.re, b.re);
      const Vector im = Simd::add(a.im, b.im);
      sumRe[0] = Simd::add(sumRe[0], re);
      sumIm[0] = Simd::add(sumIm[0], im);
      addCosines<Simd, Radix>(p, re, sumRe);
      addCosines<Simd, Radix>(p, im, sumIm);
      addSines<Simd, Radix>(p, Simd::sub(a.im, b.im), turnedRe);
      addSines<Simd, Radix>(p, Simd::sub(b.re, a.re), turnedIm);
    }
    x[0] = {sumRe[0], sumIm[0]};
    CONV1D_UNROLL
    for (int q = 1; q <= kPairs; q++) {
      x[q] = {Simd::add(sumRe[q], turnedRe[q]), Simd::add(sumIm[q], turnedIm[q])};
      x[Radix - q] = {Simd::sub(sumRe[q], turnedRe[q]), Simd::sub(turnedIm[q], sumIm[q])};
    }
  }
};

template <typename Simd>
struct Butterfly<Simd, 2> {
  using Complex = ComplexVector<Simd>;
  static void apply(Complex* x) {
    const Complex a = x[0];
    const Complex b = x[1];
    x[0] = {Simd::add(a.re, b.re), Simd::add(a.im, b.im)};
    x[1] = {Simd::sub(a.re, b.re), Simd::sub(b.im, a.im)};
  }
};

template <typename Simd>
struct Butterfly<Simd, 4> {
  using Complex = ComplexVector<Simd>;
  static void apply(Complex* x) {
    const Complex even = {Simd::add(x[0].re, x[2].re), Simd::add(x[0].im, x[2].im)};
    const Complex odd = {Simd::add(x[1].re, x[3].re), Simd::add(x[1].im, x[3].im)};
    const Complex evenDifference = {Simd::sub(x[0].re, x[2].re), Simd::sub(x[0].im, x[2].im)};
    const Complex turned = {Simd::sub(x[1].im, x[3].im), Simd::sub(x[3].re, x[1].re)};
    x[0] = {Simd::add(even.re, odd.re), Simd::add(even.im, odd.im)};
    x[1] = {Simd::add(evenDifference.re, turned.re), Simd::add(evenDifference.im, turned.im)};
    x[2] = {Simd::sub(even.re, odd.re), Simd::sub(odd.im, even.im)};
    x[3] = {Simd::sub(evenDifference.re, turned.re), Simd::sub(turned.im, evenDifference.im)};
  }
};

// Two of radix 4, joined by eighths of a turn.
template <typename Simd>
struct Butterfly<Simd, 8> {
  using Vector = typename Simd::Vector;
  using Complex = ComplexVector<Simd>;
  static void apply(Complex* x) {
    const Quarters even(x[0], x[2], x[4], x[6]);
    const Quarters odd(x[1], x[3], x[5], x[7]);
    join(even.sum(), odd.sum(), &x[0], &x[4]);
    // One eighth: times (1 - i) / sqrt(2).
    const Complex one = {Simd::add(odd.difference.re, odd.turned.re), Simd::add(odd.difference.im, odd.turned.im)};
    join({Simd::add(even.difference.re, even.turned.re), Simd::add(even.difference.im, even.turned.im)},
         {timesSqrtHalf(Simd::add(one.re, one.im)), timesSqrtHalf(Simd::sub(one.im, one.re))}, &x[1], &x[5]);
    // Two: times -i.
    join({Simd::sub(even.a.re, even.b.re), Simd::sub(even.a.im, even.b.im)},
         {Simd::sub(odd.a.im, odd.b.im), Simd::sub(odd.b.re, odd.a.re)}, &x[2], &x[6]);
    // Three: times (-1 - i) / sqrt(2), from the negative of the value.
    const Complex three = {Simd::sub(odd.turned.re, odd.difference.re), Simd::sub(odd.turned.im, odd.difference.im)};
    join({Simd::sub(even.difference.re, even.turned.re), Simd::sub(even.difference.im, even.turned.im)},
         {timesSqrtHalf(Simd::sub(three.re, three.im)), timesSqrtHalf(Simd::add(three.re, three.im))}, &x[3], &x[7]);
  }

 private:
  // A DFT of four values, but for its last additions.
  struct Quarters {
    Complex a, b;        // sums of values 0 and 2, 1 and 3
    Complex difference;  // of values 0 and 2
    Complex turned;      // -i times that of values 1 and 3
    Quarters(const Complex& x0, const Complex& x1, const Complex& x2, const Complex& x3)
        : a{Simd::add(x0.re, x2.re), Simd::add(x0.im, x2.im)},
          b{Simd::add(x1.re, x3.re), Simd::add(x1.im, x3.im)},
          difference{Simd::sub(x0.re, x2.re), Simd::sub(x0.im, x2.im)},
          turned{Simd::sub(x1.im, x3.im), Simd::sub(x3.re, x1.re)} {}
    Complex sum() const { return {Simd::add(a.re, b.re), Simd::add(a.im, b.im)}; }
  };

  static Vector timesSqrtHalf(Vector value) {
    return Simd::mul(Simd::broadcast(static_cast<typename Simd::Scalar>(kSqrtHalf)), value);
  }

  static void join(const Complex& even, const Complex& odd, Complex* lower, Complex* upper) {
    *lower = {Simd::add(even.re, odd.re), Simd::add(even.im, odd.im)};
    *upper = {Simd::sub(even.re, odd.re), Simd::sub(odd.im, even.im)};
  }
};

}  // namespace
