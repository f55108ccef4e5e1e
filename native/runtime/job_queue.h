// Work beside the calling thread: jobs, first come, first served.
#pragma once

#include <memory>

namespace conv1d {

class Job {
 public:
  virtual ~Job() = default;

  // On a background thread. `threads` is how many it may use: all of them when it is alone, otherwise one, so that many
  // jobs run side by side.
  virtual void run(int threads) noexcept = 0;
};

// False, and nothing happens, when there is no memory or no thread for it. At most getNumThreads()
// jobs run at a time.
bool enqueue(std::shared_ptr<Job> job) noexcept;

// Takes back a job that still waits: true if it did, and then it never runs.
bool dequeue(const Job& job) noexcept;

}  // namespace conv1d
