#include "runtime/result_memory.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "runtime/buffer_pool.h"
#include "runtime/huge_pages.h"

#if defined(__GLIBC__)
#include <malloc.h>
#include <unistd.h>
#endif

namespace conv1d {
namespace {

// From here on a result is worth a system call.
constexpr std::size_t kLarge = std::size_t{512} << 10;

#if defined(__GLIBC__)

// glibc maps blocks above a threshold of at most 32 MB anew each time, and trims its heap at about twice the size of
// the largest block ever freed: a loop whose results come and go then pays its page faults on every call (134 MB: 1.38
// of the time with `out`, here 1.0; 6.6 MB, mean: 2.4, here 1.4). Whoever set these in the environment has decided
// already.
constexpr int kMmapThreshold = 1 << 30;
constexpr int kTrimThreshold = 256 << 20;

// The heap grows by this much more than is asked for, untouched, so that whole huge pages can be asked for before
// anyone writes there (2 MB: 1.35 of the time with `out`, here 1.2).
constexpr int kTopPad = 64 << 20;

bool isSetByUser() noexcept {
  if (std::getenv("MALLOC_MMAP_THRESHOLD_") != nullptr || std::getenv("MALLOC_TRIM_THRESHOLD_") != nullptr) return true;
  const char* tunables = std::getenv("GLIBC_TUNABLES");
  return tunables != nullptr && std::strstr(tunables, "glibc.malloc.") != nullptr;
}

// Whether we have told the C library to keep what is freed.
bool keepFreedMemory() noexcept {
  static const bool kept = [] {
    if (isSetByUser()) return false;
    mallopt(M_MMAP_THRESHOLD, kMmapThreshold);
    mallopt(M_TRIM_THRESHOLD, kTrimThreshold);
    mallopt(M_TOP_PAD, kTopPad);
    return true;
  }();
  return kept;
}

// Asks for huge pages in what the heap has grown by since the last call.
void adviseHeap() noexcept {
  static std::atomic<std::uintptr_t> advised{0};
  const auto end = reinterpret_cast<std::uintptr_t>(sbrk(0)) / kHugePageBytes * kHugePageBytes;
  std::uintptr_t begin = advised.load(std::memory_order_relaxed);
  if (end == begin || !advised.compare_exchange_strong(begin, end)) return;
  if (begin == 0 && end > kTopPad) begin = end - kTopPad;
  if (begin < end) askForHugePages(reinterpret_cast<void*>(begin), end - begin);
}

#else

bool keepFreedMemory() noexcept { return false; }
void adviseHeap() noexcept {}

#endif

}  // namespace

void prepareResult(void* memory, std::size_t bytes) noexcept {
  if (bytes < kLarge) return;
  if (keepFreedMemory()) adviseHeap();
  // Whole huge pages only: what lies around belongs to others.
  const auto begin = (reinterpret_cast<std::uintptr_t>(memory) + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  const auto end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) / kHugePageBytes * kHugePageBytes;
  if (end > begin) askForHugePages(reinterpret_cast<void*>(begin), end - begin);
}

void giveBackFreeMemory() noexcept {
  inputBuffers().clear();
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

}  // namespace conv1d
