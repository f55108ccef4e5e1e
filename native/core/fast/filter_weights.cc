#include "core/fast/filter_weights.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/fast/filter_form.h"
#include "runtime/aligned_buffer.h"

namespace conv1d {
namespace {

// What a plane of a spectrum is multiplied by: a correlation takes the conjugate, and the inverse counts bins once
// that a spectrum has twice.
double planeFactor(int64_t plane, int64_t size) noexcept {
  const auto once = 1.0 / static_cast<double>(size);
  if (plane < 2) return once;
  return plane % 2 == 0 ? 2 * once : -2 * once;
}

}  // namespace

template <typename T>
int64_t filterWeightCount(const Parameters& p, const TileFilter<T>& filter) noexcept {
  const TileForm form = makeFilterForm(p, filter.size);
  const double count =
      static_cast<double>(filter.size) * static_cast<double>(p.outChannels) * static_cast<double>(form.subChannels());
  return static_cast<int64_t>(std::min(count, 9007199254740992.0));
}

template <typename T>
bool packFilterWeights(const Parameters& p, const TileFilter<T>& filter, const WeightView<T>& weight,
                       T* packed) noexcept {
  const TileForm form = makeFilterForm(p, filter.size);
  const int64_t size = filter.size;
  const int64_t subChannels = form.subChannels();
  constexpr int64_t kTiles = kMaxLanes;  // whole vectors on every machine
  AlignedBuffer memory(static_cast<std::size_t>(2 * kTiles * size) * sizeof(double));
  if (!memory) return false;
  auto* const tiles = reinterpret_cast<double*>(memory.data());
  double* const planes = tiles + kTiles * size;
  std::fill_n(tiles, kTiles * size, 0.0);

  // Kernels of one channel and sub-channel each.
  const int64_t spectra = p.outChannels * subChannels;
  for (int64_t begin = 0; begin < spectra; begin += kTiles) {
    const int64_t count = std::min(kTiles, spectra - begin);
    for (int64_t i = 0; i < count; i++) {
      const T* const from = weight.data + (begin + i) / subChannels * weight.group;
      for (int64_t j = 0; j < form.pieceTaps; j++) {
        const int64_t tap = form.tap((begin + i) % subChannels, j);
        tiles[i * size + j] = tap < p.kernelSize ? static_cast<double>(from[tap * weight.tap]) : 0.0;
      }
    }
    filter.weights(tiles, size, count, planes, kTiles);
    for (int64_t i = 0; i < count; i++) {
      T* const to = packed + (begin + i) * size;
      for (int64_t plane = 0; plane < size; plane++) {
        to[plane] = static_cast<T>(planes[plane * kTiles + i] * planeFactor(plane, size));
      }
    }
  }
  return true;
}

#define CONV1D_INSTANTIATE(T)                                                              \
  template int64_t filterWeightCount<T>(const Parameters&, const TileFilter<T>&) noexcept; \
  template bool packFilterWeights<T>(const Parameters&, const TileFilter<T>&, const WeightView<T>&, T*) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
