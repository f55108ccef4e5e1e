// Jobs that a JavaScript environment has in flight, and their way back to its thread.
#pragma once

#include <napi.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/status.h"
#include "runtime/job_queue.h"

namespace conv1d::binding {

class JobHome;

// A job of one environment. It owns or holds everything it reads; what it writes are results that no JavaScript has
// seen yet, or lie in shared memory, so that nobody can detach, shrink or transfer them meanwhile.
class AsyncJob : public Job {
 public:
  void run(int threads) noexcept final;

 protected:
  virtual Status compute(int threads) noexcept = 0;

  // What the job reads and writes, in bytes.
  virtual std::size_t bytes() const noexcept = 0;

  // The job reads it before every panel.
  const std::atomic<bool>& cancelled() const noexcept { return cancelled_; }

 private:
  friend class JobHome;
  void keep(napi_env env, napi_value value);
  void release(napi_env env) noexcept;

  std::atomic<bool> cancelled_{false};
  Status status_ = Status::kCancelled;
  std::shared_ptr<JobHome> home_;
  uintptr_t id_ = 0;
  // Raw and not Napi::Reference, whose destructor must not run on another thread, nor after the environment.
  std::vector<napi_ref> references_;  // to the results, the borrowed memory, and last the function to call
  std::size_t resultCount_ = 0;
};

// What a job keeps alive until it ends.
struct JobValues {
  std::vector<napi_value> results;   // ArrayBuffers made for this job, or shared memory to write to: `done` gets them
  std::vector<napi_value> borrowed;  // what it reads without a copy
  Napi::Function done;
};

// Starts the job. When it has ended, it calls `done` with 'ok', 'cancelled' or 'memory', and after 'ok' with an array
// of the results. The number names the job to cancelJob.
std::uintptr_t startJob(Napi::Env env, std::shared_ptr<AsyncJob> job, const JobValues& values);

// Drops a job that waits; one that runs stops at its next tile; `done` hears 'cancelled' unless it was too late.
void cancelJob(Napi::Env env, uintptr_t id);

}  // namespace conv1d::binding
