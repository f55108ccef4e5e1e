// Work beside the calling thread: jobs, first come, first served.
#pragma once

#include <cstdint>
#include <memory>

namespace conv1d {

class Job {
 public:
  virtual ~Job() = default;

  // On a background thread, or within enqueue(). `threads` is how many it may use: all of them when it is alone,
  // otherwise one, so that many jobs run side by side.
  virtual void run(int threads) noexcept = 0;
};

// False, and nothing happens, when there is no memory. As many jobs run at a time as getNumThreads() says. When the
// queue has no thread and neither the system nor the pool gives it one, enqueue() runs the job itself before it
// returns: slower than beside the caller, but done.
bool enqueue(const std::shared_ptr<Job>& job) noexcept;

// How many jobs enqueue() has run itself, in the whole process.
int64_t jobsRunByCaller() noexcept;

// Takes back a job that still waits: true if it did, and then it never runs.
bool dequeue(const Job& job) noexcept;

}  // namespace conv1d
