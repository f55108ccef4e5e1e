#include "core/fast/tile_weights.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/fast/tile_form.h"
#include "core/parts.h"
#include "runtime/aligned_buffer.h"

namespace conv1d {

template <typename T>
int64_t tileWeightCount(const Parameters& p, const TileTransform<T>& transform) noexcept {
  const TileForm form = makeTileForm(p, transform.size, transform.outputs);
  const double count = static_cast<double>(transform.planes) * static_cast<double>(p.outChannels) *
                       static_cast<double>(p.groupInChannels()) * static_cast<double>(form.subChannels());
  return static_cast<int64_t>(std::min(count, 9007199254740992.0));
}

template <typename T>
bool packTileWeights(const Parameters& p, const TileTransform<T>& transform, int64_t panelWidth,
                     const WeightView<T>& weight, T* packed) noexcept {
  const TileForm form = makeTileForm(p, transform.size, transform.outputs);
  const int64_t subChannels = form.subChannels();
  const int64_t reduction = p.groupInChannels() * subChannels;
  const int64_t planeCount = p.groupOutChannels() * reduction;
  const int64_t size = roundUp(transform.size, 4);
  // Of one output channel, so many input channels at a time: whole vectors on every machine.
  constexpr int64_t kTiles = kMaxLanes;
  AlignedBuffer memory(static_cast<std::size_t>(kTiles * (size + transform.planes)) * sizeof(double));
  if (!memory) return false;
  auto* const tiles = reinterpret_cast<double*>(memory.data());
  double* const planes = tiles + kTiles * size;
  std::fill_n(tiles, kTiles * size, 0.0);

  const Parts panels(p.groupOutChannels(), panelWidth);
  for (int64_t group = 0; group < p.groups; group++) {
    for (int64_t panel = 0; panel < panels.count(); panel++) {
      const int64_t rows = panels.size(panel);
      const T* const first = weight.data + group * weight.group + panels.begin(panel) * weight.output;
      T* const toPanel = packed + group * transform.planes * planeCount + panels.begin(panel) * reduction;
      for (int64_t begin = 0; begin < reduction; begin += kTiles) {
        const int64_t count = std::min(kTiles, reduction - begin);
        for (int64_t row = 0; row < rows; row++) {
          for (int64_t i = 0; i < count; i++) {
            const int64_t channel = (begin + i) / subChannels;
            const int64_t subChannel = (begin + i) % subChannels;
            const T* from = first + row * weight.output + channel * weight.input;
            for (int64_t j = 0; j < form.pieceTaps; j++) {
              const int64_t tap = form.tap(subChannel, j);
              tiles[i * size + j] = tap < p.kernelSize ? static_cast<double>(from[tap * weight.tap]) : 0.0;
            }
          }
          transform.weights(tiles, size, count, planes, kTiles);
          T* to = toPanel + begin * rows + row;
          for (int64_t plane = 0; plane < transform.planes; plane++) {
            for (int64_t i = 0; i < count; i++) {
              to[plane * planeCount + i * rows] = static_cast<T>(planes[plane * kTiles + i]);
            }
          }
        }
      }
    }
  }
  return true;
}

template int64_t tileWeightCount<float>(const Parameters&, const TileTransform<float>&) noexcept;
template int64_t tileWeightCount<double>(const Parameters&, const TileTransform<double>&) noexcept;
template bool packTileWeights<float>(const Parameters&, const TileTransform<float>&, int64_t, const WeightView<float>&,
                                     float*) noexcept;
template bool packTileWeights<double>(const Parameters&, const TileTransform<double>&, int64_t,
                                      const WeightView<double>&, double*) noexcept;

}  // namespace conv1d
