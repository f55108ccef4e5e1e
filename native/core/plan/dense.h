// Shared by the algorithms of layers that are not depthwise.
#pragma once

#include "core/geometry.h"
#include "core/pack/weight_layout.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// One input and one output channel per group.
inline bool isDepthwise(const Parameters& p) noexcept { return p.groupInChannels() == 1 && p.groupOutChannels() == 1; }

inline double productsPerOutput(const Parameters& p) noexcept {
  return static_cast<double>(p.groupInChannels()) * static_cast<double>(p.kernelSize);
}

template <typename T>
bool isDense(const Parameters& p, const Kernels<T>&) noexcept {
  return !isDepthwise(p);
}

template <typename T>
WeightLayout densePanels(const Parameters&, const Kernels<T>& kernels) noexcept {
  return {WeightLayout::Kind::kPanels, kernels.blocks.maxRows, 0};
}

// Panels of whole vectors of output channels, so that all but the last one begin on a cache line.
template <typename T>
WeightLayout vectorPanels(const Parameters&, const Kernels<T>& kernels) noexcept {
  WeightLayout layout{WeightLayout::Kind::kPanels, kernels.blocks.widestPanel(kernels.lanes)};
  layout.panelUnit = kernels.lanes;
  return layout;
}

}  // namespace conv1d
