// Weights in the order in which the kernels read them.
#pragma once

#include <limits>

#include "core/geometry.h"
#include "core/pack/weight_layout.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// How many elements packed weights take up. More than 2^53 of them, which nobody may ask for, are not told apart.
template <typename T>
int64_t packedCount(const Parameters& parameters, const Kernels<T>& kernels, const WeightLayout& layout) noexcept;

// `weight` in the layout; packed holds packedCount elements. False without working memory.
template <typename T>
bool packWeights(const Parameters& parameters, const Kernels<T>& kernels, const WeightLayout& layout,
                 const WeightView<T>& weight, T* packed) noexcept;

// The largest and the smallest sum of the magnitudes of an output channel's weights, zeros not counted.
struct Gains {
  double largest = 0;
  double smallest = std::numeric_limits<double>::infinity();
};

template <typename T>
Gains gainsOf(const Parameters& parameters, const WeightView<T>& weight) noexcept;

template <typename T>
bool allFinite(const T* values, int64_t count) noexcept;

}  // namespace conv1d
