#include "core/network/convolution_step.h"

namespace conv1d {

bool suits(const PackedWeights& weights, const Parameters& ofLayer, const Parameters& ofStep) noexcept {
  // A transposed convolution that is computed as a convolution has no weights for the other way, unless they are there
  // as they were given.
  return weights.isPlain() ||
         computedAs(ofLayer, weights.finite()).transposed == computedAs(ofStep, weights.finite()).transposed;
}

template <typename T>
Plan ConvolutionStep<T>::planFor(int threads) const noexcept {
  if (threads == 1) return ofOneThread_;
  const std::lock_guard lock(mutex_);
  if (threads_ != threads) {
    ofThreads_ = layer_->plan(geometry_, threads, *weights_);
    threads_ = threads;
  }
  return ofThreads_;
}

template <typename T>
Status ConvolutionStep<T>::prepare(int threads) const noexcept {
  const T* const packed = weights_->in<T>(layer_->kernels(), planFor(threads).layout);
  return packed == nullptr ? Status::kOutOfMemory : Status::kOk;
}

template <typename T>
Status ConvolutionStep<T>::run(const Memory<T>& memory, int threads,
                               const std::atomic<bool>* cancelled) const noexcept {
  const int64_t channels = geometry_.parameters.outChannels;
  T* const out = memory.write(out_);
  ResolvedStages<T> stages(stages_, memory, channels * geometry_.outLength);
  const Epilogue<T> epilogue(layer_->kernels(), stages.data(), stages.count(), out, channels, geometry_.outLength);
  return layer_->run({geometry_, memory.read(x_), out, threads, cancelled, stages_.empty() ? nullptr : &epilogue},
                     planFor(threads), *weights_);
}

template <typename T>
std::size_t ConvolutionStep<T>::scratchBytes(int threads) const noexcept {
  const Plan plan = planFor(threads);
  return static_cast<std::size_t>(plan.threads) * plan.scratchBytes;
}

template class ConvolutionStep<float>;
template class ConvolutionStep<double>;

}  // namespace conv1d
