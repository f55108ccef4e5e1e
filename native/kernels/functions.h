// Functions of one number, over the simd type. Each is one fixed sequence of correctly rounded operations (add,
// multiply, fused multiply-add, divide, square root) and of operations on bits, so that it gives the same bits on every
// ISA. NaN goes in and comes out; what is stored is normalised by pointwise.h.
//
// Sources: the reductions of exp, log and log1p are those of fdlibm (Sun Microsystems, 1993: e_exp.c, e_log.c); that of
// sine and cosine is W. J. Cody and W. Waite's ("Software Manual for the Elementary Functions", 1980) with a pi/2 in
// three parts. Series are Taylor's, but for the scaled complement of the error function, a polynomial in (x - 3) / (x +
// 3) after M. M. Shepherd and J. G. Laframboise (Mathematics of Computation 36, 1981).
#pragma once

#include <stdint.h>
#include <string.h>

#include "kernels/compiler.h"
#include "kernels/huge_angle.h"

namespace {

// What of a function depends on the format. Numbers of terms: the first one left out is less than a tenth of the last
// place.
template <typename T>
struct Format;

template <>
struct Format<float> {
  static constexpr int kMantissaBits = 23;
  static constexpr int kBias = 127;
  static constexpr uint32_t kSign = 0x80000000;
  static constexpr uint32_t kMantissa = 0x007FFFFF;
  static constexpr uint32_t kOne = 0x3F800000;
  static constexpr uint32_t kRootOfHalf = 0x3F3504F3;
  static constexpr uint32_t kInfinity = 0x7F800000;
  static constexpr float kSmallestNormal = 0x1p-126f;
  static constexpr float kRound = 0x1.8p23f;    // added and subtracted again: what is left is an integer
  static constexpr float kOfInteger = 0x1p23f;  // the bits of an integer below it are its mantissa
  static constexpr int kSubnormalShift = 24;
  static constexpr float kLog2High = 0x1.62e4p-1f;
  static constexpr float kLog2Low = 0x1.7f7d1cf79abcap-20f;
  static constexpr float kExpAbove = 89;    // infinite from here on
  static constexpr float kExpBelow = -104;  // zero
  static constexpr float kTanhAbove = 10;   // one
  static constexpr float kErfAbove = 4.4f;  // one
  static constexpr int kExpTerms = 7;
  static constexpr int kLogTerms = 6;
  static constexpr int kSineTerms = 5;
  static constexpr int kHalfTurnTerms = 7;
  static constexpr int kErfTerms = 12;
  static constexpr int kPowerLogTerms = 6;
  static constexpr float kTwoThirdsLow = -0x1.555556p-26f;  // what the rounding of 2/3 leaves out
  static constexpr float kSmallest = 0x1p-149f;
  static constexpr float kLargest = 0x1.fffffep127f;
  static constexpr float kTwoOverRootOfPiLow = -0x1.f7ac925dca38bp-25f;  // what its rounding leaves out
  static constexpr float kHugeAngle = 0x1p15f;
  static constexpr float kHalfPi[3] = {0x1.921fb6p+0f, -0x1.777a5cp-25f, -0x1.ee59dap-50f};
  static constexpr int kScaledErfcTerms = 9;
  static constexpr double kScaledErfc[9] = {0x1.6e9827ce61f1bp-3,  -0x1.4e102b94cf6aap-2, 0x1.f6ff25119ff47p-3,
                                            -0x1.336ffd1ee56bdp-3, 0x1.258925192901ap-4,  -0x1.8fb413d7eb017p-6,
                                            0x1.194f0209d6c56p-8,  0x1.a1ae42782b84ap-11, -0x1.0ff0348bbfadbp-11};
};

template <>
struct Format<double> {
  static constexpr int kMantissaBits = 52;
  static constexpr int kBias = 1023;
  static constexpr uint64_t kSign = 0x8000000000000000;
  static constexpr uint64_t kMantissa = 0x000FFFFFFFFFFFFF;
  static constexpr uint64_t kOne = 0x3FF0000000000000;
  static constexpr uint64_t kRootOfHalf = 0x3FE6A09E667F3BCD;
  static constexpr uint64_t kInfinity = 0x7FF0000000000000;
  static constexpr double kSmallestNormal = 0x1p-1022;
  static constexpr double kRound = 0x1.8p52;
  static constexpr double kOfInteger = 0x1p52;
  static constexpr int kSubnormalShift = 54;
  static constexpr double kLog2High = 0x1.62e42fefa38p-1;
  static constexpr double kLog2Low = 0x1.ef35793c7673p-45;
  static constexpr double kExpAbove = 710;
  static constexpr double kExpBelow = -746;
  static constexpr double kTanhAbove = 20;
  static constexpr double kErfAbove = 6.4;
  static constexpr int kExpTerms = 14;
  static constexpr int kLogTerms = 11;
  static constexpr int kSineTerms = 9;
  static constexpr int kHalfTurnTerms = 11;
  static constexpr int kErfTerms = 20;
  static constexpr int kPowerLogTerms = 11;
  static constexpr double kTwoThirdsLow = 0x1.5555555555555p-55;
  static constexpr double kSmallest = 0x1p-1074;
  static constexpr double kLargest = 0x1.fffffffffffffp1023;
  static constexpr double kTwoOverRootOfPiLow = 0x1.1ae3a914fed80p-56;
  static constexpr double kHugeAngle = 0x1p27;
  static constexpr double kHalfPi[3] = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110};
  static constexpr int kScaledErfcTerms = 20;
  static constexpr double kScaledErfc[20] = {
      0x1.6e9827d229d2dp-3,   -0x1.4e102b9cf8513p-2, 0x1.f6ff204105974p-3,  -0x1.336ffbef08b4cp-3,
      0x1.258b13b017ab0p-4,   -0x1.8fa58eb5d9358p-6, 0x1.17c838ee7fbe5p-8,  0x1.73101e77ba075p-11,
      -0x1.39084c554041dp-11, 0x1.7ba104d6087d0p-15, 0x1.0cac342bbc41ep-14, -0x1.af8709c3ac171p-17,
      -0x1.0bb422a5606a7p-17, 0x1.1c8e018c202fdp-19, 0x1.505fa768893a5p-20, -0x1.3b35ab04b37aap-22,
      -0x1.fcfb924a74eb8p-23, 0x1.9fb0cdf064ecep-26, 0x1.a07e4e22b4936p-25, 0x1.84eec6a02b02cp-27};
};

constexpr double kLog2OfE = 0x1.71547652b82fep+0;
constexpr double kTwoOverPi = 0x1.45f306dc9c883p-1;
constexpr double kTwoOverRootOfPi = 0x1.20dd750429b6dp+0;
constexpr double kRootOfHalf = 0x1.6a09e667f3bcdp-1;
constexpr double kRootOfTwoOverPi = 0x1.9884533d43651p-1;

// Coefficients of the series, by the power: of e^x, of the sine and the cosine, of the error function, of the
// logarithm.
struct Coefficients {
  static constexpr int kCount = 24;
  double exp[kCount] = {};
  double sine[kCount] = {};
  double erf[kCount] = {};
  double log[kCount] = {};

  constexpr Coefficients() {
    double factorial = 1;
    for (int k = 0; k < kCount; k++) {
      if (k > 1) factorial *= k;
      exp[k] = 1 / factorial;
      sine[k] = (k / 2 % 2 == 0 ? 1 : -1) / factorial;
      erf[k] = (k % 2 == 0 ? 1 : -1) * kTwoOverRootOfPi / (factorial * (2 * k + 1));
      log[k] = 2.0 / (2 * k + 1);
    }
  }
};

constexpr Coefficients kSeries;

template <typename Simd>
struct Functions {
  using T = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  using Bits = typename Simd::Bits;
  using F = Format<T>;

  static Vector number(double value) { return Simd::broadcast(static_cast<T>(value)); }
  static Vector abs(Vector x) {
    return Simd::ofBits(
        Simd::andBits(Simd::bitsOf(x), Simd::broadcastBits(static_cast<typename Simd::Word>(~F::kSign))));
  }
  static Bits signOf(Vector x) { return Simd::andBits(Simd::bitsOf(x), Simd::broadcastBits(F::kSign)); }
  static Vector withSign(Vector magnitude, Bits sign) {
    return Simd::ofBits(Simd::orBits(Simd::bitsOf(magnitude), sign));
  }
  static Vector neg(Vector x) { return Simd::ofBits(Simd::xorBits(Simd::bitsOf(x), Simd::broadcastBits(F::kSign))); }
  // Of a NaN, NaN.
  static Vector atMost(Vector x, T most) {
    const Vector bound = Simd::broadcast(most);
    return Simd::choose(Simd::less(bound, x), bound, x);
  }
  static Vector atLeast(Vector x, T least) {
    const Vector bound = Simd::broadcast(least);
    return Simd::choose(Simd::less(x, bound), bound, x);
  }
  // The nearest integer, where it is below half of 2^kMantissaBits.
  static Vector round(Vector x) { return Simd::sub(Simd::add(x, number(F::kRound)), number(F::kRound)); }
  // The nearest integer of any number, halves to the even one. What has no fraction passes as it is, and so does NaN.
  static Vector roundToEven(Vector x) {
    const Vector size = abs(x);
    const Vector base = number(F::kOfInteger);
    const Vector rounded = withSign(Simd::sub(Simd::add(size, base), base), signOf(x));
    return Simd::choose(Simd::less(size, base), rounded, x);
  }
  static Vector floor(Vector x) {
    const Vector rounded = roundToEven(x);
    return Simd::choose(Simd::less(x, rounded), Simd::sub(rounded, number(1)), rounded);
  }
  // 2^n, of a normal exponent.
  static Vector powerOfTwo(Vector n) {
    return Simd::ofBits(
        Simd::template shiftLeft<F::kMantissaBits>(Simd::bitsOf(Simd::add(n, number(F::kRound + F::kBias)))));
  }
  // An integer below 2^kMantissaBits as a number.
  static Vector ofInteger(Bits bits) {
    const Vector base = number(F::kOfInteger);
    return Simd::sub(Simd::ofBits(Simd::orBits(bits, Simd::bitsOf(base))), base);
  }

  // (e^r - 1 - r) / r^2, |r| up to half of log 2.
  static Vector expTail(Vector r) {
    Vector sum = number(kSeries.exp[F::kExpTerms]);
    CONV1D_UNROLL
    for (int k = F::kExpTerms - 1; k > 1; k--) sum = Simd::fma(sum, r, number(kSeries.exp[k]));
    return sum;
  }
  // x = n log 2 + r + rest, which the rounding of r leaves out.
  static Vector reduceExp(Vector x, Vector* n, Vector* rest) {
    *n = round(Simd::mul(x, number(kLog2OfE)));
    const Vector high = Simd::fnma(*n, number(F::kLog2High), x);
    const Vector r = Simd::fnma(*n, number(F::kLog2Low), high);
    *rest = Simd::fnma(*n, number(F::kLog2Low), Simd::sub(high, r));
    return r;
  }

  static Vector exp(Vector x) {
    Vector n;
    Vector rest;
    const Vector r = reduceExp(atLeast(atMost(x, F::kExpAbove), F::kExpBelow), &n, &rest);
    return expOfReduced(n, r, rest);
  }
  // 2^n e^(r + rest).
  static Vector expOfReduced(Vector n, Vector r, Vector rest) {
    // 1 + (r + rest) + r^2 ...: the first two terms are the largest.
    const Vector tail = Simd::fma(Simd::mul(r, r), expTail(r), rest);
    const Vector e = Simd::add(Simd::add(tail, r), number(1));
    // In two steps, since the exponent may lie outside of the normal ones.
    const Vector half = round(Simd::mul(n, number(0.5)));
    return Simd::mul(Simd::mul(e, powerOfTwo(half)), powerOfTwo(Simd::sub(n, half)));
  }

  // e^x - 1, x up to twice kTanhAbove.
  static Vector expm1(Vector x) {
    Vector n;
    Vector rest;
    const Vector r = reduceExp(atLeast(x, -2 * F::kTanhAbove), &n, &rest);
    const Vector scale = powerOfTwo(n);
    const Vector tail = Simd::fma(Simd::mul(r, r), expTail(r), rest);
    return Simd::fma(Simd::add(tail, r), scale, Simd::sub(scale, number(1)));
  }

  static Vector expm1Anywhere(Vector x) {
    const T most = 2 * F::kTanhAbove;  // from here on, the one is below the last place
    return Simd::choose(Simd::less(x, Simd::broadcast(most)), expm1(atMost(x, most)), exp(x));
  }

  static Vector log(Vector x) {
    const auto isSubnormal = Simd::less(x, number(F::kSmallestNormal));
    const T shift = static_cast<T>(F::kSubnormalShift);
    const Vector scaled = Simd::choose(isSubnormal, Simd::mul(x, powerOfTwo(Simd::broadcast(shift))), x);
    // m from the root of one half to that of two.
    const Bits bits = Simd::addBits(Simd::bitsOf(scaled), Simd::broadcastBits(F::kOne - F::kRootOfHalf));
    const Bits mantissa = Simd::andBits(bits, Simd::broadcastBits(F::kMantissa));
    const Vector m = Simd::ofBits(Simd::addBits(mantissa, Simd::broadcastBits(F::kRootOfHalf)));
    Vector e = Simd::sub(ofInteger(Simd::template shiftRight<F::kMantissaBits>(bits)), number(F::kBias));
    e = Simd::sub(e, Simd::choose(isSubnormal, Simd::broadcast(shift), Simd::zero()));
    // log(1 + f) = f - (f^2 / 2 - s (f^2 / 2 + R)), s = f / (2 + f), R = 2/3 s^2 + 2/5 s^4 + ...
    const Vector f = Simd::sub(m, number(1));
    const Vector s = Simd::div(f, Simd::add(f, number(2)));
    const Vector z = Simd::mul(s, s);
    Vector sum = number(kSeries.log[F::kLogTerms]);
    CONV1D_UNROLL
    for (int k = F::kLogTerms - 1; k > 0; k--) sum = Simd::fma(sum, z, number(kSeries.log[k]));
    const Vector half = Simd::mul(number(0.5), Simd::mul(f, f));
    const Vector low = Simd::fma(s, Simd::fma(sum, z, half), Simd::mul(e, number(F::kLog2Low)));
    const Vector result = Simd::fma(e, number(F::kLog2High), Simd::sub(f, Simd::sub(half, low)));
    // Of infinity, infinity; of zero, minus infinity; of less, NaN.
    const Vector infinity = Simd::ofBits(Simd::broadcastBits(F::kInfinity));
    const Vector positive = Simd::choose(Simd::less(x, infinity), result, x);
    const Vector other = Simd::choose(Simd::less(x, Simd::zero()), Simd::sub(infinity, infinity), neg(infinity));
    return Simd::choose(Simd::less(Simd::zero(), x), positive, Simd::choose(isSubnormal, other, x));
  }

  // log(1 + y), y from 0 to 1.
  static Vector log1p(Vector y) {
    const Vector u = Simd::add(y, number(1));
    return Simd::add(log(u), Simd::div(Simd::sub(y, Simd::sub(u, number(1))), u));
  }

  // log(1 + y) of any y. What 1 + y leaves out is exact from the larger one's side.
  static Vector log1pAnywhere(Vector y) {
    const Vector one = number(1);
    const Vector u = Simd::add(y, one);
    const Vector left =
        Simd::choose(Simd::less(y, one), Simd::sub(y, Simd::sub(u, one)), Simd::sub(one, Simd::sub(u, y)));
    const Vector sum = Simd::add(log(u), Simd::div(left, u));
    // Of -1 and infinity the quotient is NaN.
    const Vector infinity = Simd::ofBits(Simd::broadcastBits(F::kInfinity));
    const Vector inRange = Simd::choose(Simd::less(Simd::zero(), u), sum, log(u));
    return Simd::choose(Simd::less(u, infinity), inRange, u);
  }

  static Vector tanh(Vector x) {
    const Vector t = expm1(Simd::mul(atMost(abs(x), F::kTanhAbove), number(2)));
    const Vector quotient = Simd::div(t, Simd::add(t, number(2)));
    // t / (t + 2) once more, as t/2 less a part of it: where t is small, the errors of the quotient count for little.
    const Vector half = Simd::mul(t, number(0.5));
    const Vector near = Simd::fnma(half, quotient, half);
    return withSign(Simd::choose(Simd::less(t, number(1)), near, quotient), signOf(x));
  }

  static Vector sigmoid(Vector x) {
    const auto isBelow = Simd::less(x, Simd::zero());
    const Vector e = exp(neg(abs(x)));
    const Vector quotient = Simd::div(Simd::choose(isBelow, e, number(1)), Simd::add(e, number(1)));
    // e / (1 + e) once more, as e less a part of it: where e is small, the errors of the quotient count for little.
    const Vector near = Simd::choose(Simd::less(e, number(0.5)), Simd::fnma(e, quotient, e), quotient);
    return Simd::choose(isBelow, near, quotient);
  }

  // log(1 + e^x).
  static Vector softplus(Vector x) { return Simd::add(atLeast(x, 0), log1p(exp(neg(abs(x))))); }

  static Vector erf(Vector x) {
    const Vector a = atMost(abs(x), F::kErfAbove);
    const Vector z = Simd::mul(a, a);
    // Up to 0.75, its series; beyond, 1 - e^(-a^2) (e^(a^2) erfc(a)).
    Vector series = number(kSeries.erf[F::kErfTerms]);
    CONV1D_UNROLL
    for (int k = F::kErfTerms - 1; k > 0; k--) series = Simd::fma(series, z, number(kSeries.erf[k]));
    const Vector rest = Simd::mul(a, Simd::fma(series, z, number(F::kTwoOverRootOfPiLow)));
    const Vector near = Simd::fma(a, number(kTwoOverRootOfPi), rest);
    const Vector t = Simd::div(Simd::sub(a, number(3)), Simd::add(a, number(3)));
    Vector scaled = number(F::kScaledErfc[F::kScaledErfcTerms - 1]);
    CONV1D_UNROLL
    for (int k = F::kScaledErfcTerms - 2; k >= 0; k--) scaled = Simd::fma(scaled, t, number(F::kScaledErfc[k]));
    const Vector far = Simd::fnma(exp(neg(z)), scaled, number(1));
    return withSign(Simd::choose(Simd::less(a, number(0.75)), near, far), signOf(x));
  }

  static Vector sin(Vector x) { return sineOf(x, 0); }
  static Vector cos(Vector x) { return sineOf(x, 1); }

  // x less quarter turns: the sine and the cosine of the rest, and how many quarters there were, in the lowest bits.
  struct Turned {
    Vector sine;
    Vector cosine;
    Bits quadrant;
  };
  static Turned turned(Vector x) {
    const Vector n = round(Simd::mul(x, number(kTwoOverPi)));
    Vector r = Simd::fnma(n, number(F::kHalfPi[0]), x);
    r = Simd::fnma(n, number(F::kHalfPi[1]), r);
    r = Simd::fnma(n, number(F::kHalfPi[2]), r);
    Bits quadrant = Simd::bitsOf(Simd::add(n, number(F::kRound)));
    if (Simd::any(Simd::less(number(F::kHugeAngle), abs(x)))) reduceHuge(x, &r, &quadrant);

    const Vector z = Simd::mul(r, r);
    Vector sine = number(kSeries.sine[2 * F::kSineTerms + 1]);
    Vector cosine = number(kSeries.sine[2 * F::kSineTerms]);
    CONV1D_UNROLL
    for (int k = F::kSineTerms - 1; k > 0; k--) {
      sine = Simd::fma(sine, z, number(kSeries.sine[2 * k + 1]));
      cosine = Simd::fma(cosine, z, number(kSeries.sine[2 * k]));
    }
    return {Simd::fma(Simd::mul(r, z), sine, r), Simd::fma(cosine, z, number(1)), quadrant};
  }
  // The first where the lowest bit is set, else the second.
  static Vector ofOddQuadrant(Bits quadrant, Vector odd, Vector even) {
    const Vector which = withSign(number(1), Simd::template shiftLeft<kWordBits - 1>(quadrant));
    return Simd::choose(Simd::less(which, Simd::zero()), odd, even);
  }

  // The sine of x + quarters * pi/2.
  static Vector sineOf(Vector x, int quarters) {
    const Turned angle = turned(x);
    const Bits quadrant =
        Simd::addBits(angle.quadrant, Simd::broadcastBits(static_cast<typename Simd::Word>(quarters)));
    // The quadrant's lowest bit says which; the next one the sign.
    const Vector value = ofOddQuadrant(quadrant, angle.cosine, angle.sine);
    const Bits sign = Simd::andBits(Simd::template shiftLeft<kWordBits - 2>(quadrant), Simd::broadcastBits(F::kSign));
    return Simd::ofBits(Simd::xorBits(Simd::bitsOf(value), sign));
  }

  // The sine of 2 x, and the square of that of x.
  struct Doubled {
    Vector sine;
    Vector square;
  };
  static Doubled doubled(Vector x) {
    const Turned angle = turned(x);
    const Vector half = Simd::mul(angle.sine, angle.cosine);
    const Vector sine = Simd::add(half, half);
    const Vector value = ofOddQuadrant(angle.quadrant, angle.cosine, angle.sine);
    return {ofOddQuadrant(angle.quadrant, neg(sine), sine), Simd::mul(value, value)};
  }
  static constexpr int kWordBits = 8 * sizeof(typename Simd::Word);

  // The sine of x or minus that, for those who square it. Half turns in place of quarters: one series, none to choose.
  static Vector sineUpToSign(Vector x) {
    const Vector n = round(Simd::mul(x, number(kTwoOverPi / 2)));
    Vector r = Simd::fnma(n, Simd::broadcast(2 * F::kHalfPi[0]), x);
    r = Simd::fnma(n, Simd::broadcast(2 * F::kHalfPi[1]), r);
    r = Simd::fnma(n, Simd::broadcast(2 * F::kHalfPi[2]), r);
    if (Simd::any(Simd::less(number(F::kHugeAngle), abs(x)))) reduceHugeToHalfTurn(x, &r);
    const Vector z = Simd::mul(r, r);
    Vector sine = number(kSeries.sine[2 * F::kHalfTurnTerms + 1]);
    CONV1D_UNROLL
    for (int k = F::kHalfTurnTerms - 1; k > 0; k--) sine = Simd::fma(sine, z, number(kSeries.sine[2 * k + 1]));
    return Simd::fma(Simd::mul(r, z), sine, r);
  }

  CONV1D_NOINLINE static void reduceHugeToHalfTurn(Vector x, Vector* r) {
    T angles[Simd::kLanes];
    T rests[Simd::kLanes];
    Simd::store(angles, x);
    Simd::store(rests, *r);
    for (int i = 0; i < Simd::kLanes; i++) {
      const T size = angles[i] < 0 ? -angles[i] : angles[i];
      if (!(F::kHugeAngle < size)) continue;
      constexpr double kHalfPi = 0x1.921fb54442d18p+0;
      double rest = 0;
      const bool isOdd = conv1d::reduceHugeAngle(static_cast<double>(angles[i]), &rest) % 2 != 0;
      rests[i] = static_cast<T>(!isOdd ? rest : rest > 0 ? rest - kHalfPi : rest + kHalfPi);
    }
    *r = Simd::load(rests);
  }

  // The same in the lanes that the three parts of pi/2 are too short for, one by one.
  CONV1D_NOINLINE static void reduceHuge(Vector x, Vector* r, Bits* quadrant) {
    T angles[Simd::kLanes];
    T rests[Simd::kLanes];
    typename Simd::Word quadrants[Simd::kLanes];
    Simd::store(angles, x);
    Simd::store(rests, *r);
    T quadrantBits[Simd::kLanes];
    Simd::store(quadrantBits, Simd::ofBits(*quadrant));
    memcpy(quadrants, quadrantBits, sizeof quadrants);
    for (int i = 0; i < Simd::kLanes; i++) {
      const T size = angles[i] < 0 ? -angles[i] : angles[i];
      if (!(F::kHugeAngle < size)) continue;
      double rest = 0;
      quadrants[i] = static_cast<typename Simd::Word>(conv1d::reduceHugeAngle(static_cast<double>(angles[i]), &rest));
      rests[i] = static_cast<T>(rest);
    }
    memcpy(quadrantBits, quadrants, sizeof quadrants);
    *r = Simd::load(rests);
    *quadrant = Simd::bitsOf(Simd::load(quadrantBits));
  }
};

}  // namespace
