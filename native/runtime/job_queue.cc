#include "runtime/job_queue.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "runtime/start_thread.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

class JobQueue {
 public:
  bool enqueue(const std::shared_ptr<Job>& job) noexcept {
    {
      const std::lock_guard lock(mutex_);
      try {
        waiting_.push_back(job);
      } catch (...) {  // out of memory
        return false;
      }
      if (grow()) {
        wake_.notify_one();
        return true;
      }
      waiting_.pop_back();
    }
    byCaller_.fetch_add(1, std::memory_order_relaxed);
    job->run(getNumThreads());
    return true;
  }

  int64_t byCaller() const noexcept { return byCaller_.load(std::memory_order_relaxed); }

  bool dequeue(const Job& job) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& each) { return each.get() == &job; });
    if (found == waiting_.end()) return false;
    waiting_.erase(found);
    return true;
  }

 private:
  // Starts threads until there is one for every job, or as many as getNumThreads() says; false when there is none and
  // none can be had, neither from the system nor from the pool.
  bool grow() noexcept {
    const auto jobs = static_cast<int64_t>(waiting_.size()) + running_;
    while (threads_ < std::min<int64_t>(jobs, getNumThreads())) {
      const auto body = [](void* self) { static_cast<JobQueue*>(self)->work(); };
      if (!startThread(body, this) && (threads_ > 0 || !takePoolThread(body, this))) break;
      threads_++;
    }
    return threads_ > 0;
  }

  void work() noexcept {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return !waiting_.empty() && running_ < getNumThreads(); });
      std::shared_ptr<Job> job = std::move(waiting_.front());
      waiting_.pop_front();
      const bool isAlone = running_ == 0 && waiting_.empty();
      running_++;
      lock.unlock();
      job->run(isAlone ? getNumThreads() : 1);
      job.reset();
      lock.lock();
      running_--;
      grow();  // there may be more threads now
      wake_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> waiting_;
  int threads_ = 0;
  int running_ = 0;  // on the queue's threads
  std::atomic<int64_t> byCaller_{0};
};

// Never destroyed: its threads wait in it until the process ends.
JobQueue& queue() {
  static JobQueue* const instance = new JobQueue;
  return *instance;
}

}  // namespace

bool enqueue(const std::shared_ptr<Job>& job) noexcept { return queue().enqueue(job); }

bool dequeue(const Job& job) noexcept { return queue().dequeue(job); }

int64_t jobsRunByCaller() noexcept { return queue().byCaller(); }

}  // namespace conv1d
