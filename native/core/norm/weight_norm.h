// The weight under weight norm: w = g * v / ||v||, with one norm over all that share a g.
//
//   sum      one chain in float64 over the squares, in the order in which v lies
//   scale    g / sqrt(sum), in float64
//   w        v * scale, rounded once
#pragma once

#include <cstdint>

namespace conv1d {

// v is (before, size, after): the elements of one norm are those with one index in the middle.
struct WeightNormShape {
  int64_t before;
  int64_t size;
  int64_t after;
};

// Writes w, and says whether that changed a bit of it.
template <typename T>
bool foldWeightNorm(const WeightNormShape& shape, const double* g, const T* v, T* w, int threads) noexcept;

}  // namespace conv1d
