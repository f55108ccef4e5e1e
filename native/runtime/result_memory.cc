#include "runtime/result_memory.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <mutex>

#include "runtime/buffer_pool.h"
#include "runtime/huge_pages.h"
#include "runtime/start_thread.h"

#if defined(__GLIBC__)
#include <malloc.h>
#include <unistd.h>
#endif

namespace conv1d {
namespace {

// From here on a result is worth a system call.
constexpr std::size_t kLarge = std::size_t{512} << 10;

using Clock = std::chrono::steady_clock;

std::int64_t milliseconds() noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
}

#if defined(__GLIBC__)

// What glibc's own dynamic threshold comes to in a process that frees large blocks. Blocks of others above it stay
// mapped: they are cleared lazily and go back when they are freed.
constexpr int kMmapThreshold = 32 << 20;
constexpr int kResultMmapThreshold = 1 << 30;

constexpr int kTrimThreshold = 256 << 20;
constexpr int kIdleTrimThreshold = 1 << 20;

// The heap grows by this much more than is asked for, untouched, so that whole huge pages can be asked for before
// anyone writes there (2 MB: 1.35 of the time with `out`, here 1.2).
constexpr int kTopPad = 64 << 20;
constexpr int kUsualTopPad = 128 << 10;  // of glibc itself

bool isLeftAlone() noexcept {
  const char* choice = std::getenv("CONV1D_MALLOC");
  if (choice != nullptr && std::strcmp(choice, "leave") == 0) return true;
  if (std::getenv("MALLOC_MMAP_THRESHOLD_") != nullptr || std::getenv("MALLOC_TRIM_THRESHOLD_") != nullptr) return true;
  const char* tunables = std::getenv("GLIBC_TUNABLES");
  return tunables != nullptr && std::strstr(tunables, "glibc.malloc.") != nullptr;
}

std::atomic<std::uintptr_t> advised{0};  // where the heap ended when huge pages were last asked for

// Sets up the heap at the first call; whether the C library keeps what is freed. The trim threshold is never set
// without the other: setting either stops glibc from adapting both.
bool heapIsKept() noexcept {
  static const bool isKept = [] {
    if (isLeftAlone() || mallopt(M_MMAP_THRESHOLD, kMmapThreshold) != 1) return false;
    advised.store(reinterpret_cast<std::uintptr_t>(sbrk(0)));
    return mallopt(M_TRIM_THRESHOLD, kTrimThreshold) == 1;
  }();
  return isKept;
}

// What may lie free: a few results, since the garbage collector frees several at once.
std::size_t mostKept(std::size_t bytes) noexcept {
  constexpr std::size_t kResults = 3;
  constexpr std::size_t kLimit = std::numeric_limits<int>::max();  // of mallopt
  return std::min(kLimit, std::max<std::size_t>(kTrimThreshold, std::min(bytes, kLimit) * kResults));
}

std::mutex trimMutex;
int trimThreshold = kTrimThreshold;  // guarded by it, as glibc's own value is

void setTrimThreshold(int bytes) noexcept {
  if (trimThreshold == bytes) return;
  trimThreshold = bytes;
  mallopt(M_TRIM_THRESHOLD, bytes);
}

// Raises the threshold for results of this size, and after the process was idle.
void keepResults(std::size_t bytes) noexcept {
  const std::lock_guard lock(trimMutex);
  setTrimThreshold(std::max(trimThreshold, static_cast<int>(mostKept(bytes))));
}

// What is freed at the end of the heap from now on goes back, until there is another large result.
void keepNothing() noexcept {
  const std::lock_guard lock(trimMutex);
  setTrimThreshold(kIdleTrimThreshold);
}

// Asks for huge pages in what the heap has grown by since the last call.
void adviseHeap() noexcept {
  const auto end = reinterpret_cast<std::uintptr_t>(sbrk(0)) / kHugePageBytes * kHugePageBytes;
  std::uintptr_t last = advised.load(std::memory_order_relaxed);
  if (end == last || !advised.compare_exchange_strong(last, end)) return;
  const std::uintptr_t begin = (last + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  if (begin < end) askForHugePages(reinterpret_cast<void*>(begin), end - begin);
}

// More than this is not kept for results of this size, however busy the process is: they may have been many at once.
bool isTooMuchKept([[maybe_unused]] std::size_t bytes) noexcept {
  constexpr std::int64_t kSeldom = 1000;  // milliseconds: looking takes microseconds, trimming milliseconds
  static std::atomic<std::int64_t> looked{0};
  const std::int64_t now = milliseconds();
  std::int64_t last = looked.load(std::memory_order_relaxed);
  if (now - last < kSeldom || !looked.compare_exchange_strong(last, now)) return false;
#if __GLIBC_PREREQ(2, 33)
  return mallinfo2().fordblks > mostKept(bytes);
#else
  return false;
#endif
}

void trim() noexcept { malloc_trim(0); }

#else

bool heapIsKept() noexcept { return false; }
void adviseHeap() noexcept {}
bool isTooMuchKept(std::size_t) noexcept { return false; }
void trim() noexcept {}

#endif

std::atomic<bool> isTrimming{false};

// Walking through the heap holds the locks of its arenas, a millisecond per 20 MB: not on a thread that others wait
// for. One at a time.
//
// Whether it runs now; not when another does or there is no thread for it.
bool trimBeside(void (*work)() noexcept) noexcept {
  if (isTrimming.exchange(true)) return false;
  const auto body = [](void* what) {
    reinterpret_cast<void (*)()>(what)();
    isTrimming.store(false);
  };
  const bool started = startThread(body, reinterpret_cast<void*>(work));
  if (!started) isTrimming.store(false);
  return started;
}

std::atomic<std::int64_t> lastUsed{0};
std::atomic<int> timesGivenBack{0};  // since then

}  // namespace

KeptHeap::KeptHeap([[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__GLIBC__)
  if (bytes < kLarge || !heapIsKept()) return;
  keepResults(bytes);
  isPadded_ = mallopt(M_TOP_PAD, kTopPad) == 1;
  isRaised_ = bytes >= static_cast<std::size_t>(kMmapThreshold) && mallopt(M_MMAP_THRESHOLD, kResultMmapThreshold) == 1;
#endif
}

KeptHeap::~KeptHeap() {
#if defined(__GLIBC__)
  if (isPadded_) mallopt(M_TOP_PAD, kUsualTopPad);
  if (isRaised_) mallopt(M_MMAP_THRESHOLD, kMmapThreshold);
#endif
}

void prepareResult(void* memory, std::size_t bytes) noexcept {
  noteLargeMemory(bytes);
  if (bytes < kLarge) return;
  if (heapIsKept()) {
    adviseHeap();
    if (isTooMuchKept(bytes)) trimBeside(trim);
  }
  // Whole huge pages only: what lies around may be others'.
  const auto begin = (reinterpret_cast<std::uintptr_t>(memory) + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  const auto end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / kHugePageBytes * kHugePageBytes;
  if (end > begin) askForHugePages(reinterpret_cast<void*>(begin), end - begin);
}

void noteLargeMemory(std::size_t bytes) noexcept {
  if (bytes < kLarge) return;
  lastUsed.store(milliseconds(), std::memory_order_relaxed);
  timesGivenBack.store(0, std::memory_order_relaxed);
}

bool giveBackWhenIdle() noexcept {
  // The first time soon; the second when the garbage collector has probably had its turn.
  constexpr std::int64_t kIdle[] = {2000, 20'000};
  constexpr int kTimes = sizeof kIdle / sizeof kIdle[0];
  const std::int64_t idle = milliseconds() - lastUsed.load(std::memory_order_relaxed);
  int times = timesGivenBack.load(std::memory_order_relaxed);
  if (times >= kTimes) return true;
  if (idle >= kIdle[times] && trimBeside(giveBackFreeMemory)) timesGivenBack.compare_exchange_strong(times, times + 1);
  return false;
}

void giveBackFreeMemory() noexcept {
  inputBuffers().clear();
#if defined(__GLIBC__)
  if (heapIsKept()) keepNothing();
#endif
  trim();
}

}  // namespace conv1d
