// Functions applied to each element of one or two rows. Included by microkernel.h.
#pragma once

#include <stdint.h>

#include "kernels/epilogue.h"
#include "kernels/functions.h"
#include "kernels/kernel_table.h"
#include "kernels/power.h"

namespace {

using conv1d::BinaryArgs;
using conv1d::Kernels;
using conv1d::LanewiseArgs;
using conv1d::UnaryArgs;

// The functions of one number, in the order of kernel_table.h's list. `a` and `b` are its parameters.
template <typename Simd>
struct Unary {
  using Vector = typename Simd::Vector;
  using F = Functions<Simd>;
  static Vector positive(Vector x) { return Simd::choose(Simd::less(x, Simd::zero()), Simd::zero(), x); }

  static Vector neg(Vector x, Vector, Vector) { return F::neg(x); }
  static Vector abs(Vector x, Vector, Vector) { return F::abs(x); }
  static Vector sqrt(Vector x, Vector, Vector) { return Simd::sqrt(x); }
  static Vector exp(Vector x, Vector, Vector) { return F::exp(x); }
  static Vector log(Vector x, Vector, Vector) { return F::log(x); }
  static Vector sin(Vector x, Vector, Vector) { return F::sin(x); }
  static Vector cos(Vector x, Vector, Vector) { return F::cos(x); }
  static Vector tanh(Vector x, Vector, Vector) { return F::tanh(x); }
  static Vector sigmoid(Vector x, Vector, Vector) { return F::sigmoid(x); }
  static Vector erf(Vector x, Vector, Vector) { return F::erf(x); }
  static Vector relu(Vector x, Vector, Vector) { return positive(x); }
  static Vector leakyRelu(Vector x, Vector slope, Vector) {
    return Simd::choose(Simd::less(x, Simd::zero()), Simd::mul(x, slope), x);
  }
  static Vector elu(Vector x, Vector alpha, Vector) {
    return Simd::choose(Simd::less(x, Simd::zero()),
                        Simd::mul(alpha, F::expm1(Simd::choose(Simd::less(x, Simd::zero()), x, Simd::zero()))), x);
  }
  static Vector silu(Vector x, Vector, Vector) { return Simd::mul(x, F::sigmoid(x)); }
  // x (1 + erf(x / sqrt 2)) / 2.
  static Vector gelu(Vector x, Vector, Vector) {
    const Vector half = Simd::mul(x, F::number(0.5));
    return Simd::fma(half, F::erf(Simd::mul(x, F::number(kRootOfHalf))), half);
  }
  // x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
  static Vector geluTanh(Vector x, Vector, Vector) {
    const Vector half = Simd::mul(x, F::number(0.5));
    const Vector cube = Simd::mul(Simd::mul(x, x), Simd::mul(x, F::number(0.044715)));
    return Simd::fma(half, F::tanh(Simd::mul(F::number(kRootOfTwoOverPi), Simd::add(x, cube))), half);
  }
  // log(1 + e^(beta x)) / beta, and x where beta x is more than a threshold.
  static Vector softplus(Vector x, Vector beta, Vector threshold) {
    const Vector scaled = Simd::mul(x, beta);
    return Simd::choose(Simd::less(threshold, scaled), x, Simd::div(F::softplus(scaled), beta));
  }
  static Vector clamp(Vector x, Vector least, Vector most) {
    const Vector raised = Simd::choose(Simd::less(x, least), least, x);
    return Simd::choose(Simd::less(most, raised), most, raised);
  }
  static Vector affine(Vector x, Vector a, Vector b) { return Simd::fma(x, a, b); }
  // The product a x is rounded, as PyTorch rounds it; then come its sine, squared, and one fused multiply-add.
  static Vector snake(Vector x, Vector a, Vector b) {
    const Vector sine = F::sineUpToSign(Simd::mul(x, a));
    return Simd::fma(b, Simd::mul(sine, sine), x);
  }
  static Vector square(Vector x, Vector, Vector) { return Simd::mul(x, x); }
  static Vector cube(Vector x, Vector, Vector) { return Simd::mul(Simd::mul(x, x), x); }
  static Vector reciprocal(Vector x, Vector, Vector) { return Simd::div(F::number(1), x); }
  static Vector rsqrt(Vector x, Vector, Vector) { return Simd::div(F::number(1), Simd::sqrt(x)); }
  static Vector floor(Vector x, Vector, Vector) { return F::floor(x); }
  static Vector ceil(Vector x, Vector, Vector) { return F::neg(F::floor(F::neg(x))); }
  static Vector round(Vector x, Vector, Vector) { return F::roundToEven(x); }
  // Of NaN, zero, as PyTorch has it.
  static Vector sign(Vector x, Vector, Vector) {
    const Vector notBelow = Simd::choose(Simd::less(Simd::zero(), x), F::number(1), Simd::zero());
    return Simd::choose(Simd::less(x, Simd::zero()), F::number(-1), notBelow);
  }
  static Vector expm1(Vector x, Vector, Vector) { return F::expm1Anywhere(x); }
  static Vector log1p(Vector x, Vector, Vector) { return F::log1pAnywhere(x); }
  static Vector hardsigmoid(Vector x, Vector, Vector) { return Simd::div(upToSix(x), F::number(6)); }
  static Vector hardswish(Vector x, Vector, Vector) { return Simd::div(Simd::mul(x, upToSix(x)), F::number(6)); }
  static Vector upToSix(Vector x) { return F::atMost(F::atLeast(Simd::add(x, F::number(3)), 0), 6); }
  // x tanh(log(1 + e^x)) = x n / (n + 2), n = e^x (e^x + 2).
  static Vector mish(Vector x, Vector, Vector) {
    const Vector e = F::exp(F::atMost(x, 2 * Format<typename Simd::Scalar>::kTanhAbove));
    const Vector n = Simd::mul(e, Simd::add(e, F::number(2)));
    return Simd::mul(x, Simd::div(n, Simd::add(n, F::number(2))));
  }
};

template <typename Simd>
struct Binary {
  using Vector = typename Simd::Vector;
  static Vector add(Vector x, Vector y) { return Simd::add(x, y); }
  static Vector sub(Vector x, Vector y) { return Simd::sub(x, y); }
  static Vector mul(Vector x, Vector y) { return Simd::mul(x, y); }
  static Vector div(Vector x, Vector y) { return Simd::div(x, y); }
  // Where neither is less than the other, they are equal, or zeros, or one is NaN: the bits of both together are right
  // for all.
  static Vector minimum(Vector x, Vector y) {
    return Simd::choose(Simd::less(x, y), x, Simd::choose(Simd::less(y, x), y, together(x, y)));
  }
  static Vector maximum(Vector x, Vector y) {
    return Simd::choose(Simd::less(y, x), x, Simd::choose(Simd::less(x, y), y, together(x, y)));
  }
  static Vector pow(Vector x, Vector y) { return Power<Simd>::pow(x, y); }
  static Vector gate(Vector x, Vector y) { return Simd::mul(x, Functions<Simd>::sigmoid(y)); }

 private:
  static Vector together(Vector x, Vector y) { return Simd::ofBits(Simd::orBits(Simd::bitsOf(x), Simd::bitsOf(y))); }
};

// Loads and stores of a vector of which `left` elements are there.
template <typename Simd>
struct Ends {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  const int64_t left;

  explicit Ends(int64_t elements) : left(elements) {}
  bool isWhole() const { return left >= Simd::kLanes; }
  Vector load(const Scalar* from) const {
    return isWhole() ? Simd::load(from) : Simd::loadPartial(from, Simd::mask(static_cast<int>(left)));
  }
  void store(Scalar* to, Vector value) const {
    if (isWhole()) {
      Simd::store(to, value);
    } else {
      Simd::storePartial(to, value, Simd::mask(static_cast<int>(left)));
    }
  }
};

// The function is there once for whole vectors and for the last, partial one: dozens of them are half of a kernel's
// size.
template <typename Simd, auto kFunction>
void unary(const UnaryArgs<typename Simd::Scalar>& args) {
  using Vector = typename Simd::Vector;
  const Vector a = Simd::broadcast(args.a);
  const Vector b = Simd::broadcast(args.b);
  for (int64_t i = 0; i < args.count; i += Simd::kLanes) {
    const Ends<Simd> ends(args.count - i);
    ends.store(args.out + i, endOfChain<Simd>(kFunction(ends.load(args.x + i), a, b)));
  }
}

template <typename Simd, auto kFunction>
void binary(const BinaryArgs<typename Simd::Scalar>& args) {
  using Vector = typename Simd::Vector;
  const Vector x = args.repeatsX ? Simd::broadcast(*args.x) : Simd::zero();
  const Vector y = args.repeatsY ? Simd::broadcast(*args.y) : Simd::zero();
  for (int64_t i = 0; i < args.count; i += Simd::kLanes) {
    const Ends<Simd> ends(args.count - i);
    const Vector left = args.repeatsX ? x : ends.load(args.x + i);
    const Vector right = args.repeatsY ? y : ends.load(args.y + i);
    ends.store(args.out + i, endOfChain<Simd>(kFunction(left, right)));
  }
}

// The same functions, each element with its own parameters.
template <typename Simd, auto kFunction>
void lanewise(const LanewiseArgs<typename Simd::Scalar>& args) {
  for (int64_t i = 0; i < args.count; i += Simd::kLanes) {
    const Ends<Simd> ends(args.count - i);
    const auto value = kFunction(ends.load(args.x + i), ends.load(args.a + i), ends.load(args.b + i));
    ends.store(args.out + i, endOfChain<Simd>(value));
  }
}

template <typename Simd>
constexpr void fillPointwise(Kernels<typename Simd::Scalar>& kernels) {
  static_assert(conv1d::kUnaryFunctions == 33 && conv1d::kBinaryFunctions == 8,
                "one function more is one line more here");
  using U = Unary<Simd>;
  using B = Binary<Simd>;
  kernels.unary[conv1d::kNeg] = unary<Simd, U::neg>;
  kernels.unary[conv1d::kAbs] = unary<Simd, U::abs>;
  kernels.unary[conv1d::kSqrt] = unary<Simd, U::sqrt>;
  kernels.unary[conv1d::kExp] = unary<Simd, U::exp>;
  kernels.unary[conv1d::kLog] = unary<Simd, U::log>;
  kernels.unary[conv1d::kSin] = unary<Simd, U::sin>;
  kernels.unary[conv1d::kCos] = unary<Simd, U::cos>;
  kernels.unary[conv1d::kTanh] = unary<Simd, U::tanh>;
  kernels.unary[conv1d::kSigmoid] = unary<Simd, U::sigmoid>;
  kernels.unary[conv1d::kErf] = unary<Simd, U::erf>;
  kernels.unary[conv1d::kRelu] = unary<Simd, U::relu>;
  kernels.unary[conv1d::kLeakyRelu] = unary<Simd, U::leakyRelu>;
  kernels.unary[conv1d::kElu] = unary<Simd, U::elu>;
  kernels.unary[conv1d::kSilu] = unary<Simd, U::silu>;
  kernels.unary[conv1d::kGelu] = unary<Simd, U::gelu>;
  kernels.unary[conv1d::kGeluTanh] = unary<Simd, U::geluTanh>;
  kernels.unary[conv1d::kSoftplus] = unary<Simd, U::softplus>;
  kernels.unary[conv1d::kClamp] = unary<Simd, U::clamp>;
  kernels.unary[conv1d::kAffine] = unary<Simd, U::affine>;
  kernels.unary[conv1d::kSnake] = unary<Simd, U::snake>;
  kernels.unary[conv1d::kSquare] = unary<Simd, U::square>;
  kernels.unary[conv1d::kCube] = unary<Simd, U::cube>;
  kernels.unary[conv1d::kReciprocal] = unary<Simd, U::reciprocal>;
  kernels.unary[conv1d::kRsqrt] = unary<Simd, U::rsqrt>;
  kernels.unary[conv1d::kFloor] = unary<Simd, U::floor>;
  kernels.unary[conv1d::kCeil] = unary<Simd, U::ceil>;
  kernels.unary[conv1d::kRound] = unary<Simd, U::round>;
  kernels.unary[conv1d::kSign] = unary<Simd, U::sign>;
  kernels.unary[conv1d::kExpm1] = unary<Simd, U::expm1>;
  kernels.unary[conv1d::kLog1p] = unary<Simd, U::log1p>;
  kernels.unary[conv1d::kHardsigmoid] = unary<Simd, U::hardsigmoid>;
  kernels.unary[conv1d::kHardswish] = unary<Simd, U::hardswish>;
  kernels.unary[conv1d::kMish] = unary<Simd, U::mish>;
  kernels.binary[conv1d::kAdd] = binary<Simd, B::add>;
  kernels.binary[conv1d::kSub] = binary<Simd, B::sub>;
  kernels.binary[conv1d::kMul] = binary<Simd, B::mul>;
  kernels.binary[conv1d::kDiv] = binary<Simd, B::div>;
  kernels.binary[conv1d::kMinimum] = binary<Simd, B::minimum>;
  kernels.binary[conv1d::kMaximum] = binary<Simd, B::maximum>;
  kernels.binary[conv1d::kPow] = binary<Simd, B::pow>;
  kernels.binary[conv1d::kGate] = binary<Simd, B::gate>;
  kernels.lanewise[conv1d::kChannelAffine] = lanewise<Simd, U::affine>;
  kernels.lanewise[conv1d::kChannelSnake] = lanewise<Simd, U::snake>;
  kernels.lanewise[conv1d::kChannelLeakyRelu] = lanewise<Simd, U::leakyRelu>;
}

}  // namespace
