#include "core/fast/whole_weights.h"

#include <algorithm>

#include "core/parts.h"
#include "runtime/aligned_buffer.h"

namespace conv1d {

template <typename T>
int64_t wholeWeightCount(const Parameters& p, const WholeTransform<T>& transform) noexcept {
  const double count = static_cast<double>(transform.size) * static_cast<double>(p.outChannels) *
                       static_cast<double>(p.groupInChannels());
  return static_cast<int64_t>(std::min(count, 9007199254740992.0));
}

template <typename T>
bool packWholeWeights(const Parameters& p, const WholeTransform<T>& transform, int64_t panelWidth,
                      const WeightView<T>& weight, T* packed) noexcept {
  const int64_t size = transform.size;
  const int64_t channels = p.groupInChannels();
  const int64_t binCount = 2 * channels * p.groupOutChannels();
  // Of one output channel, this many input channels at a time: whole vectors on every machine.
  constexpr int64_t kSignals = kMaxLanes;
  AlignedBuffer memory(static_cast<std::size_t>(kSignals * 2 * size) * sizeof(double));
  if (!memory) return false;
  auto* const signals = reinterpret_cast<double*>(memory.data());
  double* const planes = signals + kSignals * size;
  std::fill_n(signals, kSignals * size, 0.0);

  const Parts panels(p.groupOutChannels(), panelWidth);
  for (int64_t group = 0; group < p.groups; group++) {
    for (int64_t panel = 0; panel < panels.count(); panel++) {
      const int64_t width = panels.size(panel);
      const T* const first = weight.data + group * weight.group + panels.begin(panel) * weight.output;
      T* const toPanel = packed + group * (size / 2) * binCount + panels.begin(panel) * 2 * channels;
      for (int64_t begin = 0; begin < channels; begin += kSignals) {
        const int64_t count = std::min(kSignals, channels - begin);
        for (int64_t output = 0; output < width; output++) {
          for (int64_t i = 0; i < count; i++) {
            const T* const from = first + output * weight.output + (begin + i) * weight.input;
            for (int64_t k = 0; k < p.kernelSize; k++) {
              // What the first output reads; the left padding lies at the end of the circle.
              const int64_t position = (k * p.dilation + size - p.padLeft) % size;
              signals[i * size + position] = static_cast<double>(from[k * weight.tap]);
            }
          }
          transform.weights(signals, size, count, planes, kSignals);
          T* const to = toPanel + begin * 2 * width + output;
          for (int64_t plane = 0; plane < size; plane++) {
            T* const part = to + plane / 2 * binCount + plane % 2 * width;
            for (int64_t i = 0; i < count; i++) part[i * 2 * width] = static_cast<T>(planes[plane * kSignals + i]);
          }
        }
      }
    }
  }
  return true;
}

template int64_t wholeWeightCount<float>(const Parameters&, const WholeTransform<float>&) noexcept;
template int64_t wholeWeightCount<double>(const Parameters&, const WholeTransform<double>&) noexcept;
template bool packWholeWeights<float>(const Parameters&, const WholeTransform<float>&, int64_t,
                                      const WeightView<float>&, float*) noexcept;
template bool packWholeWeights<double>(const Parameters&, const WholeTransform<double>&, int64_t,
                                       const WeightView<double>&, double*) noexcept;

}  // namespace conv1d
