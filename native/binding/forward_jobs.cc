#include "binding/forward_jobs.h"

#include <cstring>
#include <utility>

#include "core/forward.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {

template <typename T>
Status JobWeights<T>::prepare() noexcept {
  if (packed != nullptr) return Status::kOk;
  const T* values = reinterpret_cast<const T*>(weight.data());
  PackedWeights fresh = PackedWeights::pack(parameters, *kernels, values, reinterpret_cast<const T*>(bias.data()));
  if (!fresh) return Status::kOutOfMemory;
  try {
    packed = std::make_shared<const PackedWeights>(std::move(fresh));
  } catch (...) {
    return Status::kOutOfMemory;
  }
  return Status::kOk;
}

JobInput::JobInput(const void* data, std::size_t bytes, bool borrow) noexcept {
  if (borrow) shared_ = sharePooled(data, bytes);
  if (shared_ != nullptr) {
    data_ = data;
    return;
  }
  copy_ = AlignedBuffer(bytes);
  if (copy_) std::memcpy(copy_.data(), data, bytes);
  data_ = copy_.data();
}

JobInput::~JobInput() {
  if (shared_ != nullptr) returnPooled(shared_);
}

template <typename T>
Status ForwardJob<T>::compute(int threads) noexcept {
  const Status prepared = weights_.prepare();
  if (prepared != Status::kOk) return prepared;
  const PackedWeights& weights = *weights_.packed;
  const Plan plan = makePlan(geometry_, *weights_.kernels, threads, weights.finite());
  ForwardArgs<T> args{};
  args.input = static_cast<const T*>(input_->data());
  args.packedWeights = weights.of<T>(plan);
  args.bias = weights.bias<T>();
  args.out = out_;
  args.cancelled = &cancelled();
  return forward(plan, *weights_.kernels, args);
}

template <typename T>
Status ForwardManyJob<T>::compute(int threads) noexcept {
  const Status prepared = weights_.prepare();
  if (prepared != Status::kOk) return prepared;
  const PackedWeights& weights = *weights_.packed;
  const auto count = static_cast<int64_t>(signals_.size());
  std::atomic<Status> worst{Status::kOk};
  // A thread for each signal: short ones are not worth sharing.
  parallelFor(count, count < threads ? static_cast<int>(count) : threads, [&](int, TaskRange& tasks) {
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end; task++) {
        const Signal& signal = signals_[static_cast<std::size_t>(task)];
        const Plan plan = makePlan(signal.geometry, *weights_.kernels, 1, weights.finite());
        const ForwardArgs<T> args{signal.input, weights.of<T>(plan), weights.bias<T>(), signal.out, &cancelled()};
        const Status status = forward(plan, *weights_.kernels, args);
        if (status == Status::kOk) continue;
        worst.store(status, std::memory_order_relaxed);
        return;
      }
    }
  });
  return worst.load(std::memory_order_relaxed);
}

template struct JobWeights<float>;
template struct JobWeights<double>;
template class ForwardJob<float>;
template class ForwardJob<double>;
template class ForwardManyJob<float>;
template class ForwardManyJob<double>;

}  // namespace conv1d::binding
