// Weights in the order in which the kernels read them.
#pragma once

#include "core/geometry.h"
#include "core/pack/weight_layout.h"

namespace conv1d {

// How many elements packed weights take up.
int64_t packedCount(const Parameters& parameters, const WeightLayout& layout) noexcept;

// `weight` in the layout; packed holds packedCount elements.
template <typename T>
void packWeights(const Parameters& parameters, const WeightLayout& layout, const WeightView<T>& weight,
                 T* packed) noexcept;

template <typename T>
bool allFinite(const T* values, int64_t count) noexcept;

}  // namespace conv1d
