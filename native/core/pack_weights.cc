#include "core/pack_weights.h"

#include "core/panels.h"

namespace conv1d {

template <typename T>
void packWeights(const Parameters& p, int64_t maxRows, const T* weight, T* packed) noexcept {
  const int64_t products = p.groupInChannels() * p.kernelSize;  // of one output
  const Panels panels(p.groupOutChannels(), maxRows);
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

template void packWeights<float>(const Parameters&, int64_t, const float*, float*) noexcept;
template void packWeights<double>(const Parameters&, int64_t, const double*, double*) noexcept;

}  // namespace conv1d
