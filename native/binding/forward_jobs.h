// Convolutions beside the event loop.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "binding/async_jobs.h"
#include "core/convolution.h"
#include "runtime/buffer_pool.h"
#include "runtime/scratch.h"

namespace conv1d::binding {

// What a job convolves with: the snapshot that the layer had, or copies of weights that the job packs itself.
struct JobWeights {
  std::shared_ptr<const PackedWeights> packed;
  AlignedBuffer weight;
  AlignedBuffer bias;
};

// Memory that stays where it is while a job reads it.
class JobInput {
 public:
  // Uninitialised memory, recycled where it is large. Throws std::bad_alloc.
  explicit JobInput(std::size_t bytes);
  static JobInput copyOf(const void* data, std::size_t bytes);
  // Memory that somebody else keeps until the job has ended.
  static JobInput borrow(const void* data) noexcept { return JobInput(Borrowed{data}); }
  JobInput(JobInput&& other) noexcept { swap(other); }
  JobInput& operator=(JobInput&& other) noexcept {
    JobInput(std::move(other)).swap(*this);
    return *this;
  }
  JobInput(const JobInput&) = delete;
  JobInput& operator=(const JobInput&) = delete;
  ~JobInput();

  const void* data() const noexcept { return data_; }
  void* memory() noexcept { return pooled_.memory == nullptr ? own_.data() : pooled_.memory; }

 private:
  struct Borrowed {
    const void* data;
  };
  explicit JobInput(Borrowed borrowed) noexcept : data_(borrowed.data) {}
  void swap(JobInput& other) noexcept;

  BufferPool::Buffer pooled_;
  AlignedBuffer own_;  // where nothing is pooled
  const void* data_ = nullptr;
};

// One batch.
template <typename T>
class ForwardJob : public AsyncJob {
 public:
  ForwardJob(std::shared_ptr<const conv1d::Convolution<T>> layer, JobWeights weights, const Geometry& geometry,
             JobInput input, T* out) noexcept
      : layer_(std::move(layer)),
        weights_(std::move(weights)),
        geometry_(geometry),
        input_(std::move(input)),
        out_(out) {}

 private:
  Status compute(int threads) noexcept override;
  std::size_t bytes() const noexcept override;

  const std::shared_ptr<const conv1d::Convolution<T>> layer_;
  const JobWeights weights_;
  const Geometry geometry_;
  const JobInput input_;
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

  // `memory` holds the inputs, but for those that others keep.
  ForwardManyJob(std::shared_ptr<const conv1d::Convolution<T>> layer, std::shared_ptr<const PackedWeights> weights,
                 std::vector<Signal> signals, JobInput memory) noexcept
      : layer_(std::move(layer)),
        weights_(std::move(weights)),
        signals_(std::move(signals)),
        memory_(std::move(memory)) {}

 private:
  Status compute(int threads) noexcept override;
  std::size_t bytes() const noexcept override;

  const std::shared_ptr<const conv1d::Convolution<T>> layer_;
  const std::shared_ptr<const PackedWeights> weights_;
  const std::vector<Signal> signals_;
  const JobInput memory_;
};

}  // namespace conv1d::binding
