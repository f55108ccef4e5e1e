#include "core/pack_weights.h"

#include "core/panels.h"

namespace conv1d {

template <typename T>
void packWeights(const Parameters& p, int64_t panelWidth, const T* weight, T* packed) noexcept {
  const int64_t products = p.groupInChannels() * p.kernelSize;  // of one output
  const Panels panels(p.groupOutChannels(), panelWidth);
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
template void packWeights<float>(const Parameters&, int64_t, const float*, float*) noexcept;
template void packWeights<double>(const Parameters&, int64_t, const double*, double*) noexcept;

}  // namespace conv1d
