#include "core/fast/direct_tile.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/pack/pack_input.h"
#include "core/parts.h"

namespace conv1d {

Parameters ofPhase(const Parameters& parameters, int64_t phase, int64_t step) noexcept {
  Parameters result = parameters;
  result.padLeft -= phase * parameters.stride;
  result.stride *= step;
  return result;
}

int64_t directTileRow(const Parameters& parameters, int64_t step, int64_t taps, int64_t count) noexcept {
  return tileRowLength(ofPhase(parameters, 0, step), taps, count);
}

template <typename T>
void DirectTile<T>::sum(const OutputRange& range, int64_t begin, int64_t end, T* sums) const noexcept {
  const Parameters& p = g_.parameters;
  const Parameters phase = ofPhase(p, range.phase, range.step);
  const int64_t channels = p.groupInChannels();
  const int64_t count = range.count;
  TileLayout layout;
  layout.pieces = reinterpret_cast<Piece*>(arrays_);
  layout.tapOffsets = reinterpret_cast<int64_t*>(layout.pieces + taps_);
  T* const weights = reinterpret_cast<T*>(layout.tapOffsets + taps_);
  const WeightView<T>& view = args_.weight;
  const Parts strips(ceilDivide(count, kernels_.lanes), kernels_.blocks.maxVectors[1]);
  for (int64_t c = 0; c < channels; c++) {
    if (args_.isCancelled()) return;
    const int64_t channel = (range.item * p.inChannels) + range.group * channels + c;
    for (int64_t k = 0; k < p.kernelSize; k += taps_) {
      const int64_t taps = std::min(taps_, p.kernelSize - k);
      layOutTile(phase, k, taps, count, &layout);
      packRow(phase, args_.input + channel * g_.length, g_.length, layout, range.first, kernels_.stridedCopy, row_);
      for (int64_t o = begin; o < end; o++) {
        const int64_t output = range.group * p.groupOutChannels() + o;
        MicrokernelArgs<T> args{};
        args.tapOffsets = layout.tapOffsets;
        const T* tap = view.data + range.group * view.group + o * view.output + c * view.input + k * view.tap;
        for (int64_t i = 0; i < taps; i++) weights[i] = tap[i * view.tap];
        args.panel = weights;
        args.panelWidth = 1;
        args.channels = 1;
        args.taps = taps;
        args.bias = args_.bias == nullptr ? nullptr : args_.bias + output;
        args.first = c == 0 && k == 0;
        args.last = c + 1 == channels && k + taps == p.kernelSize;
        for (int64_t strip = 0; strip < strips.count(); strip++) {
          const int64_t column = strips.begin(strip) * kernels_.lanes;
          const int64_t vectors = strips.size(strip);
          args.tile = row_ + column;
          args.columns = std::min(vectors * kernels_.lanes, count - column);
          args.out = sums + (o - begin) * count + column;
          kernels_.partial[0][vectors - 1](args);
        }
      }
    }
  }
  for (int64_t o = begin; o < end; o++) {
    const int64_t output = range.group * p.groupOutChannels() + o;
    T* const out = args_.out + (range.item * p.outChannels + output) * g_.outLength + range.phase;
    for (int64_t i = 0; i < count; i++) out[(range.first + i) * range.step] = sums[(o - begin) * count + i];
  }
}

template class DirectTile<float>;
template class DirectTile<double>;

}  // namespace conv1d
