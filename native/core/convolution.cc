#include "core/convolution.h"

#include "core/fast/gain.h"
#include "core/pack/pack_weights.h"
#include "core/run/forward.h"

namespace conv1d {

template <typename T>
std::shared_ptr<Convolution<T>> Convolution<T>::twin() const {
  auto result = std::make_shared<Convolution>(parameters_, kernels_, allowed_);
  result->snapshot = snapshot;
  return result;
}

template <typename T>
std::shared_ptr<const PackedWeights> Convolution<T>::pack(const PlainWeights<T>& weights) const noexcept {
  return PackedWeights::pack(parameters_, kernels_, weights.weight, weights.bias, allowed_.fast);
}

template <typename T>
Status Convolution<T>::run(const Call<T>& call) noexcept {
  const PackedWeights& weights = *snapshot;
  return run(call,
             plans_.plan(PlanRequest<T>{call.geometry, kernels_, call.threads, weights.finite(), allowedWith(weights),
                                        &weights, weights.dft<T>()}),
             weights);
}

template <typename T>
Status Convolution<T>::run(const Call<T>& call, const PackedWeights& weights) const noexcept {
  return run(call, plan(call.geometry, call.threads, weights), weights);
}

template <typename T>
Plan Convolution<T>::plan(const Geometry& geometry, int threads, const PackedWeights& weights) const noexcept {
  return makePlan(
      PlanRequest<T>{geometry, kernels_, threads, weights.finite(), allowedWith(weights), &weights, weights.dft<T>()});
}

template <typename T>
Status Convolution<T>::run(const Call<T>& call, const Plan& plan, const PackedWeights& weights) const noexcept {
  const T* packed = weights.in<T>(kernels_, plan.layout);
  if (packed == nullptr) return Status::kOutOfMemory;
  return forward(plan, kernels_,
                 ForwardArgs<T>{call.input, packed, weights.bias<T>(), call.out, call.cancelled,
                                weightOf(parameters_, weights.plain<T>()), weights.largestGain(), weights.dft<T>(),
                                call.epilogue});
}

template <typename T>
Status Convolution<T>::run(const Call<T>& call, const PlainWeights<T>& weights, AlignedBuffer* panels) const noexcept {
  const WeightView<T> view = weightOf(parameters_, weights.weight);
  PlanRequest<T> request{call.geometry, kernels_, call.threads, false, allowed_};
  std::optional<WindowedDft<T>> dft;
  const double gain = look(weights.weight, &request, &dft);
  const Plan plan = makePlan(request);
  const std::size_t bytes = static_cast<std::size_t>(packedCount(parameters_, kernels_, plan.layout)) * sizeof(T);
  if (panels->size() < bytes) {
    *panels = AlignedBuffer();  // both at once may be too much
    *panels = AlignedBuffer(bytes);
    if (!*panels) return Status::kOutOfMemory;
  }
  T* packed = reinterpret_cast<T*>(panels->data());
  if (!packWeights(parameters_, kernels_, plan.layout, view, packed)) return Status::kOutOfMemory;
  return forward(plan, kernels_,
                 ForwardArgs<T>{call.input, packed, weights.bias, call.out, call.cancelled, view, gain, request.dft,
                                call.epilogue});
}

template <typename T>
double Convolution<T>::look(const T* weight, PlanRequest<T>* request,
                            std::optional<WindowedDft<T>>* dft) const noexcept {
  // Whether products with padding are left out depends on it, and whether algorithms are that are not exact. All
  // outputs at the ends of a transposed convolution have taps without an input.
  const bool isPadded = parameters_.padLeft + parameters_.padRight > 0 || parameters_.transposed;
  request->finiteWeights = (isPadded || allowed_.fast) && allFinite(weight, parameters_.weightCount());
  if (!allowed_.fast) return 0;
  const WeightView<T> view = weightOf(parameters_, weight);
  const Gains gains = gainsOf(parameters_, view);
  request->allowed.fast = request->finiteWeights && leavesRoom<T>(gains);
  if (request->allowed.fast) *dft = windowedDft(parameters_, view);
  request->dft = *dft ? &**dft : nullptr;
  return gains.largest;
}

template class Convolution<float>;
template class Convolution<double>;

}  // namespace conv1d
