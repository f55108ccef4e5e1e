#include "binding/async_jobs.h"

#include <condition_variable>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "binding/errors.h"
#include "runtime/result_memory.h"

namespace conv1d::binding {

// Shared by the environment and its jobs, so that it outlives whichever ends last.
class JobHome : public std::enable_shared_from_this<JobHome> {
 public:
  static std::shared_ptr<JobHome> of(Napi::Env env);

  uintptr_t start(Napi::Env env, std::shared_ptr<AsyncJob> job, const JobValues& values);
  void cancel(uintptr_t id) noexcept;

  // On the job's thread, or on the environment's for a job that never ran.
  void ended(const AsyncJob& job) noexcept {
    const std::lock_guard lock(mutex_);
    running_--;
    // After close() the environment may be gone, and the function with it.
    if (!closed_) napi_call_threadsafe_function(deliver_, reinterpret_cast<void*>(job.id_), napi_tsfn_nonblocking);
    quiet_.notify_all();
  }

 private:
  using Jobs = std::unordered_map<uintptr_t, std::shared_ptr<AsyncJob>>;

  explicit JobHome(Napi::Env env);
  static void closeHook(void* self) { static_cast<JobHome*>(self)->close(); }
  static void deliverHook(napi_env env, napi_value, void* self, void* id) {
    if (env != nullptr) static_cast<JobHome*>(self)->deliver(env, reinterpret_cast<uintptr_t>(id));
  }

  void close() noexcept;
  void deliver(Napi::Env env, uintptr_t id);

  const napi_env env_;
  napi_threadsafe_function deliver_ = nullptr;
  std::mutex mutex_;
  std::condition_variable quiet_;
  Jobs jobs_;        // until they are delivered
  int running_ = 0;  // those that have not ended, whether they run or wait
  uintptr_t lastId_ = 0;
  bool closed_ = false;
};

namespace {

const char* nameOf(Status status) {
  switch (status) {
    case Status::kOk:
      return "ok";
    case Status::kCancelled:
      return "cancelled";
    default:
      return "memory";
  }
}

void requireOk(Napi::Env env, napi_status status) {
  if (status != napi_ok) throw rangeError(env, "ERR_CONV1D_MEMORY", "the engine refuses to start a background job");
}

// What the environment holds: one shared pointer.
struct Instance {
  std::shared_ptr<JobHome> home;
};

}  // namespace

std::shared_ptr<JobHome> JobHome::of(Napi::Env env) {
  Instance* instance = env.GetInstanceData<Instance>();
  if (instance == nullptr) {
    std::shared_ptr<JobHome> home(new JobHome(env));
    instance = new Instance{home};
    env.SetInstanceData(instance);
    // Hooks run last in, first out: this one before the function's own.
    requireOk(env, napi_add_env_cleanup_hook(env, closeHook, home.get()));
  }
  return instance->home;
}

JobHome::JobHome(Napi::Env env) : env_(env) {
  const Napi::String name = Napi::String::New(env, "conv1d");
  requireOk(env, napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, deliverHook,
                                                 &deliver_));
  requireOk(env, napi_unref_threadsafe_function(env, deliver_));  // until a job is in flight
}

uintptr_t JobHome::start(Napi::Env env, std::shared_ptr<AsyncJob> job, const JobValues& values) {
  job->home_ = shared_from_this();
  job->id_ = ++lastId_;
  job->resultCount_ = values.results.size();
  try {
    job->references_.reserve(values.results.size() + values.borrowed.size() + 1);
    for (const napi_value result : values.results) job->keep(env, result);
    for (const napi_value borrowed : values.borrowed) job->keep(env, borrowed);
    job->keep(env, values.done);
  } catch (...) {
    job->release(env);
    throw;
  }
  {
    const std::lock_guard lock(mutex_);
    if (jobs_.empty()) napi_ref_threadsafe_function(env, deliver_);
    jobs_.emplace(job->id_, job);
    running_++;
  }
  const uintptr_t id = job->id_;
  if (!enqueue(job)) {
    job->status_ = Status::kOutOfMemory;
    ended(*job);
  }
  return id;
}

void JobHome::cancel(uintptr_t id) noexcept {
  std::shared_ptr<AsyncJob> job;
  {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return;
    job = found->second;
  }
  job->cancelled_.store(true, std::memory_order_relaxed);
  if (dequeue(*job)) ended(*job);
}

// The environment ends. Results lie in its memory, so it waits for the jobs that write them: to the end of a tile
// each.
void JobHome::close() noexcept {
  std::unique_lock lock(mutex_);
  closed_ = true;
  for (const auto& [id, job] : jobs_) {
    job->cancelled_.store(true, std::memory_order_relaxed);
    if (dequeue(*job)) running_--;
  }
  quiet_.wait(lock, [this] { return running_ == 0; });
  for (const auto& [id, job] : jobs_) job->release(env_);
  jobs_.clear();
}

void JobHome::deliver(Napi::Env env, uintptr_t id) {
  const Napi::HandleScope scope(env);
  std::shared_ptr<AsyncJob> job;
  {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return;
    job = std::move(found->second);
    jobs_.erase(found);
    if (jobs_.empty()) napi_unref_threadsafe_function(env, deliver_);
  }
  napi_value done = nullptr;
  napi_get_reference_value(env, job->references_.back(), &done);
  // Raw Node-API: nothing here may throw, since nobody would catch it.
  napi_value arguments[2] = {};
  napi_create_string_utf8(env, nameOf(job->status_), NAPI_AUTO_LENGTH, &arguments[0]);
  // What a job that did not end well leaves in its results nobody may see: it may hold stale bytes.
  const bool isOk = job->status_ == Status::kOk;
  if (isOk) {
    napi_create_array_with_length(env, job->resultCount_, &arguments[1]);
    for (std::size_t i = 0; i < job->resultCount_; i++) {
      napi_value result = nullptr;
      napi_get_reference_value(env, job->references_[i], &result);
      napi_set_element(env, arguments[1], static_cast<uint32_t>(i), result);
    }
  }
  job->release(env);
  napi_call_function(env, env.Undefined(), done, isOk ? 2 : 1, arguments, nullptr);
}

void AsyncJob::keep(napi_env env, napi_value value) {
  napi_ref reference = nullptr;
  requireOk(env, napi_create_reference(env, value, 1, &reference));
  references_.push_back(reference);
}

void AsyncJob::release(napi_env env) noexcept {
  for (const napi_ref reference : references_) napi_delete_reference(env, reference);
  references_.clear();
}

void AsyncJob::run(int threads) noexcept {
  status_ = cancelled_.load(std::memory_order_relaxed) ? Status::kCancelled : compute(threads);
  noteLargeMemory();
  home_->ended(*this);
}

uintptr_t startJob(Napi::Env env, std::shared_ptr<AsyncJob> job, const JobValues& values) {
  return JobHome::of(env)->start(env, std::move(job), values);
}

void cancelJob(Napi::Env env, uintptr_t id) { JobHome::of(env)->cancel(id); }

}  // namespace conv1d::binding
