// Shares the tasks of one call between the calling thread and the pool.
#pragma once

#include <atomic>
#include <cstdint>

namespace conv1d {

// More threads than this bring nothing: a convolution's tasks are bound by memory long before.
constexpr int kMaxThreads = 256;

// The tasks 0 .. count - 1, handed out in order, each to one worker.
class TaskRange {
 public:
  TaskRange(int64_t count, int64_t chunk) noexcept : count_(count), chunk_(chunk), isShared_(true) {}
  // All at once, for one worker: it waits for no other processor (two exchanges take 10 ns).
  explicit TaskRange(int64_t count) noexcept : count_(count), chunk_(count), isShared_(false) {}

  // Takes tasks [*begin, *end); false when none are left.
  bool take(int64_t* begin, int64_t* end) noexcept {
    if (isShared_) {
      *begin = next_.fetch_add(chunk_, std::memory_order_relaxed);
    } else {
      *begin = next_.load(std::memory_order_relaxed);
      next_.store(count_, std::memory_order_relaxed);
    }
    *end = *begin + chunk_ < count_ ? *begin + chunk_ : count_;
    return *begin < count_;
  }

 private:
  std::atomic<int64_t> next_{0};
  const int64_t count_;
  const int64_t chunk_;
  const bool isShared_;
};

// Calls run(context, worker) on the calling thread (worker 0) and on up to workers - 1 pool threads, and returns when
// all are done. When the pool is busy with another caller's job, or no thread can be had, the calling thread runs
// alone.
void runOnPool(int workers, void (*run)(void* context, int worker), void* context) noexcept;

// Calls body(context) on a thread of the pool, which leaves the pool for it; false, and nothing happens, when the pool
// is busy or has none. For what must run beside its caller where the system gives no new thread.
bool takePoolThread(void (*body)(void* context), void* context) noexcept;

// Calls body(worker, tasks) on each worker; every worker takes tasks until there are none.
template <typename Body>
void parallelFor(int64_t count, int workers, const Body& body) noexcept {
  if (workers == 1) {
    TaskRange tasks(count);
    body(0, tasks);
    return;
  }
  constexpr int64_t kChunksPerWorker = 8;
  const int64_t chunk = count / (workers * kChunksPerWorker);
  TaskRange tasks(count, chunk > 0 ? chunk : 1);
  struct Context {
    const Body& body;
    TaskRange& tasks;
  } context{body, tasks};
  runOnPool(
      workers,
      [](void* pointer, int worker) {
        auto& self = *static_cast<Context*>(pointer);
        self.body(worker, self.tasks);
      },
      &context);
}

// The number of threads a call may use, the calling one included.
int getNumThreads() noexcept;
void setNumThreads(int threads) noexcept;  // 1 .. kMaxThreads

// The same, unless it was set before: a second JavaScript environment of the process must not undo the first one's
// choice.
void setDefaultNumThreads(int threads) noexcept;

}  // namespace conv1d
