// How weights lie in memory: as the caller has them, and as the kernels read them.
#pragma once

#include <cstdint>

#include "core/geometry.h"
#include "core/parts.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// Weights as the caller has them: that of group g, output channel o and input channel c (both counted within the group)
// and tap k is data[g * group + o * output + c * input + k * tap].
template <typename T>
struct WeightView {
  const T* data;
  int64_t group;
  int64_t output;
  int64_t input;
  int64_t tap;
};

// A weight of PyTorch's Conv1d: (outChannels, inChannels / groups, kernelSize).
template <typename T>
WeightView<T> convolutionWeight(const Parameters& p, const T* data) noexcept {
  const int64_t output = p.groupInChannels() * p.kernelSize;
  return {data, p.groupOutChannels() * output, output, p.kernelSize, 1};
}

// A weight of PyTorch's ConvTranspose1d, (inChannels, outChannels / groups, kernelSize), from the last tap to the
// first: the order in which an output meets its inputs.
template <typename T>
WeightView<T> transposedWeight(const Parameters& p, const T* data) noexcept {
  const int64_t input = p.groupOutChannels() * p.kernelSize;
  return {data == nullptr ? nullptr : data + (p.kernelSize - 1), p.groupInChannels() * input, p.kernelSize, input, -1};
}

template <typename T>
WeightView<T> weightOf(const Parameters& p, const T* data) noexcept {
  return p.transposed ? transposedWeight(p, data) : convolutionWeight(p, data);
}

// Weights as the kernels read them.
struct WeightLayout {
  enum class Kind {
    kPanels,    // for each group, for each panel of at most panelWidth output channels: [c][k][channels of the panel]
    kReversed,  // depthwise: for each channel [margin zeros][k, from last to first][margin zeros]
    kNone,      // what the snapshot recognised in them is enough (core/fast/windowed_dft.h)
    kPlanes,    // of the transform `tile` (core/fast/tile_weights.h)
    kSpectra,   // of the transform `whole` (core/fast/whole_weights.h)
    kFilters,   // depthwise, of `filter` (core/fast/filter_weights.h)
    kPhases,    // transposed: for each group, panel and residue (core/pack/phase_taps.h): [c][k, descending][channels]
    kMergedPhases,  // the same where all phases have as many taps, with panels of rows [channel][phase]
  };
  Kind kind = Kind::kPanels;
  int64_t panelWidth = 1;
  int64_t margin = 0;
  TileKind tile = kTileKinds;        // none
  WholeKind whole = kWholeKinds;     // none
  FilterKind filter = kFilterKinds;  // none
  int64_t panelUnit = 1;             // panels are multiples of it, but for the last one of a group

  bool operator==(const WeightLayout&) const noexcept = default;
};

// The output channels of a group, in panels.
inline Parts panelsOf(const Parameters& p, const WeightLayout& layout) noexcept {
  return {p.groupOutChannels(), layout.panelWidth, layout.panelUnit};
}

}  // namespace conv1d
