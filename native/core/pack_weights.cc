#include "core/pack_weights.h"

#include <algorithm>

#include "core/panels.h"

namespace conv1d {

namespace {

template <typename T>
void packReversed(const Parameters& p, int64_t margin, const T* weight, T* packed) noexcept {
  for (int64_t channel = 0; channel < p.outChannels; channel++, weight += p.kernelSize) {
    packed = std::fill_n(packed, margin, T{0});
    packed = std::reverse_copy(weight, weight + p.kernelSize, packed);
    packed = std::fill_n(packed, margin, T{0});
  }
}

}  // namespace

bool isDepthwise(const Parameters& p) noexcept { return p.groupInChannels() == 1 && p.groupOutChannels() == 1; }

bool maySwap(const Parameters& p) noexcept { return p.groupOutChannels() > 1; }

template <typename T>
WeightPacking usualPacking(const Parameters& p, const Kernels<T>& kernels) noexcept {
  const bool broadcasts = isDepthwise(p) && p.stride == 1 && p.dilation == 1 &&
                          p.kernelSize >= kernels.minTapsToBroadcast && p.kernelSize <= kMaxTapsPerBlock;
  return {kernels.maxRows, broadcasts ? kernels.lanes - 1 : 0};
}

template <typename T>
WeightPacking swappedPacking(const Kernels<T>& kernels) noexcept {
  return {kernels.maxVectors[kernels.maxRows] * int64_t{kernels.lanes}, 0};
}

int64_t packedCount(const Parameters& p, const WeightPacking& packing) noexcept {
  return p.weightCount() + 2 * packing.margin * p.outChannels;
}

template <typename T>
void packWeights(const Parameters& p, const WeightPacking& packing, const T* weight, T* packed) noexcept {
  if (packing.margin > 0) return packReversed(p, packing.margin, weight, packed);
  const int64_t products = p.groupInChannels() * p.kernelSize;  // of one output
  const Panels panels(p.groupOutChannels(), packing.panelWidth);
  for (int64_t group = 0; group < p.groups; group++) {
    for (int64_t panel = 0; panel < panels.count(); panel++) {
      const int64_t rows = panels.rows(panel);
      const T* first = weight + (group * p.groupOutChannels() + panels.firstRow(panel)) * products;
      for (int64_t product = 0; product < products; product++) {
        for (int64_t row = 0; row < rows; row++) *packed++ = first[row * products + product];
      }
    }
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
template WeightPacking usualPacking<float>(const Parameters&, const Kernels<float>&) noexcept;
template WeightPacking usualPacking<double>(const Parameters&, const Kernels<double>&) noexcept;
template WeightPacking swappedPacking<float>(const Kernels<float>&) noexcept;
template WeightPacking swappedPacking<double>(const Kernels<double>&) noexcept;
template void packWeights<float>(const Parameters&, const WeightPacking&, const float*, float*) noexcept;
template void packWeights<double>(const Parameters&, const WeightPacking&, const double*, double*) noexcept;

}  // namespace conv1d
