#include "core/pack/pack_weights.h"

#include <algorithm>

#include "core/parts.h"

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

template <typename T>
void packPanels(const Parameters& p, int64_t panelWidth, const WeightView<T>& weight, T* packed) noexcept {
  const Parts panels(p.groupOutChannels(), panelWidth);
  for (int64_t group = 0; group < p.groups; group++) {
    for (int64_t panel = 0; panel < panels.count(); panel++) {
      const int64_t rows = panels.size(panel);
      const T* first = weight.data + group * weight.group + panels.begin(panel) * weight.output;
      for (int64_t c = 0; c < p.groupInChannels(); c++) {
        for (int64_t k = 0; k < p.kernelSize; k++) {
          const T* from = first + c * weight.input + k * weight.tap;
          for (int64_t row = 0; row < rows; row++) *packed++ = from[row * weight.output];
        }
      }
    }
  }
}

}  // namespace

int64_t packedCount(const Parameters& p, const WeightLayout& layout) noexcept {
  return p.weightCount() + 2 * layout.margin * p.outChannels;
}

template <typename T>
void packWeights(const Parameters& p, const WeightLayout& layout, const WeightView<T>& weight, T* packed) noexcept {
  switch (layout.kind) {
    case WeightLayout::Kind::kPanels:
      return packPanels(p, layout.panelWidth, weight, packed);
    case WeightLayout::Kind::kReversed:
      return packReversed(p, layout.margin, weight, packed);
  }
}

template <typename T>
bool allFinite(const T* values, int64_t count) noexcept {
  T sum = 0;  // of zeros, or NaN
  for (int64_t i = 0; i < count; i++) sum += values[i] - values[i];
  return sum == 0;
}

template bool allFinite<float>(const float*, int64_t) noexcept;
template bool allFinite<double>(const double*, int64_t) noexcept;
template void packWeights<float>(const Parameters&, const WeightLayout&, const WeightView<float>&, float*) noexcept;
template void packWeights<double>(const Parameters&, const WeightLayout&, const WeightView<double>&, double*) noexcept;

}  // namespace conv1d
