// Windows of a row: their largest element, their mean; and elements in between. Included by microkernel.h.
#pragma once

#include <stdint.h>

#include "kernels/compiler.h"
#include "kernels/epilogue.h"
#include "kernels/kernel_table.h"
#include "kernels/pointwise.h"

namespace {

using conv1d::BlendArgs;
using conv1d::WindowArgs;

// What a window does with its elements, in ascending order, and with the result.
template <typename Simd>
struct Largest {
  using Vector = typename Simd::Vector;
  using T = typename Simd::Scalar;
  static Vector take(Vector sofar, Vector x) { return Simd::largerOrNan(sofar, x); }
  static T takeOne(T sofar, T x) { return x > sofar || x != x ? x : sofar; }
  static Vector finish(Vector result, Vector) { return result; }
};

template <typename Simd>
struct Mean {
  using Vector = typename Simd::Vector;
  using T = typename Simd::Scalar;
  static Vector take(Vector sofar, Vector x) { return Simd::add(sofar, x); }
  static T takeOne(T sofar, T x) { return sofar + x; }
  static Vector finish(Vector result, Vector divisor) { return Simd::div(result, divisor); }
};

// Each lane is a window. Four vectors at a time hide the latency of a chain.
template <typename Simd, typename Window>
void windows(const WindowArgs<typename Simd::Scalar>& args) {
  using Vector = typename Simd::Vector;
  constexpr int kStrip = 4;
  const Vector divisor = Simd::broadcast(args.divisor);
  int64_t i = 0;
  for (; i + kStrip * Simd::kLanes <= args.columns; i += kStrip * Simd::kLanes) {
    const typename Simd::Scalar* x = args.x + i + args.tapOffsets[0];
    Vector result[kStrip];
    CONV1D_UNROLL
    for (int v = 0; v < kStrip; v++) result[v] = Simd::load(x + v * Simd::kLanes);
    for (int64_t k = 1; k < args.taps; k++) {
      x = args.x + i + args.tapOffsets[k];
      CONV1D_UNROLL
      for (int v = 0; v < kStrip; v++) result[v] = Window::take(result[v], Simd::load(x + v * Simd::kLanes));
    }
    CONV1D_UNROLL
    for (int v = 0; v < kStrip; v++) {
      Simd::store(args.out + i + v * Simd::kLanes, endOfChain<Simd>(Window::finish(result[v], divisor)));
    }
  }
  for (; i < args.columns; i += Simd::kLanes) {
    const Ends<Simd> ends(args.columns - i);
    Vector result = ends.load(args.x + i + args.tapOffsets[0]);
    for (int64_t k = 1; k < args.taps; k++) {
      result = Window::take(result, ends.load(args.x + i + args.tapOffsets[k]));
    }
    ends.store(args.out + i, endOfChain<Simd>(Window::finish(result, divisor)));
  }
}

constexpr int kRangeChains = 32;  // of any ISA: element i belongs to chain i % 32

// Combines elements i and i + width, for width 16, 8, 4, 2 and 1.
template <typename Simd, typename Window>
typename Simd::Scalar combineChains(typename Simd::Vector* chains) {
  using T = typename Simd::Scalar;
  T lanes[kRangeChains];
  int width = kRangeChains / 2;
  for (; width >= Simd::kLanes; width /= 2) {
    for (int v = 0; v < width / Simd::kLanes; v++) {
      chains[v] = Window::take(chains[v], chains[v + width / Simd::kLanes]);
    }
  }
  Simd::store(lanes, chains[0]);
  for (; width > 0; width /= 2) {
    for (int i = 0; i < width; i++) lanes[i] = Window::takeOne(lanes[i], lanes[i + width]);
  }
  return lanes[0];
}

// The largest of `count` elements, 1 or more; NaN where one is.
template <typename Simd>
typename Simd::Scalar rangeMax(const typename Simd::Scalar* x, int64_t count) {
  using Vector = typename Simd::Vector;
  constexpr int kVectors = kRangeChains / Simd::kLanes;
  Vector chains[kVectors];
  for (int v = 0; v < kVectors; v++) chains[v] = Simd::broadcast(x[0]);
  int64_t i = 0;
  for (; i + kRangeChains <= count; i += kRangeChains) {
    CONV1D_UNROLL
    for (int v = 0; v < kVectors; v++) {
      chains[v] = Simd::largerOrNan(chains[v], Simd::load(x + i + v * Simd::kLanes));
    }
  }
  for (; i < count; i += Simd::kLanes) {
    // Beyond the last element, the first one once more.
    const int64_t left = count - i;
    typename Simd::Scalar rest[Simd::kLanes];
    for (int lane = 0; lane < Simd::kLanes; lane++) rest[lane] = lane < left ? x[i + lane] : x[0];
    chains[0] = Simd::largerOrNan(chains[0], Simd::load(rest));
  }
  return combineChains<Simd, Largest<Simd>>(chains);
}

// The sum of `count` elements: 32 chains (i, i + 32, ...), which a tree of 16, 8, 4, 2 and 1 pairs combines.
template <typename Simd>
typename Simd::Scalar blockSum(const typename Simd::Scalar* x, int64_t count) {
  using Vector = typename Simd::Vector;
  constexpr int kVectors = kRangeChains / Simd::kLanes;
  Vector chains[kVectors];
  for (int v = 0; v < kVectors; v++) chains[v] = Simd::zero();
  int64_t i = 0;
  for (; i + kRangeChains <= count; i += kRangeChains) {
    CONV1D_UNROLL
    for (int v = 0; v < kVectors; v++) chains[v] = Simd::add(chains[v], Simd::load(x + i + v * Simd::kLanes));
  }
  for (int v = 0; i < count; v++, i += Simd::kLanes) {
    chains[v] = Simd::add(chains[v], Ends<Simd>(count - i).load(x + i));
  }
  return combineChains<Simd, Mean<Simd>>(chains);
}

// The right side's product is rounded, that of the left one is not.
template <typename Simd>
void blend(const BlendArgs<typename Simd::Scalar>& args) {
  for (int64_t i = 0; i < args.count; i += Simd::kLanes) {
    const Ends<Simd> ends(args.count - i);
    const auto right = Simd::mul(ends.load(args.right + i), ends.load(args.rightWeight + i));
    const auto sum = Simd::fma(ends.load(args.left + i), ends.load(args.leftWeight + i), right);
    ends.store(args.out + i, endOfChain<Simd>(sum));
  }
}

template <typename Simd>
constexpr void fillPooling(Kernels<typename Simd::Scalar>& kernels) {
  kernels.windowMax = windows<Simd, Largest<Simd>>;
  kernels.windowMean = windows<Simd, Mean<Simd>>;
  kernels.rangeMax = rangeMax<Simd>;
  kernels.blockSum = blockSum<Simd>;
  kernels.blend = blend<Simd>;
}

}  // namespace
