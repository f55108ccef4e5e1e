// The sums that the gradient of a norm needs of each row, and its elements. Included by microkernel.h.
#pragma once

#include <stdint.h>

#include "kernels/epilogue.h"
#include "kernels/kernel_table.h"
#include "kernels/pointwise.h"
#include "kernels/reductions.h"

namespace {

using conv1d::GradientSumsArgs;
using conv1d::NormGradientArgs;

// The chains of both sums, merged until one is left for each lane.
template <typename Simd>
struct GradientChains {
  typename Simd::Vector sums;
  typename Simd::Vector products;
};

// Up to four vectors of chains of each at a time: more would not stay in registers everywhere.
template <typename Simd>
GradientChains<Simd> sumGradientRow(const GradientSumsArgs<typename Simd::Scalar>& args, int64_t row) {
  using Vector = typename Simd::Vector;
  constexpr int kVectors = kFoldChains / Simd::kLanes;
  constexpr int kTogether = kVectors < 4 ? kVectors : 4;
  const auto* const g = args.g + row * args.pitch;
  const auto* const x = args.x + row * args.pitch;
  const Vector center = Simd::broadcast(args.centers[row * args.centerStep]);
  const auto through = [&](const Ends<Simd>& ends, int64_t i) {
    const Vector gradient = ends.load(g + i);
    return args.weights == nullptr ? gradient : Simd::mul(gradient, ends.load(args.weights + i));
  };
  const auto distance = [&](const Ends<Simd>& ends, int64_t i) { return Simd::sub(ends.load(x + i), center); };
  Vector sums[kVectors];
  Vector products[kVectors];
  CONV1D_UNROLL
  for (int first = 0; first < kVectors; first += kTogether) {
    Vector sum[kTogether];
    Vector product[kTogether];
    CONV1D_UNROLL
    for (int v = 0; v < kTogether; v++) sum[v] = product[v] = Simd::zero();
    int64_t i = first * Simd::kLanes;
    const Ends<Simd> whole(Simd::kLanes);
    for (; i + kTogether * Simd::kLanes <= args.count; i += kFoldChains) {
      CONV1D_UNROLL
      for (int v = 0; v < kTogether; v++) {
        const Vector passed = through(whole, i + v * Simd::kLanes);
        sum[v] = Simd::add(sum[v], passed);
        product[v] = Simd::fma(passed, distance(whole, i + v * Simd::kLanes), product[v]);
      }
    }
    CONV1D_UNROLL
    for (int v = 0; v < kTogether; v++) {
      const int64_t at = i + v * Simd::kLanes;
      const int64_t left = args.count - at;
      if (left > 0) {
        const Ends<Simd> ends(left);
        const Vector passed = through(ends, at);
        const Vector nextSum = Simd::add(sum[v], passed);
        const Vector nextProduct = Simd::fma(passed, distance(ends, at), product[v]);
        sum[v] = ends.isWhole() ? nextSum : firstLanes<Simd>(left, nextSum, sum[v]);
        product[v] = ends.isWhole() ? nextProduct : firstLanes<Simd>(left, nextProduct, product[v]);
      }
      sums[first + v] = sum[v];
      products[first + v] = product[v];
    }
  }
  CONV1D_UNROLL
  for (int half = kVectors / 2; half > 0; half /= 2) {
    CONV1D_UNROLL
    for (int v = 0; v < half; v++) {
      sums[v] = Simd::add(sums[v], sums[v + half]);
      products[v] = Simd::add(products[v], products[v + half]);
    }
  }
  return {sums[0], products[0]};
}

template <typename Simd>
void gradientSums(const GradientSumsArgs<typename Simd::Scalar>& args) {
  using T = typename Simd::Scalar;
  using Sum = SumFold<Simd>;
  constexpr int kLanes = Simd::kLanes;
  if (args.rows == 1) {
    const GradientChains<Simd> chains = sumGradientRow<Simd>(args, 0);
    *args.sums = mergeLanes<Simd, Sum>(chains.sums);
    *args.products = mergeLanes<Simd, Sum>(chains.products);
    return;
  }
  alignas(64) T sums[kLanes * kLanes] = {};
  alignas(64) T products[kLanes * kLanes] = {};
  for (int64_t first = 0; first < args.rows; first += kLanes) {
    const Ends<Simd> ends(args.rows - first);
    for (int64_t r = 0; r < (ends.isWhole() ? kLanes : ends.left); r++) {
      const GradientChains<Simd> chains = sumGradientRow<Simd>(args, first + r);
      Simd::store(sums + r * kLanes, chains.sums);
      Simd::store(products + r * kLanes, chains.products);
    }
    ends.store(args.sums + first, mergeRows<Simd, Sum>(sums));
    ends.store(args.products + first, mergeRows<Simd, Sum>(products));
  }
}

// Bound by memory: what is chosen in the loop is the same for all of it.
template <typename Simd>
void normGradient(const NormGradientArgs<typename Simd::Scalar>& args) {
  using Vector = typename Simd::Vector;
  const bool lanewise = args.areLanewise;
  const Vector oneMean = Simd::broadcast(*args.means);
  const Vector oneScale = Simd::broadcast(*args.scales);
  const Vector oneSlope = Simd::broadcast(*args.slopes);
  const Vector oneOffset = Simd::broadcast(*args.offsets);
  for (int64_t i = 0; i < args.count; i += Simd::kLanes) {
    const Ends<Simd> ends(args.count - i);
    const Vector gradient = ends.load(args.g + i);
    const Vector distance = Simd::sub(ends.load(args.x + i), lanewise ? ends.load(args.means + i) : oneMean);
    const Vector scale = lanewise ? ends.load(args.scales + i) : oneScale;
    if (args.out != nullptr) {
      const Vector slope = lanewise ? ends.load(args.slopes + i) : oneSlope;
      const Vector offset = lanewise ? ends.load(args.offsets + i) : oneOffset;
      const Vector passed = args.weights == nullptr ? gradient : Simd::mul(gradient, ends.load(args.weights + i));
      ends.store(args.out + i, endOfChain<Simd>(Simd::fma(passed, scale, Simd::fma(distance, slope, offset))));
    }
    if (args.sums != nullptr) {
      ends.store(args.sums + i, Simd::add(ends.load(args.sums + i), gradient));
      ends.store(args.products + i, Simd::fma(gradient, Simd::mul(distance, scale), ends.load(args.products + i)));
    }
  }
}

}  // namespace
