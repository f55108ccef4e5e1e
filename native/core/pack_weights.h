// Weights in the order in which the kernels read them.
#pragma once

#include "core/geometry.h"
#include "kernels/kernel_table.h"

namespace conv1d {

struct WeightPacking {
  int64_t panelWidth = 1;  // output channels of the widest panel
  // Depthwise kernels that broadcast the input want the taps from last to first, with so many zeros on either side.
  int64_t margin = 0;
};

// More taps are taken in several blocks, whose kernels do not broadcast.
constexpr int64_t kMaxTapsPerBlock = 4096;

// What plans ask for; only signals so short that the roles are swapped (kernels/kernel_table.h) want the other one.
template <typename T>
WeightPacking usualPacking(const Parameters& parameters, const Kernels<T>& kernels) noexcept;
template <typename T>
WeightPacking swappedPacking(const Kernels<T>& kernels) noexcept;

// One input and one output channel a group.
bool isDepthwise(const Parameters& parameters) noexcept;

// Whether some length of the input could make a plan swap the roles.
bool maySwap(const Parameters& parameters) noexcept;

// How many elements packed weights take up.
int64_t packedCount(const Parameters& parameters, const WeightPacking& packing) noexcept;

// weight (outChannels, inChannels / groups, kernelSize) -> for each group, for each panel, [c][k][channels of the
// panel]; with a margin, for each channel, [zeros][k, reversed][zeros].
template <typename T>
void packWeights(const Parameters& parameters, const WeightPacking& packing, const T* weight, T* packed) noexcept;

// Where the first tap of a depthwise channel lies in what packWeights wrote.
template <typename T>
const T* firstWeight(const Parameters& p, const WeightPacking& packing, const T* packed, int64_t channel) noexcept {
  if (packing.margin == 0) return packed + channel * p.kernelSize;
  return packed + channel * (p.kernelSize + 2 * packing.margin) + packing.margin + p.kernelSize - 1;
}

template <typename T>
bool allFinite(const T* values, int64_t count) noexcept;

}  // namespace conv1d
