// A step of an optimiser: a parameter and its state are read and written once. Included by microkernel.h.
//
// The roundings are those of PyTorch's eager single-tensor code on x86, operation by operation, so that the same
// gradients give the same parameters to the last bit: `add` with a factor is one fused multiply-add, and a product that
// is added (`addcmul`) is fused with the addition. Bound by memory: SGD with momentum moves 5 elements for each of a
// parameter, Adam 7.
#pragma once

#include <stdint.h>

#include "kernels/epilogue.h"
#include "kernels/kernel_table.h"
#include "kernels/pointwise.h"

namespace {

using conv1d::AdamArgs;
using conv1d::SgdArgs;

// The gradient of what is to become smaller.
template <typename Simd>
typename Simd::Vector descending(typename Simd::Vector gradient, bool maximizes) {
  return maximizes ? Simd::sub(Simd::zero(), gradient) : gradient;
}

// d = +-g + decay p; b = momentum b + gain d, of the first step d; p = p - rate b, with Nesterov p - rate (d + momentum
// b).
template <typename Simd>
void sgdStep(const SgdArgs<typename Simd::Scalar>& args) {
  using Vector = typename Simd::Vector;
  const Vector decay = Simd::broadcast(args.weightDecay);
  const Vector momentum = Simd::broadcast(args.momentum);
  const Vector gain = Simd::broadcast(args.gain);
  const Vector rate = Simd::broadcast(args.rate);
  for (int64_t i = 0; i < args.count; i += Simd::kLanes) {
    const Ends<Simd> ends(args.count - i);
    const Vector parameter = ends.load(args.parameter + i);
    Vector change = descending<Simd>(ends.load(args.gradient + i), args.maximizes);
    if (args.weightDecay != 0) change = Simd::fma(parameter, decay, change);
    if (args.buffer != nullptr) {
      Vector buffer = change;
      if (!args.isFirst) buffer = Simd::fma(change, gain, Simd::mul(ends.load(args.buffer + i), momentum));
      ends.store(args.buffer + i, endOfChain<Simd>(buffer));
      change = args.nesterov ? Simd::fma(buffer, momentum, change) : buffer;
    }
    ends.store(args.parameter + i, endOfChain<Simd>(Simd::fnma(change, rate, parameter)));
  }
}

// p = keep p; d = +-g + decay p; m = beta1 m + rest1 d; v = beta2 v + rest2 d^2; p = p - rate m / (sqrt(v) / correction
// + eps), with the largest v so far for AMSGrad.
template <typename Simd>
void adamStep(const AdamArgs<typename Simd::Scalar>& args) {
  using Vector = typename Simd::Vector;
  const Vector keep = Simd::broadcast(args.keep);
  const Vector decay = Simd::broadcast(args.weightDecay);
  const Vector beta1 = Simd::broadcast(args.beta1);
  const Vector beta2 = Simd::broadcast(args.beta2);
  const Vector rest1 = Simd::broadcast(args.rest1);
  const Vector rest2 = Simd::broadcast(args.rest2);
  const Vector correction = Simd::broadcast(args.correction);
  const Vector eps = Simd::broadcast(args.eps);
  const Vector rate = Simd::broadcast(args.rate);
  for (int64_t i = 0; i < args.count; i += Simd::kLanes) {
    const Ends<Simd> ends(args.count - i);
    const Vector parameter = Simd::mul(ends.load(args.parameter + i), keep);
    Vector change = descending<Simd>(ends.load(args.gradient + i), args.maximizes);
    if (args.weightDecay != 0) change = Simd::fma(parameter, decay, change);
    const Vector mean = Simd::fma(change, rest1, Simd::mul(ends.load(args.mean + i), beta1));
    Vector square = Simd::fma(Simd::mul(rest2, change), change, Simd::mul(ends.load(args.square + i), beta2));
    ends.store(args.mean + i, endOfChain<Simd>(mean));
    ends.store(args.square + i, endOfChain<Simd>(square));
    if (args.largest != nullptr) {
      square = Simd::largerOrNan(ends.load(args.largest + i), square);
      ends.store(args.largest + i, endOfChain<Simd>(square));
    }
    const Vector divisor = Simd::add(Simd::div(Simd::sqrt(square), correction), eps);
    const Vector next = Simd::sub(parameter, Simd::div(Simd::mul(rate, mean), divisor));
    ends.store(args.parameter + i, endOfChain<Simd>(next));
  }
}

}  // namespace
