// Gradients of functions whose parameters belong to a channel. Included by microkernel.h.
#pragma once

#include <stdint.h>

#include "kernels/epilogue.h"
#include "kernels/functions.h"
#include "kernels/kernel_table.h"
#include "kernels/pointwise.h"

namespace {

using conv1d::ChannelGradientArgs;

// x + b sin(a x)^2 with b = 1 / a but for a tiny number beside a:
//   by x   1 + a b sin(2 a x)
//   by a   b (x sin(2 a x) - b sin(a x)^2)
// The product a x is rounded, as where the function itself is computed.
template <typename Simd>
struct SnakeGradient {
  using Vector = typename Simd::Vector;
  using F = Functions<Simd>;
  Vector ofX;
  Vector ofA;
  SnakeGradient(Vector g, Vector x, Vector a, Vector b) {
    const auto angle = F::doubled(Simd::mul(x, a));
    ofX = Simd::mul(g, Simd::fma(Simd::mul(a, b), angle.sine, F::number(1)));
    ofA = Simd::mul(Simd::mul(g, b), Simd::fnma(b, angle.square, Simd::mul(x, angle.sine)));
  }
};

// x, but a x where it is not above zero: of NaN as well.
template <typename Simd>
struct LeakyReluGradient {
  using Vector = typename Simd::Vector;
  Vector ofX;
  Vector ofA;
  LeakyReluGradient(Vector g, Vector x, Vector a, Vector) {
    const auto isAbove = Simd::less(Simd::zero(), x);
    ofX = Simd::choose(isAbove, g, Simd::mul(g, a));
    ofA = Simd::choose(isAbove, Simd::zero(), Simd::mul(g, x));
  }
};

template <typename Simd, template <typename> typename GradientOf>
void channelGradient(const ChannelGradientArgs<typename Simd::Scalar>& args) {
  using Vector = typename Simd::Vector;
  const bool lanewise = args.areLanewise;
  const auto* const b = args.b == nullptr ? args.a : args.b;
  const Vector oneA = Simd::broadcast(*args.a);
  const Vector oneB = Simd::broadcast(*b);
  for (int64_t i = 0; i < args.count; i += Simd::kLanes) {
    const Ends<Simd> ends(args.count - i);
    const GradientOf<Simd> gradient(ends.load(args.g + i), ends.load(args.x + i),
                                    lanewise ? ends.load(args.a + i) : oneA, lanewise ? ends.load(b + i) : oneB);
    if (args.out != nullptr) ends.store(args.out + i, endOfChain<Simd>(gradient.ofX));
    auto* const sum = args.sums + (lanewise ? i : i % conv1d::kFoldChains);
    ends.store(sum, Simd::add(ends.load(sum), gradient.ofA));
  }
}

}  // namespace
