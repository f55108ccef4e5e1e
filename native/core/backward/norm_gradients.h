// Gradients of layer, group, instance and batch norms, through the statistics.
//
// With g the gradient of y = (x - mean) * rstd * weight + bias, over a row of n elements that are normed together:
//
//   sums       sum(g weight) and sum(g weight (x - mean))
//   slope      -rstd^3 * sum(g weight (x - mean)) / n
//   offset     -rstd * sum(g weight) / n
//   of x       fma(g, rstd * weight, fma(x - mean, slope, offset)) with a weight for each channel
//              fma(g weight, rstd, fma(x - mean, slope, offset)) with a weight for each element
//   of weight  sum(g (x - mean)) * rstd over all that have the weight
//   of bias    sum(g) over all that have the bias
//
// Sums are of T within blocks of kFoldBlock, in the order of core/reduce/fold, and of float64 over the blocks; slope
// and offset are float64, then rounded. Weights for each element have chains down 128 rows each, and so have channels
// of fewer than 16 elements in a batch norm. Everything has one order for any number of threads.
#pragma once

#include <cstdint>

#include "core/norm/normalise.h"
#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// Where gradients go; null where none is asked for.
template <typename T>
struct NormGradients {
  T* x;
  T* weight;
  T* bias;
};

// What normalise() computed from: `statistics` as it writes them, `weight` null for ones.
template <typename T>
struct NormedBy {
  const T* x;
  const T* statistics;
  const T* weight;
};

// Of a norm with weights for each channel of all groups. No size is 0. Writes nothing when it fails.
template <typename T>
Status groupNormGradients(const Kernels<T>& kernels, const NormShape& shape, const T* gradient, const NormedBy<T>& by,
                          const NormGradients<T>& out, int threads) noexcept;

// Of a norm of rows with weights for each of `count` elements. Likewise.
template <typename T>
Status layerNormGradients(const Kernels<T>& kernels, int64_t rows, int64_t count, const T* gradient,
                          const NormedBy<T>& by, const NormGradients<T>& out, int threads) noexcept;

// What a batch norm computed from: y = (x - mean) * scale + bias for each channel, scale = rstd * weight.
template <typename T>
struct BatchNormedBy {
  const T* x;
  const T* means;  // [channels], as the next two
  const T* rstds;
  const T* scales;
  bool areOfInput;  // whether means and deviations are those of x
};

struct BatchNormShape {
  int64_t batch;
  int64_t channels;
  int64_t length;
};

// Of a batch norm. Likewise.
template <typename T>
Status batchNormGradients(const Kernels<T>& kernels, const BatchNormShape& shape, const T* gradient,
                          const BatchNormedBy<T>& by, const NormGradients<T>& out, int threads) noexcept;

}  // namespace conv1d
