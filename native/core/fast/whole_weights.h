// Weights as spectra of signals: for each group, bin and panel of output channels
// [input channel][Wre, Wim][channels of the panel].
#pragma once

#include "core/geometry.h"
#include "core/pack/weight_layout.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// In elements; 2^53 for all that is more.
template <typename T>
int64_t wholeWeightCount(const Parameters& parameters, const WholeTransform<T>& transform) noexcept;

// Transforms in float64, whatever T. False without memory to do so. The taps must span at most the transform's size,
// and the padding be shorter than it.
template <typename T>
bool packWholeWeights(const Parameters& parameters, const WholeTransform<T>& transform, int64_t panelWidth,
                      const WeightView<T>& weight, T* packed) noexcept;

}  // namespace conv1d
