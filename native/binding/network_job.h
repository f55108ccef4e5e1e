// A schedule beside the event loop.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "binding/async_jobs.h"
#include "binding/forward_jobs.h"
#include "core/network/schedule.h"

namespace conv1d::binding {

template <typename T>
class NetworkJob : public AsyncJob {
 public:
  // `memory` holds the inputs.
  NetworkJob(std::shared_ptr<const conv1d::Schedule<T>> schedule, bool isParallel, JobInput memory,
             std::vector<const T*> inputs, std::vector<T*> outputs) noexcept
      : schedule_(std::move(schedule)),
        isParallel_(isParallel),
        memory_(std::move(memory)),
        inputs_(std::move(inputs)),
        outputs_(std::move(outputs)) {}

 private:
  Status compute(int threads) noexcept override {
    return schedule_->run({{inputs_.data(), outputs_.data()}, threads, isParallel_, &cancelled()});
  }

  std::size_t bytes() const noexcept override {
    int64_t elements = 0;
    for (const int64_t length : schedule_->inputLengths()) elements += length;
    for (const int64_t length : schedule_->outputLengths()) elements += length;
    return static_cast<std::size_t>(elements) * sizeof(T);
  }

  const std::shared_ptr<const conv1d::Schedule<T>> schedule_;
  const bool isParallel_;
  const JobInput memory_;
  const std::vector<const T*> inputs_;
  const std::vector<T*> outputs_;
};

}  // namespace conv1d::binding
