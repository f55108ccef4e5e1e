// The gradient of the weights of short signals: the sum and the order of weight_gradient.h, where all positions of the
// batch are few. Columns, the pairs of input channel and tap, go into the lanes (kernels/column_gradients.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/backward/weight_gradient.h"
#include "core/parts.h"

namespace conv1d {

// How it is cut into tasks: some rows of one group, and a strip of its columns.
struct ShortWeightPlan {
  Geometry geometry;
  int64_t rows = 0;     // of one group
  int64_t columns = 0;  // of one group
  int64_t positions = 0;
  Parts rowTiles{1, 1};
  Parts strips{1, 1};
  int64_t tasks = 0;
  int threads = 1;

  // Scratch of one worker, in elements.
  bool packsTaps = false;  // a stretch of taps of each position; otherwise of positions for each tap
  int64_t pitch = 0;       // of such a row
  int64_t rowCount = 0;
  int64_t inputCount = 0;
  int64_t gradientCount = 0;  // where they have to be packed
  std::size_t scratchBytes = 0;
};

// Whether it pays. Positions are at least one.
template <typename T>
bool isShortWeightGradient(const Kernels<T>& kernels, const Geometry& geometry) noexcept;

template <typename T>
ShortWeightPlan planShortWeightGradient(const Kernels<T>& kernels, const Geometry& geometry, int threads) noexcept;

// Writes nothing when it fails.
template <typename T>
Status shortWeightGradient(const Kernels<T>& kernels, const WeightGradientCall<T>& call) noexcept;

}  // namespace conv1d
