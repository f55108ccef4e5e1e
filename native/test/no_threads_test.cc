// A process that gets no thread. In an executable of its own: threads that are there once stay.
#include <doctest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/job_queue.h"
#include "runtime/start_thread.h"
#include "runtime/thread_pool.h"

namespace conv1d::test {
namespace {

class Refusal {
 public:
  Refusal() { refuseThreads(true); }
  ~Refusal() { refuseThreads(false); }
};

// Notes who ran it, and tells when it has.
class Noted : public Job {
 public:
  void run(int threads) noexcept override {
    runner_ = std::this_thread::get_id();
    threads_ = threads;
    ended_.store(true);
    ended_.notify_all();
  }

  std::thread::id runner_;
  int threads_ = 0;
  std::atomic<bool> ended_{false};
};

// The order of the test cases matters: this one begins without a thread.
TEST_CASE("without threads parallelFor runs every task on the calling thread") {
  const Refusal refusal;
  std::atomic<int> elsewhere{0};
  std::vector<int> runs(1000);
  parallelFor(1000, 4, [&](int worker, TaskRange& tasks) {
    if (worker != 0) elsewhere++;
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end; task++) runs[static_cast<size_t>(task)]++;
    }
  });
  CHECK(elsewhere == 0);
  CHECK(runs == std::vector<int>(1000, 1));
}

// One test case, since what the queue once has stays.
TEST_CASE("without threads a job runs within enqueue(), and on a thread of the pool as soon as there is one") {
  setNumThreads(3);
  {
    const Refusal refusal;
    for (int i = 1; i <= 5; i++) {
      const auto job = std::make_shared<Noted>();
      REQUIRE(enqueue(job));
      CHECK(job->ended_);
      CHECK(job->runner_ == std::this_thread::get_id());
      CHECK(job->threads_ == 3);
      CHECK(jobsRunByCaller() == i);
      CHECK_FALSE(dequeue(*job));
      CHECK(job.use_count() == 1);
    }
  }

  parallelFor(10, 3, [](int, TaskRange& tasks) {
    for (int64_t task, end; tasks.take(&task, &end);) {
    }
  });
  const Refusal refusal;
  const auto job = std::make_shared<Noted>();
  REQUIRE(enqueue(job));
  job->ended_.wait(false);
  CHECK(job->runner_ != std::this_thread::get_id());
  CHECK(job->threads_ == 3);

  // The queue has a thread now: that no other can be had no longer matters.
  std::vector<std::shared_ptr<Noted>> jobs;
  for (int i = 0; i < 5; i++) {
    jobs.push_back(std::make_shared<Noted>());
    REQUIRE(enqueue(jobs.back()));
  }
  for (const auto& each : jobs) {
    each->ended_.wait(false);
    CHECK(each->runner_ == job->runner_);
  }
  CHECK(jobsRunByCaller() == 5);
}

TEST_CASE("a thread that left the pool is missed by nobody, and the last one may leave") {
  const Refusal refusal;
  std::atomic<int> left{0};
  const auto leave = [](void* count) {
    static_cast<std::atomic<int>*>(count)->fetch_add(1);
    static_cast<std::atomic<int>*>(count)->notify_all();
  };
  int taken = 0;
  for (int i = 0; i < 3; i++) {
    if (!takePoolThread(leave, &left)) continue;
    left.wait(taken++);
  }
  CHECK(taken == 1);  // of two, the queue has the other
  CHECK(left == 1);
  std::vector<std::atomic<int>> runs(1000);
  parallelFor(1000, 4, [&](int, TaskRange& tasks) {
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end; task++) runs[static_cast<size_t>(task)]++;
    }
  });
  for (const std::atomic<int>& times : runs) CHECK(times == 1);
}

TEST_CASE("a thread is refused while it is, and runs what it was given otherwise") {
  std::atomic<bool> ran{false};
  const auto body = [](void* flag) {
    static_cast<std::atomic<bool>*>(flag)->store(true);
    static_cast<std::atomic<bool>*>(flag)->notify_all();
  };
  {
    const Refusal refusal;
    CHECK_FALSE(startThread(body, &ran));
  }
  CHECK_FALSE(ran);
  REQUIRE(startThread(body, &ran));
  ran.wait(false);
  CHECK(ran);
}

}  // namespace
}  // namespace conv1d::test
