// x^y, over the simd type: e^(y log x) with the logarithm as the sum of two numbers, about 1.6 times as long as one. As
// in functions.h, one fixed sequence of operations. An exact result that is a number of the format comes out as it is.
//
// The idea is fdlibm's (Sun Microsystems, 1993: e_pow.c), its sums with fused multiply-adds in place of cut numbers
// (T. J. Dekker, "A floating-point technique for extending the available precision", Numerische Mathematik 18, 1971).
#pragma once

#include "kernels/functions.h"

namespace {

// high + low, which no rounding of high reaches.
template <typename Simd>
struct TwoPart {
  using Vector = typename Simd::Vector;
  Vector high;
  Vector low;

  // a + b, |a| at least |b| (or a zero).
  static TwoPart sum(Vector a, Vector b) {
    const Vector high = Simd::add(a, b);
    return {high, Simd::sub(b, Simd::sub(high, a))};
  }
  static TwoPart product(Vector a, Vector b) {
    const Vector high = Simd::mul(a, b);
    return {high, Simd::fma(a, b, Functions<Simd>::neg(high))};
  }
  TwoPart times(TwoPart other) const {
    const TwoPart both = product(high, other.high);
    return {both.high, Simd::fma(high, other.low, Simd::fma(low, other.high, both.low))};
  }
};

template <typename Simd>
struct Power {
  using T = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  using Bits = typename Simd::Bits;
  using F = Functions<Simd>;
  using Of = Format<T>;
  using Two = TwoPart<Simd>;

  static Vector infinity() { return Simd::ofBits(Simd::broadcastBits(Of::kInfinity)); }

  static Vector pow(Vector x, Vector y) {
    const Vector size = F::abs(x);
    // No infinite exponent: with the largest number, 1 stays 1 and all others become 0 or infinity.
    const Vector exponent = F::atLeast(F::atMost(y, Of::kLargest), -Of::kLargest);
    const Vector power = expOf(timesExponent(logOf(size), exponent));
    const Vector ofSign = Simd::choose(Simd::less(x, Simd::zero()), ofNegative(power, size, exponent), power);
    const Vector ofZero = Simd::choose(Simd::less(Simd::zero(), size), ofSign, withSignOfOdd(power, x, exponent));
    return whereOne(x, y, ofZero);
  }

 private:
  // A logarithm of finite positive numbers; -infinity of zero, and infinity or NaN of those.
  static Two logOf(Vector x) {
    const auto isSubnormal = Simd::less(x, F::number(Of::kSmallestNormal));
    const T shift = static_cast<T>(Of::kSubnormalShift);
    const Vector scaled = Simd::choose(isSubnormal, Simd::mul(x, F::powerOfTwo(Simd::broadcast(shift))), x);
    // m from the root of one half to that of two.
    const Bits bits = Simd::addBits(Simd::bitsOf(scaled), Simd::broadcastBits(Of::kOne - Of::kRootOfHalf));
    const Bits mantissa = Simd::andBits(bits, Simd::broadcastBits(Of::kMantissa));
    const Vector m = Simd::ofBits(Simd::addBits(mantissa, Simd::broadcastBits(Of::kRootOfHalf)));
    Vector e = Simd::sub(F::ofInteger(Simd::template shiftRight<Of::kMantissaBits>(bits)), F::number(Of::kBias));
    e = Simd::sub(e, Simd::choose(isSubnormal, Simd::broadcast(shift), Simd::zero()));

    const Two near = logNearOne(m);
    const Two sum = Two::sum(Simd::mul(e, F::number(Of::kLog2High)), near.high);
    const Two log = Two::sum(sum.high, Simd::add(Simd::fma(e, F::number(Of::kLog2Low), near.low), sum.low));
    const Vector notZero = Simd::choose(Simd::less(Simd::zero(), x), log.high, F::neg(infinity()));
    return {Simd::choose(Simd::less(x, infinity()), notZero, x), log.low};
  }

  // log m = 2 s + s^3 (2/3 + 2/5 s^2 + ...), s = (m - 1) / (m + 1).
  static Two logNearOne(Vector m) {
    const Vector f = Simd::sub(m, F::number(1));
    const Two divisor = Two::sum(F::number(2), f);
    const Vector quotient = Simd::div(f, divisor.high);
    const Vector left = Simd::fnma(quotient, divisor.low, Simd::fnma(quotient, divisor.high, f));
    const Two s = {quotient, Simd::div(left, divisor.high)};
    const Two square = s.times(s);
    Vector tail = F::number(kSeries.log[Of::kPowerLogTerms]);
    CONV1D_UNROLL
    for (int k = Of::kPowerLogTerms - 1; k > 1; k--) tail = Simd::fma(tail, square.high, F::number(kSeries.log[k]));
    const Two series = Two::sum(F::number(kTwoThirds), Simd::fma(tail, square.high, F::number(Of::kTwoThirdsLow)));
    const Two rest = s.times(square).times(series);
    const Two sum = Two::sum(Simd::add(s.high, s.high), rest.high);
    return {sum.high, Simd::add(sum.low, Simd::fma(s.low, F::number(2), rest.low))};
  }
  static constexpr double kTwoThirds = 2.0 / 3;

  static Two timesExponent(Two log, Vector y) {
    const Vector high = Simd::mul(log.high, y);
    const Vector low = Simd::fma(log.low, y, Simd::fma(log.high, y, F::neg(high)));
    // Of an infinite product there is no rest, and of one beyond the range none is needed.
    const auto isInRange = Simd::less(F::abs(high), F::number(-Of::kExpBelow));
    return {high, Simd::choose(isInRange, low, Simd::zero())};
  }

  static Vector expOf(Two p) {
    Vector n;
    Vector rest;
    const Vector r = F::reduceExp(F::atLeast(F::atMost(p.high, Of::kExpAbove), Of::kExpBelow), &n, &rest);
    const Two sum = Two::sum(r, Simd::add(rest, p.low));
    return F::expOfReduced(n, sum.high, sum.low);
  }

  // NaN unless the exponent is an integer; only infinity takes any exponent.
  static Vector ofNegative(Vector power, Vector size, Vector y) {
    const Vector whole = F::roundToEven(y);
    const auto isBelow = Simd::less(whole, y);
    const auto isAbove = Simd::less(y, whole);
    const Vector nan = Simd::choose(Simd::less(size, infinity()), Simd::sub(infinity(), infinity()), power);
    const Vector odd = withSignOfOdd(power, F::number(-1), y);
    return Simd::choose(isBelow, nan, Simd::choose(isAbove, nan, odd));
  }

  // With the sign of x where y is an odd integer.
  static Vector withSignOfOdd(Vector power, Vector x, Vector y) {
    const Vector half = Simd::mul(y, F::number(0.5));
    // An odd integer's half lies one half from an integer: where it is not, the difference is another, or zero.
    const Vector distance = F::abs(Simd::sub(half, F::roundToEven(half)));
    const Vector isOdd = Simd::choose(Simd::less(distance, F::number(0.5)), Simd::zero(), power);
    const Vector signedOne = Simd::ofBits(Simd::xorBits(Simd::bitsOf(isOdd), F::signOf(x)));
    return Simd::choose(Simd::less(distance, F::number(0.5)), power, signedOne);
  }

  // x^0 and 1^y are 1, whatever the other is.
  static Vector whereOne(Vector x, Vector y, Vector power) {
    const Vector one = F::number(1);
    const Vector ofY = Simd::choose(Simd::less(F::abs(y), F::number(Of::kSmallest)), one, power);
    // Neither less nor greater than 1: 1 itself, or NaN.
    const Vector other = Simd::choose(Simd::less(Simd::zero(), x), one, ofY);
    return Simd::choose(Simd::less(x, one), ofY, Simd::choose(Simd::less(one, x), ofY, other));
  }
};

}  // namespace
