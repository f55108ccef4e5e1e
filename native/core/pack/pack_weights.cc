#include "core/pack/pack_weights.h"

#include <algorithm>
#include <cmath>

#include "core/fast/filter_weights.h"
#include "core/fast/tile_weights.h"
#include "core/fast/whole_weights.h"
#include "core/pack/phase_taps.h"
#include "core/parts.h"
#include "runtime/float_mode.h"

namespace conv1d {
namespace {

template <typename T>
void packReversed(const Parameters& p, int64_t margin, const WeightView<T>& weight, T* packed) noexcept {
  for (int64_t channel = 0; channel < p.outChannels; channel++) {
    const T* taps = weight.data + channel * weight.group;
    packed = std::fill_n(packed, margin, T{0});
    for (int64_t k = p.kernelSize - 1; k >= 0; k--) *packed++ = taps[k * weight.tap];
    packed = std::fill_n(packed, margin, T{0});
  }
}

// `count` weights of each of some rows, weight by weight. A cache line of each row at a time: the rows of a layer with
// many weights lie a multiple of 4 KiB apart, and would drive each other out of the first cache.
template <typename T>
T* packRows(const T* from, int64_t rowStride, int64_t step, int64_t count, int64_t rows, T* packed) noexcept {
  constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(T));
  for (int64_t begin = 0; begin < count; begin += kLine) {
    const int64_t size = std::min(kLine, count - begin);
    for (int64_t row = 0; row < rows; row++) {
      const T* line = from + row * rowStride + begin * step;
      for (int64_t i = 0; i < size; i++) packed[i * rows + row] = line[i * step];
    }
    packed += size * rows;
  }
  return packed;
}

template <typename T>
void packPanels(const Parameters& p, const Parts& panels, const WeightView<T>& weight, T* packed) noexcept {
  for (int64_t group = 0; group < p.groups; group++) {
    for (int64_t panel = 0; panel < panels.count(); panel++) {
      const int64_t rows = panels.size(panel);
      const T* first = weight.data + group * weight.group + panels.begin(panel) * weight.output;
      const bool isLine = weight.input == p.kernelSize * weight.tap;  // channels and taps are one
      const int64_t lines = isLine ? 1 : p.groupInChannels();
      const int64_t count = isLine ? p.groupInChannels() * p.kernelSize : p.kernelSize;
      for (int64_t line = 0; line < lines; line++) {
        packed = packRows(first + line * weight.input, weight.output, weight.tap, count, rows, packed);
      }
    }
  }
}

template <typename T>
void packPhases(const Parameters& p, int64_t panelWidth, const WeightView<T>& weight, T* packed) noexcept {
  const PhaseTaps phases(p);
  const Parts panels(p.groupOutChannels(), panelWidth);
  for (int64_t group = 0; group < p.groups; group++) {
    for (int64_t panel = 0; panel < panels.count(); panel++) {
      const int64_t rows = panels.size(panel);
      const T* first = weight.data + group * weight.group + panels.begin(panel) * weight.output;
      for (int64_t residue = 0; residue < std::min(phases.period(), p.kernelSize); residue++) {
        const int64_t taps = phases.tapsOf(residue);
        for (int64_t c = 0; c < p.groupInChannels(); c++) {
          const int64_t last = p.kernelSize - 1 - residue - (taps - 1) * phases.period();
          const T* from = first + c * weight.input + last * weight.tap;
          packed = packRows(from, weight.output, phases.period() * weight.tap, taps, rows, packed);
        }
      }
    }
  }
}

template <typename T>
void packMergedPhases(const Parameters& p, int64_t panelWidth, const WeightView<T>& weight, T* packed) noexcept {
  const Parts panels(p.groupOutChannels() * p.stride, panelWidth);
  for (int64_t group = 0; group < p.groups; group++) {
    for (int64_t panel = 0; panel < panels.count(); panel++) {
      for (int64_t c = 0; c < p.groupInChannels(); c++) {
        const T* from = weight.data + group * weight.group + c * weight.input;
        for (int64_t tap = p.kernelSize - p.stride; tap >= 0; tap -= p.stride) {  // of phase 0
          for (int64_t i = 0; i < panels.size(panel); i++) {
            const int64_t row = panels.begin(panel) + i;
            const int64_t k = tap + row % p.stride;
            *packed++ = from[row / p.stride * weight.output + (p.kernelSize - 1 - k) * weight.tap];
          }
        }
      }
    }
  }
}

// Every layout but those of the phases belongs to a convolution.
bool isFlipped(const Parameters& p, const WeightLayout& layout) noexcept {
  return p.transposed && layout.kind != WeightLayout::Kind::kPhases && layout.kind != WeightLayout::Kind::kMergedPhases;
}

}  // namespace

template <typename T>
int64_t packedCount(const Parameters& p, const Kernels<T>& kernels, const WeightLayout& layout) noexcept {
  if (isFlipped(p, layout)) return packedCount(flippedConvolution(p), kernels, layout);
  if (layout.kind == WeightLayout::Kind::kPlanes) return tileWeightCount(p, kernels.tileTransforms[layout.tile]);
  if (layout.kind == WeightLayout::Kind::kNone) return 0;
  if (layout.kind == WeightLayout::Kind::kSpectra) return wholeWeightCount(p, kernels.wholeTransforms[layout.whole]);
  if (layout.kind == WeightLayout::Kind::kFilters) return filterWeightCount(p, kernels.tileFilters[layout.filter]);
  return p.weightCount() + 2 * layout.margin * p.outChannels;
}

template <typename T>
bool packWeights(const Parameters& p, const Kernels<T>& kernels, const WeightLayout& layout,
                 const WeightView<T>& weight, T* packed) noexcept {
  if (isFlipped(p, layout)) return packWeights(flippedConvolution(p), kernels, layout, weight, packed);
  const StandardFloatMode mode;
  switch (layout.kind) {
    case WeightLayout::Kind::kPanels:
      packPanels(p, panelsOf(p, layout), weight, packed);
      return true;
    case WeightLayout::Kind::kReversed:
      packReversed(p, layout.margin, weight, packed);
      return true;
    case WeightLayout::Kind::kNone:
      return true;
    case WeightLayout::Kind::kPlanes:
      return packTileWeights(p, kernels.tileTransforms[layout.tile], layout.panelWidth, weight, packed);
    case WeightLayout::Kind::kSpectra:
      return packWholeWeights(p, kernels.wholeTransforms[layout.whole], layout.panelWidth, weight, packed);
    case WeightLayout::Kind::kFilters:
      return packFilterWeights(p, kernels.tileFilters[layout.filter], weight, packed);
    case WeightLayout::Kind::kPhases:
      packPhases(p, layout.panelWidth, weight, packed);
      return true;
    case WeightLayout::Kind::kMergedPhases:
      packMergedPhases(p, layout.panelWidth, weight, packed);
      return true;
  }
  return false;
}

template <typename T>
Gains gainsOf(const Parameters& p, const WeightView<T>& weight) noexcept {
  const StandardFloatMode mode;
  Gains gains;
  for (int64_t o = 0; o < p.outChannels; o++) {
    const T* row = weight.data + o / p.groupOutChannels() * weight.group + o % p.groupOutChannels() * weight.output;
    double sum = 0;
    for (int64_t c = 0; c < p.groupInChannels(); c++) {
      for (int64_t k = 0; k < p.kernelSize; k++) {
        sum += std::abs(static_cast<double>(row[c * weight.input + k * weight.tap]));
      }
    }
    gains.largest = std::max(gains.largest, sum);
    if (sum > 0) gains.smallest = std::min(gains.smallest, sum);
  }
  return gains;
}

template <typename T>
bool allFinite(const T* values, int64_t count) noexcept {
  T sum = 0;  // of zeros, or NaN
  for (int64_t i = 0; i < count; i++) sum += values[i] - values[i];
  return sum == 0;
}

template bool allFinite<float>(const float*, int64_t) noexcept;
template bool allFinite<double>(const double*, int64_t) noexcept;
#define CONV1D_INSTANTIATE(T)                                                                                   \
  template int64_t packedCount<T>(const Parameters&, const Kernels<T>&, const WeightLayout&) noexcept;          \
  template bool packWeights<T>(const Parameters&, const Kernels<T>&, const WeightLayout&, const WeightView<T>&, \
                               T*) noexcept;                                                                    \
  template Gains gainsOf<T>(const Parameters&, const WeightView<T>&) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
