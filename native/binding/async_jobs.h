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

// A job of one environment. It owns or holds everything it reads; what it writes is a result that no JavaScript has
// seen yet.
class AsyncJob : public Job {
 public:
  ~AsyncJob() override;
  void run(int threads) noexcept final;

  // A result that the job writes. Where it lies in a pooled buffer the job is another owner of that: when an
  // environment ends, Node takes external memory from its arrays before anything of ours is asked.
  void writes(const void* result, std::size_t bytes);

 protected:
  virtual Status compute(int threads) noexcept = 0;

  // To be looked at now and then.
  const std::atomic<bool>& cancelled() const noexcept { return cancelled_; }

 private:
  friend class JobHome;
  void release(napi_env env) noexcept;

  std::atomic<bool> cancelled_{false};
  Status status_ = Status::kCancelled;
  std::shared_ptr<JobHome> home_;
  uintptr_t id_ = 0;
  // Raw and not Napi::Reference, whose destructor must not run on another thread, nor after the environment.
  std::vector<void*> pooled_;
  std::vector<napi_ref> references_;  // to the results, then to the function to call
};

// Starts the job. `results` are kept alive until it ends; then `done` is called with 'ok', 'cancelled' or 'memory'. The
// number names the job to cancelJob.
std::uintptr_t startJob(Napi::Env env, std::shared_ptr<AsyncJob> job, const std::vector<napi_value>& results,
                        Napi::Function done);

// A job that waits is dropped, one that runs stops at its next tile; `done` hears 'cancelled' unless it was too late.
void cancelJob(Napi::Env env, uintptr_t id);

}  // namespace conv1d::binding
