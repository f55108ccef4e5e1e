#include "core/network/convolution_step.h"

#include <new>

namespace conv1d {

bool suits(const PackedWeights& weights, const Parameters& ofLayer, const Parameters& ofStep) noexcept {
  // A transposed convolution that is computed as a convolution has no weights for the other way, unless they are there
  // as they were given.
  return weights.isPlain() ||
         computedAs(ofLayer, weights.finite()).transposed == computedAs(ofStep, weights.finite()).transposed;
}

template <typename T>
template <typename Use>
Status ConvolutionStep<T>::withPlan(int threads, const Use& use) const noexcept {
  if (threads == 1) return use(ofOneThread_);
  std::shared_ptr<const Plan> plan;
  try {
    const std::lock_guard lock(mutex_);
    if (threads_ != threads) {
      ofThreads_ = std::make_shared<const Plan>(layer_->plan(geometry_, threads, *weights_));
      threads_ = threads;
    }
    plan = ofThreads_;
  } catch (const std::bad_alloc&) {
    return Status::kOutOfMemory;
  }
  return use(*plan);
}

template <typename T>
Status ConvolutionStep<T>::prepare(int threads) const noexcept {
  return withPlan(threads, [this](const Plan& plan) {
    const T* const packed = weights_->in<T>(layer_->kernels(), plan.layout);
    return packed == nullptr ? Status::kOutOfMemory : Status::kOk;
  });
}

template <typename T>
Status ConvolutionStep<T>::run(const Memory<T>& memory, int threads,
                               const std::atomic<bool>* cancelled) const noexcept {
  const int64_t channels = geometry_.parameters.outChannels;
  T* const out = memory.write(out_);
  ResolvedStages<T> stages(stages_, memory, channels * geometry_.outLength);
  const Epilogue<T> epilogue(layer_->kernels(), stages.data(), stages.count(), out, channels, geometry_.outLength);
  const Call<T> call{geometry_, memory.read(x_), out, threads, cancelled, stages_.empty() ? nullptr : &epilogue};
  return withPlan(threads, [&](const Plan& plan) { return layer_->run(call, plan, *weights_); });
}

template <typename T>
std::size_t ConvolutionStep<T>::scratchBytes(int threads) const noexcept {
  std::size_t bytes = 0;
  withPlan(threads, [&bytes](const Plan& plan) {
    bytes = static_cast<std::size_t>(plan.threads) * plan.scratchBytes;
    return Status::kOk;
  });
  return bytes;
}

template class ConvolutionStep<float>;
template class ConvolutionStep<double>;

}  // namespace conv1d
