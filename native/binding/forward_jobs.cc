#include "binding/forward_jobs.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "runtime/thread_pool.h"

namespace conv1d::binding {

JobInput::JobInput(std::size_t bytes) {
  if (bytes >= kMinPooledBytes) pooled_ = inputBuffers().take(bytes);
  if (pooled_.memory == nullptr) {
    own_ = AlignedBuffer(bytes);
    if (!own_) throw std::bad_alloc();
  }
  data_ = memory();
}

JobInput JobInput::copyOf(const void* data, std::size_t bytes) {
  JobInput copy(bytes);
  if (bytes > 0) std::memcpy(copy.memory(), data, bytes);
  return copy;
}

JobInput::~JobInput() {
  if (pooled_.memory != nullptr) inputBuffers().give(pooled_);
}

void JobInput::swap(JobInput& other) noexcept {
  std::swap(pooled_, other.pooled_);
  std::swap(own_, other.own_);
  std::swap(data_, other.data_);
}

template <typename T>
Status ForwardJob<T>::compute(int threads) noexcept {
  const Call<T> call{geometry_, static_cast<const T*>(input_.data()), out_, threads, &cancelled()};
  if (weights_.packed != nullptr) return layer_->run(call, *weights_.packed);
  AlignedBuffer panels;
  const PlainWeights<T> weights{reinterpret_cast<const T*>(weights_.weight.data()),
                                reinterpret_cast<const T*>(weights_.bias.data())};
  return layer_->run(call, weights, &panels);
}

template <typename T>
Status ForwardManyJob<T>::compute(int threads) noexcept {
  if (signals_.empty()) return Status::kOk;
  const auto count = static_cast<int64_t>(signals_.size());
  // A thread for each signal, short ones are not worth sharing; one that is by itself may be.
  const int threadsEach = count == 1 ? threads : 1;
  std::atomic<Status> worst{Status::kOk};
  parallelFor(count, static_cast<int>(std::min<int64_t>(count, threads)), [&](int, TaskRange& tasks) {
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end; task++) {
        const Signal& signal = signals_[static_cast<std::size_t>(task)];
        const Status status =
            layer_->run({signal.geometry, signal.input, signal.out, threadsEach, &cancelled()}, *weights_);
        if (status == Status::kOk) continue;
        worst.store(status, std::memory_order_relaxed);
        return;
      }
    }
  });
  return worst.load(std::memory_order_relaxed);
}

namespace {

template <typename T>
std::size_t bytesOf(const Geometry& g) noexcept {
  const int64_t elements = g.batch * (g.parameters.inChannels * g.length + g.parameters.outChannels * g.outLength);
  return static_cast<std::size_t>(elements) * sizeof(T);
}

}  // namespace

template <typename T>
std::size_t ForwardJob<T>::bytes() const noexcept {
  return bytesOf<T>(geometry_);
}

template <typename T>
std::size_t ForwardManyJob<T>::bytes() const noexcept {
  std::size_t total = 0;
  for (const Signal& signal : signals_) total += bytesOf<T>(signal.geometry);
  return total;
}

template class ForwardJob<float>;
template class ForwardJob<double>;
template class ForwardManyJob<float>;
template class ForwardManyJob<double>;

}  // namespace conv1d::binding
