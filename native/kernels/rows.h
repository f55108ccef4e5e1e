// What happens to whole rows beside the sums: checks and interleaving. Included by microkernel.h.
#pragma once

#include <stdint.h>

#include "kernels/compiler.h"

namespace {

// Whether values[i] * scale is finite for all i.
template <typename Simd>
bool allFinite(const typename Simd::Scalar* values, int64_t count, typename Simd::Scalar scale) {
  using Scalar = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  constexpr int kChains = 4;
  const Vector scales = Simd::broadcast(scale);
  Vector sums[kChains];  // of zeros, or NaN
  CONV1D_UNROLL
  for (int i = 0; i < kChains; i++) sums[i] = Simd::zero();
  for (; count >= kChains * Simd::kLanes; count -= kChains * Simd::kLanes, values += kChains * Simd::kLanes) {
    CONV1D_UNROLL
    for (int i = 0; i < kChains; i++) {
      sums[i] = Simd::fma(Simd::zero(), Simd::mul(scales, Simd::load(values + i * Simd::kLanes)), sums[i]);
    }
  }
  for (; count > 0; count -= Simd::kLanes, values += Simd::kLanes) {
    const int valid = static_cast<int>(count < Simd::kLanes ? count : Simd::kLanes);
    const Vector value = Simd::loadPartial(values, Simd::mask(valid));
    sums[0] = Simd::fma(Simd::zero(), Simd::mul(scales, value), sums[0]);
  }
  CONV1D_UNROLL
  for (int i = 1; i < kChains; i++) sums[0] = Simd::add(sums[0], sums[i]);
  Scalar lanes[Simd::kLanes];
  Simd::store(lanes, sums[0]);
  Scalar even = 0;
  Scalar odd = 0;
  CONV1D_UNROLL
  for (int i = 0; i < Simd::kLanes; i += 2) {
    even += lanes[i];
    odd += lanes[i + 1];
  }
  return even + odd == 0;
}

// to[i * rows + r] = from[r * pitch + i] for i < count.
template <typename Simd>
void interleaveRows(const typename Simd::Scalar* from, int64_t pitch, int64_t rows, int64_t count,
                    typename Simd::Scalar* to) {
  using Vector = typename Simd::Vector;
  constexpr int kGroup = Simd::kTransposed;
  int64_t done = 0;
  if (rows == 2) {  // a transposed convolution of stride 2
    for (; done + Simd::kLanes <= count; done += Simd::kLanes) {
      Simd::storeInterleaved(Simd::load(from + done), Simd::load(from + pitch + done), to + 2 * done);
    }
  }
  // Groups of rows overhang into the elements of the next i, whose own come later: from the last group to the first,
  // the first i first, and as many as they overhang are left to come behind the last vector.
  const int64_t overhang = (kGroup - rows % kGroup) % kGroup;
  const int64_t inVectors = count - (overhang + rows - 1) / rows;
  for (int64_t first = rows == 2 ? -1 : (rows - 1) / kGroup * kGroup; first >= 0; first -= kGroup) {
    for (done = 0; done + Simd::kLanes <= inVectors; done += Simd::kLanes) {
      Vector group[kGroup];
      CONV1D_UNROLL
      for (int i = 0; i < kGroup; i++) {
        const int64_t row = first + i < rows ? first + i : rows - 1;
        group[i] = Simd::load(from + row * pitch + done);
      }
      Simd::storeTransposed(group, to + done * rows + first, rows);
    }
  }
  for (; done < count; done++) {
    for (int64_t r = 0; r < rows; r++) to[done * rows + r] = from[r * pitch + done];
  }
}

}  // namespace
