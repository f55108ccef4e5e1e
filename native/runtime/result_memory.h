// Memory of results. It belongs to V8 alone, so that every way of JavaScript's to hand it on or to drop it is safe;
// here it is only made cheap: few page faults when it is fresh, none when it comes back from the C library.
//
// With glibc, from the first large result on, this makes the C library keep freed blocks: by itself it maps large
// blocks anew each time and trims its heap at about twice the size of the largest block ever freed, so that a loop
// whose results come and go pays its page faults on every call (134 MB: 1.38 of the time with `out`, here 1.0; 6.6 MB,
// mean: 2.4, here 1.4). CONV1D_MALLOC=leave, or what glibc itself reads (MALLOC_TRIM_THRESHOLD_,
// MALLOC_MMAP_THRESHOLD_, GLIBC_TUNABLES with glibc.malloc), leaves the decision to the user.
#pragma once

#include <cstddef>

namespace conv1d {

// While one lives, the heap grows in steps that leave room for huge pages, and a block of this size is taken from it
// and not mapped, where glibc allows it (2.35 and newer above 32 MiB). To be held around the allocation of a result. It
// does so for all threads, of which few allocate as much just then.
class KeptHeap {
 public:
  explicit KeptHeap(std::size_t bytes) noexcept;
  ~KeptHeap();
  KeptHeap(const KeptHeap&) = delete;
  KeptHeap& operator=(const KeptHeap&) = delete;

 private:
  [[maybe_unused]] bool isPadded_ = false;
  [[maybe_unused]] bool isRaised_ = false;
};

// To be called before the first write to a result: asks for huge pages.
void prepareResult(void* memory, std::size_t bytes) noexcept;

// To be called with the size of a result or an input that has just been used: if it is large, the process is not idle.
void noteLargeMemory(std::size_t bytes) noexcept;

// Gives back to the system what the C library and the pool of inputs keep, on a thread of its own, once no large memory
// has been used for two seconds; and again some time later, when the garbage collector has had its turn. True when
// there is nothing left to do until the next large result. From any thread.
bool giveBackWhenIdle() noexcept;

// The same at once and on this thread.
void giveBackFreeMemory() noexcept;

}  // namespace conv1d
