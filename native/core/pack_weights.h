// Weights in the order in which the micro-kernel reads them.
#pragma once

#include "core/geometry.h"

namespace conv1d {

// weight (outChannels, inChannels / groups, kernelSize) -> for each group, for each panel, [c][k][MR].
// `packed` holds parameters.weightCount() elements: the order changes, the count does not.
template <typename T>
void packWeights(const Parameters& parameters, int64_t maxRows, const T* weight, T* packed) noexcept;

}  // namespace conv1d
