#include "core/convolution.h"

#include "core/fast/gain.h"
#include "core/pack/pack_weights.h"
#include "core/run/forward.h"

namespace conv1d {

template <typename T>
std::shared_ptr<const PackedWeights> Convolution<T>::pack(const PlainWeights<T>& weights) const noexcept {
  return PackedWeights::pack(parameters_, kernels_, weights.weight, weights.bias, allowed_.fast);
}

template <typename T>
Status Convolution<T>::run(const Call<T>& call) noexcept {
  const PackedWeights& weights = *snapshot;
  return run(call,
             plans_.plan(PlanRequest<T>{call.geometry, kernels_, call.threads, weights.finite(), allowed_, &weights}),
             weights);
}

template <typename T>
Status Convolution<T>::run(const Call<T>& call, const PackedWeights& weights) const noexcept {
  return run(call,
             makePlan(PlanRequest<T>{call.geometry, kernels_, call.threads, weights.finite(), allowed_, &weights}),
             weights);
}

template <typename T>
Status Convolution<T>::run(const Call<T>& call, const Plan& plan, const PackedWeights& weights) const noexcept {
  const T* packed = weights.in<T>(kernels_, plan.layout);
  if (packed == nullptr) return Status::kOutOfMemory;
  return forward(plan, kernels_,
                 ForwardArgs<T>{call.input, packed, weights.bias<T>(), call.out, call.cancelled, weights.plain<T>(),
                                weights.largestGain()});
}

template <typename T>
Status Convolution<T>::run(const Call<T>& call, const PlainWeights<T>& weights, AlignedBuffer* panels) const noexcept {
  const WeightView<T> view = convolutionWeight(parameters_, weights.weight);
  // Whether products with padding are left out depends on it, and whether algorithms are that are not exact.
  const bool isPadded = call.geometry.parameters.padLeft + call.geometry.parameters.padRight > 0;
  bool finite = (isPadded || allowed_.fast) && allFinite(weights.weight, parameters_.weightCount());
  const double gain = allowed_.fast ? largestGain(parameters_, view) : 0;
  finite = finite && leavesRoom<T>(gain);
  const Plan plan = makePlan(PlanRequest<T>{call.geometry, kernels_, call.threads, finite, allowed_});
  const std::size_t bytes = static_cast<std::size_t>(packedCount(parameters_, kernels_, plan.layout)) * sizeof(T);
  if (panels->size() < bytes) {
    *panels = AlignedBuffer();  // both at once may be too much
    *panels = AlignedBuffer(bytes);
    if (!*panels) return Status::kOutOfMemory;
  }
  T* packed = reinterpret_cast<T*>(panels->data());
  if (!packWeights(parameters_, kernels_, plan.layout, view, packed)) return Status::kOutOfMemory;
  return forward(plan, kernels_,
                 ForwardArgs<T>{call.input, packed, weights.bias, call.out, call.cancelled, weights.weight, gain});
}

template class Convolution<float>;
template class Convolution<double>;

}  // namespace conv1d
