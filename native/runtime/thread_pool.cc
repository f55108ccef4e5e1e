#include "runtime/thread_pool.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>  // hardware_concurrency
#include <utility>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

#include "runtime/start_thread.h"

namespace conv1d {
namespace {

void relax() noexcept {
#if defined(__x86_64__) || defined(_M_X64)
  _mm_pause();
#elif defined(__aarch64__) && !defined(_MSC_VER)
  __asm__ __volatile__("yield");
#endif
}

class ThreadPool {
 public:
  void run(int workers, void (*run)(void*, int), void* context) noexcept {
    const std::unique_lock submitting(submit_, std::try_to_lock);
    if (!submitting.owns_lock() || !grow(workers - 1)) {
      run(context, 0);
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      job_ = {run, context, workers, 1};
      generation_.fetch_add(1, std::memory_order_release);
    }
    for (int i = 1; i < workers; i++) wake_.notify_one();
    run(context, 0);
    // No task is left: close the job, so that nobody waits for threads still asleep, and wait for those that began.
    std::unique_lock lock(mutex_);
    job_.run = nullptr;
    if (running_ > 0) {
      lock.unlock();
      spinUntil([this] { return finished_.load(std::memory_order_acquire); });
      lock.lock();
    }
    done_.wait(lock, [this] { return running_ == 0; });
  }

  bool giveThread(void (*body)(void*), void* context) noexcept {
    const std::unique_lock submitting(submit_, std::try_to_lock);
    if (!submitting.owns_lock() || threads_ == 0) return false;
    {
      const std::lock_guard lock(mutex_);
      if (leaving_.body != nullptr) return false;  // one is on its way
      leaving_ = {body, context};
    }
    threads_--;
    wake_.notify_one();
    return true;
  }

 private:
  // What a thread that leaves the pool goes on with.
  struct Leaving {
    void (*body)(void*) = nullptr;
    void* context = nullptr;
  };

  struct Job {
    void (*run)(void*, int) = nullptr;
    void* context = nullptr;
    int workers = 0;
    int joined = 0;  // workers so far, the caller included: the next one's number
  };

  // How long a thread polls before it sleeps: about the time that falling asleep and waking up takes.
  static constexpr int kSpins = 1000;

  template <typename Condition>
  static void spinUntil(Condition condition) noexcept {
    for (int i = 0; i < kSpins && !condition(); i++) relax();
  }

  // Starts threads until there are `count`; false when the system refuses the first one.
  bool grow(int count) noexcept {
    while (threads_ < count) {
      if (!startThread([](void* self) { static_cast<ThreadPool*>(self)->work(); }, this)) break;
      threads_++;
    }
    return threads_ > 0;
  }

  void work() noexcept {
    uint64_t seen = 0;
    for (;;) {
      spinUntil([&] { return generation_.load(std::memory_order_acquire) != seen; });
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return leaving_.body != nullptr || generation_.load(std::memory_order_relaxed) != seen; });
      if (leaving_.body != nullptr) {
        const Leaving leaving = std::exchange(leaving_, {});
        lock.unlock();
        return leaving.body(leaving.context);
      }
      seen = generation_.load(std::memory_order_relaxed);
      if (job_.run == nullptr || job_.joined >= job_.workers) continue;
      const int worker = job_.joined++;
      const Job job = job_;
      running_++;
      finished_.store(false, std::memory_order_relaxed);
      lock.unlock();
      job.run(job.context, worker);
      lock.lock();
      if (--running_ == 0) {
        finished_.store(true, std::memory_order_release);
        done_.notify_one();
      }
    }
  }

  std::mutex submit_;  // held by the caller whose job the pool runs
  int threads_ = 0;    // guarded by submit_

  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  Job job_;
  Leaving leaving_;
  int running_ = 0;
  std::atomic<bool> finished_{true};
  std::atomic<uint64_t> generation_{0};
};

// Never destroyed: its threads wait in it until the process ends.
ThreadPool& pool() {
  static ThreadPool* const instance = new ThreadPool;
  return *instance;
}

constexpr int kUnset = 0;
std::atomic<int> numThreads{kUnset};

}  // namespace

void runOnPool(int workers, void (*run)(void*, int), void* context) noexcept { pool().run(workers, run, context); }

bool takePoolThread(void (*body)(void*), void* context) noexcept { return pool().giveThread(body, context); }

int getNumThreads() noexcept {
  const int threads = numThreads.load(std::memory_order_relaxed);
  if (threads != kUnset) return threads;
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMaxThreads);
}

void setNumThreads(int threads) noexcept { numThreads.store(threads, std::memory_order_relaxed); }

void setDefaultNumThreads(int threads) noexcept {
  int expected = kUnset;
  numThreads.compare_exchange_strong(expected, threads, std::memory_order_relaxed);
}

}  // namespace conv1d
