#include "runtime/job_queue.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

class JobQueue {
 public:
  bool enqueue(std::shared_ptr<Job> job) noexcept {
    const std::lock_guard lock(mutex_);
    try {
      waiting_.push_back(std::move(job));
    } catch (...) {  // out of memory
      return false;
    }
    if (!grow()) {
      waiting_.pop_back();
      return false;
    }
    wake_.notify_one();
    return true;
  }

  bool dequeue(const Job& job) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found =
        std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& each) { return each.get() == &job; });
    if (found == waiting_.end()) return false;
    waiting_.erase(found);
    return true;
  }

 private:
  // Starts threads until there is one for every job, or getNumThreads() of them; false when there is none and the
  // system gives none.
  bool grow() noexcept {
    const auto jobs = static_cast<int64_t>(waiting_.size()) + running_;
    while (threads_ < std::min<int64_t>(jobs, getNumThreads())) {
      try {
        std::thread([this] { work(); }).detach();
      } catch (...) {
        break;
      }
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
  int running_ = 0;
};

// Never destroyed: its threads wait in it until the process ends.
JobQueue& queue() {
  static JobQueue* const instance = new JobQueue;
  return *instance;
}

}  // namespace

bool enqueue(std::shared_ptr<Job> job) noexcept { return queue().enqueue(std::move(job)); }

bool dequeue(const Job& job) noexcept { return queue().dequeue(job); }

}  // namespace conv1d
