// Layer, group and instance norms.
//
// The roundings, for a row of n elements (the sums in the order of core/reduce/fold, T the type of the elements):
//   mean    = sum(x) / n                                 in T
//   squares = sum of fma(d, d, chain), d = x - mean      in T
//   rstd    = 1 / sqrt(squares / n + eps)                in float64, then rounded to T
//   y       = fma(x - mean, rstd * weight, bias)         a weight for each channel; 1 and 0 where there is none
//   y       = fma((x - mean) * rstd, weight, bias)       a weight for each element
#pragma once

#include <cstdint>

#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// x is (batch, groups, channels, length), and a row is a group of one batch item: all of its channels and their
// lengths.
struct NormShape {
  int64_t batch;
  int64_t groups;
  int64_t channels;  // of a group
  int64_t length;
};

// Both null, or with an element for each channel of all groups; where `areElementwise`, which needs one group of one
// channel, for each of its elements.
template <typename T>
struct NormWeights {
  const T* weight;
  const T* bias;
  bool areElementwise;
};

// `statistics` get what the gradient needs (core/backward/norm_gradients.h): the means of all rows, then their rstd;
// null where nobody wants them. Writes nothing when it fails.
template <typename T>
Status normalise(const Kernels<T>& kernels, const NormShape& shape, double eps, const T* x,
                 const NormWeights<T>& weights, T* out, int threads, T* statistics = nullptr) noexcept;

}  // namespace conv1d
