#include "core/convolution.h"

#include <new>
#include <utility>

#include "core/pack/pack_weights.h"
#include "core/run/forward.h"

namespace conv1d {

template <typename T>
std::shared_ptr<const PackedWeights> Convolution<T>::pack(const PlainWeights<T>& weights) const noexcept {
  PackedWeights packed = PackedWeights::pack(parameters_, kernels_, weights.weight, weights.bias);
  if (!packed) return nullptr;
  try {
    return std::make_shared<const PackedWeights>(std::move(packed));
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
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
  const T* packed = weights.in<T>(plan.layout);
  if (packed == nullptr) return Status::kInvalidArgument;  // no algorithm reads any layout of this snapshot
  return forward(plan, kernels_, ForwardArgs<T>{call.input, packed, weights.bias<T>(), call.out, call.cancelled});
}

template <typename T>
Status Convolution<T>::run(const Call<T>& call, const PlainWeights<T>& weights, AlignedBuffer* panels) const noexcept {
  // Only whether products with padding are left out depends on it.
  const bool isPadded = call.geometry.parameters.padLeft + call.geometry.parameters.padRight > 0;
  const bool finite = isPadded && allFinite(weights.weight, parameters_.weightCount());
  const Plan plan = makePlan(PlanRequest<T>{call.geometry, kernels_, call.threads, finite, allowed_});
  const std::size_t bytes = static_cast<std::size_t>(packedCount(parameters_, plan.layout)) * sizeof(T);
  if (panels->size() < bytes) {
    *panels = AlignedBuffer();  // both at once may be too much
    *panels = AlignedBuffer(bytes);
    if (!*panels) return Status::kOutOfMemory;
  }
  T* packed = reinterpret_cast<T*>(panels->data());
  packWeights(parameters_, plan.layout, convolutionWeight(parameters_, weights.weight), packed);
  return forward(plan, kernels_, ForwardArgs<T>{call.input, packed, weights.bias, call.out, call.cancelled});
}

template class Convolution<float>;
template class Convolution<double>;

}  // namespace conv1d
