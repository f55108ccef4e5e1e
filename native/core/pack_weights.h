// Weights in the order in which the micro-kernel reads them.
#pragma once

#include "core/geometry.h"

namespace conv1d {

// weight (outChannels, inChannels / groups, kernelSize) -> for each group, for each panel, [c][k][channels of the
// panel]. `packed` holds parameters.weightCount() elements: the order changes, the count does not.
template <typename T>
void packWeights(const Parameters& parameters, int64_t panelWidth, const T* weight, T* packed) noexcept;

template <typename T>
bool allFinite(const T* values, int64_t count) noexcept;

}  // namespace conv1d
