// Fewer page faults, fewer misses of the address cache.
#pragma once

#include <cstddef>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace conv1d {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

// A hint for memory that begins on a huge page; without it everything works, more slowly.
inline void askForHugePages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::size_t kPage = 4096;
  madvise(memory, bytes / kPage * kPage, MADV_HUGEPAGE);
#endif
}

// What the memory holds is not needed any more: the system may take its pages when it runs short. Until then, and after
// the next write, they are there without a page fault. False where there is no such offer, or none for this memory.
inline bool offerToSystem([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(__linux__) && defined(MADV_FREE)
  return madvise(memory, bytes, MADV_FREE) == 0;
#else
  return false;
#endif
}

}  // namespace conv1d
