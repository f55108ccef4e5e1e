// Functions applied to each element of one or two rows. Included by microkernel.h.
#pragma once

#include <stdint.h>

#include "kernels/epilogue.h"
#include "kernels/functions.h"
#include "kernels/kernel_table.h"

namespace {

using conv1d::BinaryArgs;
using conv1d::Kernels;
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

template <typename Simd>
constexpr void fillPointwise(Kernels<typename Simd::Scalar>& kernels) {
  static_assert(conv1d::kUnaryFunctions == 18 && conv1d::kBinaryFunctions == 6,
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
  kernels.binary[conv1d::kAdd] = binary<Simd, B::add>;
  kernels.binary[conv1d::kSub] = binary<Simd, B::sub>;
  kernels.binary[conv1d::kMul] = binary<Simd, B::mul>;
  kernels.binary[conv1d::kDiv] = binary<Simd, B::div>;
  kernels.binary[conv1d::kMinimum] = binary<Simd, B::minimum>;
  kernels.binary[conv1d::kMaximum] = binary<Simd, B::maximum>;
}

}  // namespace
