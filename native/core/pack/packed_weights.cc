#include "core/pack/packed_weights.h"

#include <algorithm>
#include <cassert>

#include "core/pack/pack_weights.h"
#include "core/plan/algorithm.h"

namespace conv1d {

template <typename T>
PackedWeights PackedWeights::pack(const Parameters& p, const Kernels<T>& kernels, const T* weight,
                                  const T* bias) noexcept {
  PackedWeights result;
  if (bias != nullptr) {
    result.bias_ = AlignedBuffer(static_cast<std::size_t>(p.outChannels) * sizeof(T));
    if (!result.bias_) return {};
    std::copy_n(bias, p.outChannels, reinterpret_cast<T*>(result.bias_.data()));
  }
  for (const Algorithm<T>& algorithm : algorithms<T>()) {
    if (!algorithm.maySuit(p, kernels)) continue;
    const WeightLayout layout = algorithm.layout(p, kernels);
    if (result.in<T>(layout) != nullptr) continue;
    assert(result.count_ < kMostLayouts);
    AlignedBuffer memory(static_cast<std::size_t>(packedCount(p, layout)) * sizeof(T));
    if (!memory) return {};
    packWeights(p, layout, convolutionWeight(p, weight), reinterpret_cast<T*>(memory.data()));
    result.packings_[result.count_++] = {layout, std::move(memory)};
  }
  result.finite_ = allFinite(weight, p.weightCount());
  return result;
}

std::size_t PackedWeights::bytes() const noexcept {
  std::size_t total = bias_.size();
  for (const Packing& packing : packings_) total += packing.memory.size();
  return total;
}

template PackedWeights PackedWeights::pack<float>(const Parameters&, const Kernels<float>&, const float*,
                                                  const float*) noexcept;
template PackedWeights PackedWeights::pack<double>(const Parameters&, const Kernels<double>&, const double*,
                                                   const double*) noexcept;

}  // namespace conv1d
