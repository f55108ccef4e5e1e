// Large buffers, used again when their last owner is gone.
//
// A fresh large buffer costs a page fault for every 4 KiB (a 38 MB output: more time than many convolutions take).
// These are kept for the next one of about the same size, and ask for huge pages.
#pragma once

#include <array>
#include <cstddef>
#include <mutex>

#include "runtime/huge_pages.h"

namespace conv1d {

// A buffer takes up whole huge pages.
constexpr std::size_t kMinPooledBytes = kHugePageBytes;

class BufferPool {
 public:
  // Lends out at most `mostLent` at a time; above it the caller has to take memory of another kind. Keeps at most
  // `mostKept` between two calls; of that, what exceeds kMostHeld is on offer to the system, and goes where it takes no
  // offers. Both at most kLargestLimit.
  BufferPool(std::size_t mostLent, std::size_t mostKept) noexcept;

  // At least `bytes` of memory, aligned to a huge page, with whatever it held before; null when too much is lent out
  // already or there is no memory.
  void* take(std::size_t bytes) noexcept;

  // Another owner for the buffer that holds [from, from + bytes), when it is one of these and lent out: it stays lent
  // until both have given it back. Null for any other memory.
  void* share(const void* from, std::size_t bytes) noexcept;

  // Gives a buffer back, from any thread.
  void give(void* memory) noexcept;

 private:
  static constexpr std::size_t kLargestLimit = std::size_t{1} << 30;
  static constexpr std::size_t kMostHeld = std::size_t{128} << 20;

  struct Buffer {
    void* memory = nullptr;
    std::size_t capacity = 0;
    int owners = 0;
  };

  static void* allocate(std::size_t bytes) noexcept;
  static void release(const Buffer& buffer) noexcept;
  Buffer pick(std::size_t capacity) noexcept;
  Buffer takeKept(std::size_t index) noexcept;

  const std::size_t mostLent_;
  const std::size_t mostKept_;
  std::mutex mutex_;
  std::size_t lentBytes_ = 0;
  std::size_t keptBytes_ = 0;
  std::size_t lentCount_ = 0;
  std::size_t keptCount_ = 0;
  std::array<Buffer, kLargestLimit / kMinPooledBytes> lent_;
  std::array<Buffer, kLargestLimit / kMinPooledBytes> kept_;
};

// One for results, which JavaScript owns and gives back only when its event loop turns: a loop that never yields would
// borrow without end. And one for the inputs of background jobs, given back when the job has run.
BufferPool& resultBuffers() noexcept;
BufferPool& inputBuffers() noexcept;

}  // namespace conv1d
