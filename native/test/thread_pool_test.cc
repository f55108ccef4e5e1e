// The pool, the scratch and the memory that is kept, most of them under many callers.
#include "runtime/thread_pool.h"

#include <doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <latch>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/aligned_buffer.h"
#include "runtime/buffer_pool.h"
#include "runtime/huge_pages.h"
#include "runtime/job_queue.h"
#include "runtime/result_memory.h"
#include "runtime/scratch.h"

namespace conv1d::test {
namespace {

// What went wrong in a parallelFor, counted without doctest, whose checks are slow under contention.
struct Faults {
  std::atomic<int> workerOutOfRange{0};
  std::atomic<int> workerTwice{0};  // two threads had the same worker's number, and so the same scratch, at once
  std::atomic<int> notOnce{0};

  bool none() const { return workerOutOfRange == 0 && workerTwice == 0 && notOnce == 0; }
};

void runOnce(int64_t count, int workers, Faults& faults) {
  std::vector<std::atomic<int>> runs(static_cast<size_t>(count));
  std::vector<std::atomic<bool>> busy(static_cast<size_t>(workers));
  parallelFor(count, workers, [&](int worker, TaskRange& tasks) {
    if (worker < 0 || worker >= workers) {
      faults.workerOutOfRange++;
      return;
    }
    if (busy[static_cast<size_t>(worker)].exchange(true)) faults.workerTwice++;
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end; task++) runs[static_cast<size_t>(task)]++;
    }
    busy[static_cast<size_t>(worker)] = false;
  });
  for (const std::atomic<int>& times : runs) {
    if (times != 1) faults.notOnce++;
  }
}

TEST_CASE("parallelFor runs every task exactly once") {
  for (const int64_t count : {0, 1, 2, 3, 7, 8, 9, 63, 64, 65, 1000, 20'000}) {
    for (const int workers : {1, 2, 3, 7, 16}) {
      Faults faults;
      for (int repeat = 0; repeat < 5; repeat++) runOnce(count, workers, faults);
      CAPTURE(count);
      CAPTURE(workers);
      CHECK(faults.none());
    }
  }
}

TEST_CASE("what the tasks wrote is visible when parallelFor returns") {
  std::vector<int64_t> squares(5000);
  for (int repeat = 0; repeat < 50; repeat++) {
    std::fill(squares.begin(), squares.end(), 0);
    parallelFor(5000, 4, [&](int, TaskRange& tasks) {
      for (int64_t task, end; tasks.take(&task, &end);) {
        for (; task < end; task++) squares[static_cast<size_t>(task)] = task * task;
      }
    });
    REQUIRE(std::accumulate(squares.begin(), squares.end(), int64_t{0}) == int64_t{4999} * 5000 * 9999 / 6);
  }
}

TEST_CASE("several callers at once all get every task done") {
  constexpr int kCallers = 5;
  constexpr int kCalls = 100;
  Faults faults;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < kCallers; caller++) {
    callers.emplace_back([&faults, caller] {
      for (int call = 0; call < kCalls; call++)
        runOnce(1 + (call * 37 + caller) % 300, 2 + (call + caller) % 4, faults);
    });
  }
  for (std::thread& caller : callers) caller.join();
  CHECK(faults.none());
}

TEST_CASE("a task range hands out each chunk once and then stays empty") {
  TaskRange tasks(10, 4);
  int64_t begin = 0;
  int64_t end = 0;
  const std::array<std::array<int64_t, 2>, 3> kChunks = {{{0, 4}, {4, 8}, {8, 10}}};
  for (const auto& chunk : kChunks) {
    REQUIRE(tasks.take(&begin, &end));
    CHECK(begin == chunk[0]);
    CHECK(end == chunk[1]);
  }
  CHECK_FALSE(tasks.take(&begin, &end));
  CHECK_FALSE(tasks.take(&begin, &end));
}

TEST_CASE("a task range for one worker hands out all tasks at once and then stays empty") {
  TaskRange tasks(10);
  int64_t begin = 0;
  int64_t end = 0;
  REQUIRE(tasks.take(&begin, &end));
  CHECK(begin == 0);
  CHECK(end == 10);
  CHECK_FALSE(tasks.take(&begin, &end));
  CHECK_FALSE(tasks.take(&begin, &end));
}

// One test case, and the only one that sets anything: at its beginning nothing was set.
TEST_CASE("the number of threads is the machine's, then the first default, then what setNumThreads said last") {
  const int before = getNumThreads();
  CHECK(before >= 1);
  CHECK(before <= kMaxThreads);
  setDefaultNumThreads(5);
  CHECK(getNumThreads() == 5);
  setDefaultNumThreads(6);
  CHECK(getNumThreads() == 5);
  for (const int threads : {1, 2, 7, kMaxThreads}) {
    setNumThreads(threads);
    CHECK(getNumThreads() == threads);
    setDefaultNumThreads(6);
    CHECK(getNumThreads() == threads);
  }
  setNumThreads(before);
}

TEST_CASE("aligned buffers start at a cache line and tell when memory is short") {
  const AlignedBuffer buffer(1000);
  REQUIRE(buffer);
  CHECK(buffer.size() == 1000);
  CHECK(reinterpret_cast<uintptr_t>(buffer.data()) % AlignedBuffer::kAlignment == 0);
  const AlignedBuffer empty;
  CHECK_FALSE(empty);
  CHECK(empty.size() == 0);
}

TEST_CASE("an aligned buffer that was moved from is empty") {
  AlignedBuffer first(1000);
  REQUIRE(first);
  std::byte* const memory = first.data();

  AlignedBuffer second(std::move(first));
  CHECK_FALSE(first);
  CHECK(first.data() == nullptr);
  CHECK(first.size() == 0);
  CHECK(second.data() == memory);
  CHECK(second.size() == 1000);

  AlignedBuffer third(64);  // its own memory is freed
  third = std::move(second);
  CHECK_FALSE(second);
  CHECK(second.size() == 0);
  CHECK(third.data() == memory);
  CHECK(third.size() == 1000);

  second = AlignedBuffer(64);  // and the empty ones can be filled again
  CHECK(second.size() == 64);
  third = AlignedBuffer();
  CHECK_FALSE(third);
  CHECK(third.size() == 0);
}

TEST_CASE("the workers of a call have memory apart from each other, at cache lines") {
  constexpr int kWorkers = 4;
  for (const size_t bytes : {1, 64, 1001, 1024, 1025, 100'000}) {  // 4 x 1024 is the most that lies on the stack
    CAPTURE(bytes);
    const Scratch scratch(kWorkers, bytes);
    REQUIRE(scratch);
    for (int worker = 0; worker < kWorkers; worker++) {
      CHECK(reinterpret_cast<uintptr_t>(scratch.of(worker)) % AlignedBuffer::kAlignment == 0);
      if (worker > 0) CHECK(scratch.of(worker) - scratch.of(worker - 1) >= static_cast<ptrdiff_t>(bytes));
      std::memset(scratch.of(worker), worker, bytes);
    }
  }
}

TEST_CASE("calls that run at the same time never share scratch") {
  constexpr int kOwners = 6;
  constexpr int kRounds = 200;
  std::atomic<int> faults{0};
  std::vector<std::thread> owners;
  for (int owner = 0; owner < kOwners; owner++) {
    owners.emplace_back([&faults, owner] {
      for (int round = 0; round < kRounds; round++) {
        const size_t bytes = 64 + static_cast<size_t>(round * 97 + owner * 1009) % 5000;
        const Scratch scratch(2, bytes);
        if (!scratch) {
          faults++;
          continue;
        }
        std::byte* const memory = scratch.of(1);
        std::memset(memory, owner, bytes);
        std::this_thread::yield();
        if (!std::all_of(memory, memory + bytes, [owner](std::byte b) { return b == std::byte(owner); })) faults++;
      }
    });
  }
  for (std::thread& owner : owners) owner.join();
  CHECK(faults == 0);
}

TEST_CASE("scratch is recycled, and replaced when it is too small") {
  const std::byte* first = nullptr;
  {
    const Scratch scratch(1, 40960);
    first = scratch.of(0);
  }
  {
    const Scratch again(1, 20480);
    CHECK(again.of(0) == first);
    const Scratch other(1, 20480);
    CHECK(other.of(0) != first);
  }
  const Scratch larger(3, 1 << 20);
  REQUIRE(larger);
  std::memset(larger.of(0), 1, 3 << 20);
}

TEST_CASE("scratch of more than 64 MiB goes back to the system") {
  const std::byte* first = nullptr;
  {
    const Scratch huge(1, size_t{65} << 20);
    REQUIRE(huge);
    first = huge.of(0);
  }
  const Scratch small(1, 20480);
  CHECK(small.of(0) != first);
}

// Untouched memory costs nothing, so these may be large.
constexpr size_t kMiB = size_t{1} << 20;

TEST_CASE("a pooled buffer is large enough, aligned, and given to the next that asks for about as much") {
  BufferPool pool(128 * kMiB);
  const BufferPool::Buffer first = pool.take(20 * kMiB + 1);
  REQUIRE(first.memory != nullptr);
  CHECK(first.capacity > 20 * kMiB);
  CHECK(reinterpret_cast<uintptr_t>(first.memory) % kHugePageBytes == 0);
  std::memset(static_cast<std::byte*>(first.memory) + 20 * kMiB, 1, 1);
  pool.give(first);

  CHECK(pool.take(20 * kMiB).memory == first.memory);
  const BufferPool::Buffer second = pool.take(20 * kMiB);
  REQUIRE(second.memory != nullptr);
  CHECK(second.memory != first.memory);
  pool.give(first);
  pool.give(second);
  pool.clear();
}

TEST_CASE("a pool has no memory for what cannot be counted") {
  BufferPool pool(128 * kMiB);
  CHECK(pool.take(~size_t{0}).memory == nullptr);
}

TEST_CASE("a pool keeps no more than it may, the oldest go first, and none once it is cleared") {
  BufferPool pool(128 * kMiB);
  std::array<BufferPool::Buffer, 4> taken{};
  for (BufferPool::Buffer& buffer : taken) {
    buffer = pool.take(64 * kMiB);
    REQUIRE(buffer.memory != nullptr);
  }
  for (const BufferPool::Buffer& buffer : taken) pool.give(buffer);
  CHECK(pool.keptBytes() == 128 * kMiB);
  CHECK(pool.take(64 * kMiB).memory == taken[2].memory);
  CHECK(pool.take(64 * kMiB).memory == taken[3].memory);
  pool.give(taken[2]);
  pool.give(taken[3]);
  pool.clear();
  CHECK(pool.keptBytes() == 0);
}

// How much of this process's memory is on offer to the system; 0 where that is not told.
size_t offeredBytes() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  for (std::string line; std::getline(rollup, line);) {
    size_t kib = 0;
    if (std::sscanf(line.c_str(), "LazyFree: %zu kB", &kib) == 1) return kib * 1024;
  }
  return 0;
}

// False under an emulator, which takes no offers or does not tell of them.
bool tellsOfOffers() {
  const AlignedBuffer memory(4 * kMiB);
  std::memset(memory.data(), 1, 4 * kMiB);
  const auto begin = reinterpret_cast<uintptr_t>(memory.data());
  const uintptr_t page = (begin + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  return offerToSystem(memory.data() + (page - begin), kHugePageBytes) && offeredBytes() > 0;
}

TEST_CASE("what is kept above 128 MiB is on offer to the system, and lent again") {
  BufferPool pool(512 * kMiB);
  std::array<BufferPool::Buffer, 5> lent{};
  for (BufferPool::Buffer& buffer : lent) {
    buffer = pool.take(64 * kMiB);
    REQUIRE(buffer.memory != nullptr);
    std::memset(buffer.memory, 1, 64 * kMiB);
  }
  for (const BufferPool::Buffer& buffer : lent) pool.give(buffer);
  if (tellsOfOffers()) {
    CHECK(offeredBytes() >= 192 * kMiB);
    std::array<BufferPool::Buffer, 5> again{};
    for (BufferPool::Buffer& buffer : again) buffer = pool.take(64 * kMiB);
    CHECK(std::is_permutation(again.begin(), again.end(), lent.begin(),
                              [](const auto& a, const auto& b) { return a.memory == b.memory; }));
    for (const BufferPool::Buffer& buffer : again) {
      auto* const last = static_cast<std::byte*>(buffer.memory) + 64 * kMiB - 1;
      *last = std::byte{7};
      CHECK(*last == std::byte{7});
      pool.give(buffer);
    }
  }
  pool.clear();
}

TEST_CASE("memory of a result may be prepared and free memory given back at any time") {
  std::vector<std::byte> odd(5 * kMiB + 12345);
  for (const size_t offset : {size_t{0}, size_t{1}, size_t{4096}}) {
    prepareResult(odd.data() + offset, odd.size() - offset);
    prepareResult(odd.data() + offset, 100);
  }
  prepareResult(nullptr, 0);
  odd.back() = std::byte{1};
  giveBackFreeMemory();
  CHECK(odd.back() == std::byte{1});
}

// A job that says when it begins, and waits until it may end.
class Gate : public Job {
 public:
  void run(int threads) noexcept override {
    threads_ = threads;
    began_.count_down();
    open_.wait();
    ended_.count_down();
  }

  std::latch began_{1}, open_{1}, ended_{1};
  std::atomic<int> threads_{0};
};

TEST_CASE("a job that is alone may use all threads, one beside another uses its own") {
  const int before = getNumThreads();
  setNumThreads(2);
  const auto first = std::make_shared<Gate>();
  const auto second = std::make_shared<Gate>();
  REQUIRE(enqueue(first));
  first->began_.wait();
  REQUIRE(enqueue(second));
  second->began_.wait();
  CHECK(first->threads_ == 2);
  CHECK(second->threads_ == 1);
  first->open_.count_down();
  second->open_.count_down();
  first->ended_.wait();
  second->ended_.wait();
  setNumThreads(before);
}

TEST_CASE("a job that waits can be taken back, one that runs cannot") {
  const int before = getNumThreads();
  setNumThreads(1);
  const auto running = std::make_shared<Gate>();
  const auto waiting = std::make_shared<Gate>();
  REQUIRE(enqueue(running));
  running->began_.wait();
  REQUIRE(enqueue(waiting));
  CHECK_FALSE(dequeue(*running));
  CHECK(dequeue(*waiting));
  CHECK_FALSE(dequeue(*waiting));
  running->open_.count_down();
  running->ended_.wait();
  CHECK(waiting->threads_ == 0);
  setNumThreads(before);
}

}  // namespace
}  // namespace conv1d::test
