// Convolutions beside the event loop.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "binding/async_jobs.h"
#include "core/packed_weights.h"
#include "runtime/buffer_pool.h"
#include "runtime/scratch.h"

namespace conv1d::binding {

// What a job convolves with: the snapshot that the layer had, or copies of weights that the job packs itself.
template <typename T>
struct JobWeights {
  Parameters parameters;
  const Kernels<T>* kernels = nullptr;
  std::shared_ptr<const PackedWeights> packed;
  AlignedBuffer weight;
  AlignedBuffer bias;

  Status prepare() noexcept;
};

// Input that stays as it is while a job reads it: a copy, or memory of the buffer pool that the job is another owner
// of.
class JobInput {
 public:
  // Empty when there is no memory.
  JobInput(const void* data, std::size_t bytes, bool borrow) noexcept;
  ~JobInput();
  JobInput(const JobInput&) = delete;
  JobInput& operator=(const JobInput&) = delete;

  const void* data() const noexcept { return data_; }

 private:
  void* shared_ = nullptr;
  AlignedBuffer copy_;
  const void* data_ = nullptr;
};

// One batch.
template <typename T>
class ForwardJob : public AsyncJob {
 public:
  ForwardJob(JobWeights<T> weights, const Geometry& geometry, std::unique_ptr<JobInput> input, T* out) noexcept
      : weights_(std::move(weights)), geometry_(geometry), input_(std::move(input)), out_(out) {}

 private:
  Status compute(int threads) noexcept override;

  JobWeights<T> weights_;
  const Geometry geometry_;
  const std::unique_ptr<JobInput> input_;
  T* const out_;
};

// Signals of different lengths.
template <typename T>
class ForwardManyJob : public AsyncJob {
 public:
  struct Signal {
    Geometry geometry;
    const T* input;
    T* out;
  };

  // `memory` holds all inputs.
  ForwardManyJob(JobWeights<T> weights, std::vector<Signal> signals, AlignedBuffer memory) noexcept
      : weights_(std::move(weights)), signals_(std::move(signals)), memory_(std::move(memory)) {}

 private:
  Status compute(int threads) noexcept override;

  JobWeights<T> weights_;
  const std::vector<Signal> signals_;
  const AlignedBuffer memory_;
};

}  // namespace conv1d::binding
