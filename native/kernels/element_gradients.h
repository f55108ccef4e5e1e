// Gradients of functions of one element: of the gradient of the result, and of what the function was given or what it
// gave. Included by microkernel.h.
#pragma once

#include <stdint.h>

#include "kernels/functions.h"
#include "kernels/kernel_table.h"
#include "kernels/pointwise.h"

namespace {

using conv1d::ElementGradientArgs;

// In the order of kernel_table.h's list: x is what the function was given, y what it gave, g the gradient of that.
template <typename Simd>
struct ElementGradient {
  using Vector = typename Simd::Vector;
  using F = Functions<Simd>;
  using Number = Format<typename Simd::Scalar>;

  static Vector abs(Vector x, Vector g, Vector, Vector) {
    const Vector notAbove = Simd::choose(Simd::less(x, Simd::zero()), F::neg(g), Simd::zero());
    return Simd::choose(Simd::less(Simd::zero(), x), g, notAbove);
  }
  static Vector sqrt(Vector y, Vector g, Vector, Vector) { return Simd::div(g, Simd::add(y, y)); }
  static Vector sin(Vector x, Vector g, Vector, Vector) { return Simd::mul(g, F::cos(x)); }
  static Vector cos(Vector x, Vector g, Vector, Vector) { return F::neg(Simd::mul(g, F::sin(x))); }
  // 1 - y^2 with one rounding.
  static Vector tanh(Vector y, Vector g, Vector, Vector) { return Simd::mul(g, Simd::fnma(y, y, F::number(1))); }
  static Vector sigmoid(Vector y, Vector g, Vector, Vector) {
    return Simd::mul(Simd::mul(g, Simd::sub(F::number(1), y)), y);
  }
  // 2 e^(-x^2) / sqrt(pi).
  static Vector erf(Vector x, Vector g, Vector, Vector) {
    const Vector bell = F::exp(F::neg(Simd::mul(x, x)));
    return Simd::mul(Simd::mul(bell, F::number(kTwoOverRootOfPi)), g);
  }
  // Of NaN, g, as PyTorch has it.
  static Vector relu(Vector y, Vector g, Vector, Vector) {
    return Simd::choose(Simd::less(y, F::number(Number::kSmallest)), Simd::zero(), g);
  }
  static Vector leakyRelu(Vector x, Vector g, Vector slope, Vector) {
    return Simd::choose(Simd::less(Simd::zero(), x), g, Simd::mul(g, slope));
  }
  static Vector elu(Vector x, Vector g, Vector alpha, Vector) {
    return Simd::choose(Simd::less(Simd::zero(), x), g, Simd::mul(Simd::mul(g, alpha), F::exp(x)));
  }
  // s (1 + x (1 - s)), s the sigmoid.
  static Vector silu(Vector x, Vector g, Vector, Vector) {
    const Vector s = F::sigmoid(x);
    return Simd::mul(Simd::mul(g, s), Simd::fma(x, Simd::sub(F::number(1), s), F::number(1)));
  }
  // (1 + erf(x / sqrt 2)) / 2 + x e^(-x^2 / 2) / sqrt(2 pi).
  static Vector gelu(Vector x, Vector g, Vector, Vector) {
    const Vector half = F::number(0.5);
    const Vector below = Simd::fma(half, F::erf(Simd::mul(x, F::number(kRootOfHalf))), half);
    const Vector bell = F::exp(Simd::mul(Simd::mul(x, x), F::number(-0.5)));
    return Simd::mul(g, Simd::fma(x, Simd::mul(bell, F::number(kTwoOverRootOfPi * kRootOfHalf / 2)), below));
  }
  // (1 + t) / 2 + x (1 - t^2) t' / 2, t the hyperbolic tangent of sqrt(2 / pi) (x + 0.044715 x^3).
  static Vector geluTanh(Vector x, Vector g, Vector, Vector) {
    const Vector one = F::number(1);
    const Vector half = F::number(0.5);
    const Vector square = Simd::mul(x, x);
    const Vector cube = Simd::mul(square, Simd::mul(x, F::number(0.044715)));
    const Vector t = F::tanh(Simd::mul(F::number(kRootOfTwoOverPi), Simd::add(x, cube)));
    const Vector slope = Simd::mul(F::number(kRootOfTwoOverPi), Simd::fma(square, F::number(3 * 0.044715), one));
    const Vector right = Simd::mul(Simd::mul(Simd::mul(x, half), Simd::fnma(t, t, one)), slope);
    return Simd::mul(g, Simd::fma(half, t, Simd::add(half, right)));
  }
  static Vector softplus(Vector x, Vector g, Vector beta, Vector threshold) {
    const Vector scaled = Simd::mul(x, beta);
    return Simd::choose(Simd::less(threshold, scaled), g, Simd::mul(g, F::sigmoid(scaled)));
  }
  // Between the bounds, which do not count; of NaN, zero.
  static Vector hardtanh(Vector x, Vector g, Vector least, Vector most) {
    return Simd::choose(Simd::less(least, x), Simd::choose(Simd::less(x, most), g, Simd::zero()), Simd::zero());
  }
  // Between the bounds, which count. Where x or a bound is NaN, zero.
  static Vector clamp(Vector x, Vector g, Vector least, Vector most) {
    const Vector notAbove = Simd::choose(Simd::less(most, x), Simd::zero(), g);
    const Vector inside = Simd::choose(Simd::less(x, least), Simd::zero(), notAbove);
    return ifNumber(x, ifNumber(least, ifNumber(most, inside)));
  }
  static Vector square(Vector x, Vector g, Vector, Vector) { return Simd::mul(g, Simd::add(x, x)); }
  static Vector reciprocal(Vector y, Vector g, Vector, Vector) { return F::neg(Simd::mul(g, Simd::mul(y, y))); }
  static Vector rsqrt(Vector y, Vector g, Vector, Vector) {
    return Simd::mul(Simd::mul(g, F::number(-0.5)), Simd::mul(Simd::mul(y, y), y));
  }
  static Vector expm1(Vector y, Vector g, Vector, Vector) { return Simd::mul(g, Simd::add(y, F::number(1))); }
  static Vector log1p(Vector x, Vector g, Vector, Vector) { return Simd::div(g, Simd::add(x, F::number(1))); }

 private:
  // Zero where x is NaN, which is neither less than infinity nor more than zero.
  static Vector ifNumber(Vector x, Vector value) {
    const Vector infinity = Simd::ofBits(Simd::broadcastBits(Number::kInfinity));
    const Vector ofOthers = Simd::choose(Simd::less(Simd::zero(), x), value, Simd::zero());
    return Simd::choose(Simd::less(x, infinity), value, ofOthers);
  }
};

template <typename Simd, auto kFunction>
void elementGradient(const ElementGradientArgs<typename Simd::Scalar>& args) {
  using Vector = typename Simd::Vector;
  const Vector a = Simd::broadcast(args.a);
  const Vector b = Simd::broadcast(args.b);
  for (int64_t i = 0; i < args.count; i += Simd::kLanes) {
    const Ends<Simd> ends(args.count - i);
    const Vector value = kFunction(ends.load(args.saved + i), ends.load(args.gradient + i), a, b);
    ends.store(args.out + i, endOfChain<Simd>(value));
  }
}

template <typename Simd>
constexpr void fillElementGradients(Kernels<typename Simd::Scalar>& kernels) {
  static_assert(conv1d::kElementGradients == 21, "one function more is one line more here");
  using G = ElementGradient<Simd>;
  kernels.elementGradients[conv1d::kAbsSlope] = elementGradient<Simd, G::abs>;
  kernels.elementGradients[conv1d::kSqrtSlope] = elementGradient<Simd, G::sqrt>;
  kernels.elementGradients[conv1d::kSinSlope] = elementGradient<Simd, G::sin>;
  kernels.elementGradients[conv1d::kCosSlope] = elementGradient<Simd, G::cos>;
  kernels.elementGradients[conv1d::kTanhSlope] = elementGradient<Simd, G::tanh>;
  kernels.elementGradients[conv1d::kSigmoidSlope] = elementGradient<Simd, G::sigmoid>;
  kernels.elementGradients[conv1d::kErfSlope] = elementGradient<Simd, G::erf>;
  kernels.elementGradients[conv1d::kReluSlope] = elementGradient<Simd, G::relu>;
  kernels.elementGradients[conv1d::kLeakyReluSlope] = elementGradient<Simd, G::leakyRelu>;
  kernels.elementGradients[conv1d::kEluSlope] = elementGradient<Simd, G::elu>;
  kernels.elementGradients[conv1d::kSiluSlope] = elementGradient<Simd, G::silu>;
  kernels.elementGradients[conv1d::kGeluSlope] = elementGradient<Simd, G::gelu>;
  kernels.elementGradients[conv1d::kGeluTanhSlope] = elementGradient<Simd, G::geluTanh>;
  kernels.elementGradients[conv1d::kSoftplusSlope] = elementGradient<Simd, G::softplus>;
  kernels.elementGradients[conv1d::kHardtanhSlope] = elementGradient<Simd, G::hardtanh>;
  kernels.elementGradients[conv1d::kClampSlope] = elementGradient<Simd, G::clamp>;
  kernels.elementGradients[conv1d::kSquareSlope] = elementGradient<Simd, G::square>;
  kernels.elementGradients[conv1d::kReciprocalSlope] = elementGradient<Simd, G::reciprocal>;
  kernels.elementGradients[conv1d::kRsqrtSlope] = elementGradient<Simd, G::rsqrt>;
  kernels.elementGradients[conv1d::kExpm1Slope] = elementGradient<Simd, G::expm1>;
  kernels.elementGradients[conv1d::kLog1pSlope] = elementGradient<Simd, G::log1p>;
}

}  // namespace
