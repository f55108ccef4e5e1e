// Windows of a row: their largest element, their mean; and elements in between. Included by microkernel.h.
#pragma once

#include <stdint.h>

#include "kernels/compiler.h"
#include "kernels/epilogue.h"
#include "kernels/kernel_table.h"
#include "kernels/pointwise.h"

namespace {

using conv1d::ApartArgs;
using conv1d::BlendArgs;
using conv1d::WindowArgs;

// What a window does with its elements, in ascending order, and with the result.
template <typename Simd>
struct Largest {
  using Vector = typename Simd::Vector;
  static Vector take(Vector sofar, Vector x) { return Simd::largerOrNan(sofar, x); }
  static Vector finish(Vector result, Vector) { return result; }
};

template <typename Simd>
struct Mean {
  using Vector = typename Simd::Vector;
  static Vector take(Vector sofar, Vector x) { return Simd::add(sofar, x); }
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

// The same, transposed on the way in: a few taps of all lanes' windows at a time. The last group begins earlier where
// it would reach behind the window, and leaves out what was taken before.
template <typename Simd, typename Window>
void windowsApart(const ApartArgs<typename Simd::Scalar>& args) {
  using Vector = typename Simd::Vector;
  constexpr int kGroup = Simd::kTransposed;
  const Vector divisor = Simd::broadcast(args.divisor);
  for (int64_t i = 0; i < args.columns; i += Simd::kLanes) {
    const typename Simd::Scalar* const x = args.x + i * args.stride;
    Vector taps[kGroup];
    Simd::loadTransposed(x, args.stride, taps);
    Vector result = taps[0];
    CONV1D_UNROLL
    for (int k = 1; k < kGroup; k++) result = Window::take(result, taps[k]);
    int64_t done = kGroup;
    for (; done + kGroup <= args.taps; done += kGroup) {
      Simd::loadTransposed(x + done, args.stride, taps);
      CONV1D_UNROLL
      for (int k = 0; k < kGroup; k++) result = Window::take(result, taps[k]);
    }
    if (done < args.taps) {
      Simd::loadTransposed(x + args.taps - kGroup, args.stride, taps);
      for (int64_t k = kGroup - (args.taps - done); k < kGroup; k++) result = Window::take(result, taps[k]);
    }
    Simd::store(args.out + i, endOfChain<Simd>(Window::finish(result, divisor)));
  }
}

// The largest of `count` elements, at least a vector of them; NaN where one is. The last vector may overlap the others.
template <typename Simd>
typename Simd::Scalar rangeMax(const typename Simd::Scalar* x, int64_t count) {
  using Vector = typename Simd::Vector;
  constexpr int kChains = 4;
  Vector chains[kChains];
  const Vector last = Simd::load(x + count - Simd::kLanes);
  for (int v = 0; v < kChains; v++) chains[v] = last;
  int64_t i = 0;
  for (; i + kChains * Simd::kLanes <= count; i += kChains * Simd::kLanes) {
    CONV1D_UNROLL
    for (int v = 0; v < kChains; v++) {
      chains[v] = Simd::largerOrNan(chains[v], Simd::load(x + i + v * Simd::kLanes));
    }
  }
  for (; i + Simd::kLanes <= count; i += Simd::kLanes) chains[0] = Simd::largerOrNan(chains[0], Simd::load(x + i));
  for (int v = 1; v < kChains; v++) chains[0] = Simd::largerOrNan(chains[0], chains[v]);
  typename Simd::Scalar lanes[Simd::kLanes];
  Simd::store(lanes, chains[0]);
  for (int width = Simd::kLanes / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; i++) {
      const auto other = lanes[i + width];
      lanes[i] = other > lanes[i] || other != other ? other : lanes[i];
    }
  }
  return lanes[0];
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
  kernels.apartGroup = Simd::kTransposed;
  kernels.apartMax = windowsApart<Simd, Largest<Simd>>;
  kernels.apartMean = windowsApart<Simd, Mean<Simd>>;
  kernels.rangeMax = rangeMax<Simd>;
  kernels.blend = blend<Simd>;
}

}  // namespace
