#include "core/packed_weights.h"

#include <algorithm>
#include <utility>

namespace conv1d {
namespace {

template <typename T>
AlignedBuffer packed(const Parameters& parameters, const WeightPacking& packing, const T* weight) noexcept {
  AlignedBuffer buffer(static_cast<std::size_t>(packedCount(parameters, packing)) * sizeof(T));
  if (buffer) packWeights(parameters, packing, weight, reinterpret_cast<T*>(buffer.data()));
  return buffer;
}

}  // namespace

template <typename T>
PackedWeights PackedWeights::pack(const Parameters& p, const Kernels<T>& kernels, const T* weight,
                                  const T* bias) noexcept {
  PackedWeights result;
  if (bias != nullptr) {
    result.bias_ = AlignedBuffer(static_cast<std::size_t>(p.outChannels) * sizeof(T));
    if (!result.bias_) return {};
    std::copy_n(bias, p.outChannels, reinterpret_cast<T*>(result.bias_.data()));
  }
  if (maySwap(p)) {
    result.swapped_ = packed(p, swappedPacking(kernels), weight);
    if (!result.swapped_) return {};
  }
  result.usual_ = packed(p, usualPacking(p, kernels), weight);
  if (!result.usual_) return {};
  result.finite_ = allFinite(weight, p.weightCount());
  return result;
}

template PackedWeights PackedWeights::pack<float>(const Parameters&, const Kernels<float>&, const float*,
                                                  const float*) noexcept;
template PackedWeights PackedWeights::pack<double>(const Parameters&, const Kernels<double>&, const double*,
                                                   const double*) noexcept;

}  // namespace conv1d
