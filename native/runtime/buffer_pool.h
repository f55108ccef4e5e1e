// Large buffers of the native side's own, used again when their job has run.
//
// A fresh large buffer costs a page fault for every 4 KiB (a 38 MB input: more time than many convolutions take).
// These are kept for the next one of about the same size, and ask for huge pages. JavaScript never sees them.
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
  struct Buffer {
    void* memory = nullptr;
    std::size_t capacity = 0;
  };

  // Keeps at most `mostKept` between two calls; of that, what exceeds kMostHeld is on offer to the system, and goes
  // where it takes no offers. At most kLargestLimit.
  explicit BufferPool(std::size_t mostKept) noexcept;

  // At least `bytes` of memory, aligned to a huge page, with whatever it held before; null when there is no memory.
  Buffer take(std::size_t bytes) noexcept;

  // Gives a buffer back, from any thread.
  void give(const Buffer& buffer) noexcept;

  // Keeps none.
  void clear() noexcept;

  std::size_t keptBytes() noexcept;

 private:
  static constexpr std::size_t kLargestLimit = std::size_t{1} << 30;
  static constexpr std::size_t kMostHeld = std::size_t{128} << 20;

  static void* allocate(std::size_t bytes) noexcept;
  static void release(const Buffer& buffer) noexcept;
  Buffer pick(std::size_t capacity) noexcept;
  Buffer takeKept(std::size_t index) noexcept;

  const std::size_t mostKept_;
  std::mutex mutex_;
  std::size_t keptBytes_ = 0;
  std::size_t keptCount_ = 0;
  std::array<Buffer, kLargestLimit / kMinPooledBytes> kept_;
};

// For the inputs of background jobs.
BufferPool& inputBuffers() noexcept;

}  // namespace conv1d
