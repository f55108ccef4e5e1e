#include "runtime/buffer_pool.h"

#include <algorithm>
#include <cassert>
#include <new>

namespace conv1d {
namespace {

// Buffers differ by at most this factor from what is asked for: a small input never holds a huge buffer.
constexpr std::size_t kLooseness = 2;

constexpr std::size_t kMiB = std::size_t{1} << 20;

}  // namespace

BufferPool::BufferPool(std::size_t mostKept) noexcept : mostKept_(mostKept) { assert(mostKept <= kLargestLimit); }

BufferPool::Buffer BufferPool::take(std::size_t bytes) noexcept {
  constexpr std::size_t kMost = static_cast<std::size_t>(-1) - kHugePageBytes;
  if (bytes > kMost) return {};
  const std::size_t capacity = (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  {
    const std::lock_guard lock(mutex_);
    if (const Buffer kept = pick(capacity); kept.memory != nullptr) return kept;
  }
  return {allocate(capacity), capacity};
}

void BufferPool::give(const Buffer& buffer) noexcept {
  const std::lock_guard lock(mutex_);
  std::size_t most = mostKept_;
  const bool isHeld = keptBytes_ + buffer.capacity <= kMostHeld;
  if (!isHeld && !offerToSystem(buffer.memory, buffer.capacity)) most = std::min(most, kMostHeld);
  if (buffer.capacity > most) {
    release(buffer);
    return;
  }
  // The oldest go: nobody has asked for their size lately.
  while (keptBytes_ + buffer.capacity > most) release(takeKept(0));
  kept_[keptCount_++] = buffer;
  keptBytes_ += buffer.capacity;
}

void BufferPool::clear() noexcept {
  // One at a time, and freed without the lock: freeing takes as long as the system takes to take pages back.
  for (;;) {
    Buffer buffer;
    {
      const std::lock_guard lock(mutex_);
      if (keptCount_ == 0) return;
      buffer = takeKept(keptCount_ - 1);
    }
    release(buffer);
  }
}

std::size_t BufferPool::keptBytes() noexcept {
  const std::lock_guard lock(mutex_);
  return keptBytes_;
}

// The kept ones stay in the order in which they came.
BufferPool::Buffer BufferPool::takeKept(std::size_t index) noexcept {
  const Buffer taken = kept_[index];
  std::move(kept_.begin() + static_cast<std::ptrdiff_t>(index) + 1,
            kept_.begin() + static_cast<std::ptrdiff_t>(keptCount_),
            kept_.begin() + static_cast<std::ptrdiff_t>(index));
  keptCount_--;
  keptBytes_ -= taken.capacity;
  return taken;
}

// The smallest kept buffer that is large enough and not too large.
BufferPool::Buffer BufferPool::pick(std::size_t capacity) noexcept {
  std::size_t best = keptCount_;
  for (std::size_t i = 0; i < keptCount_; i++) {
    const std::size_t has = kept_[i].capacity;
    if (has < capacity || has > capacity * kLooseness) continue;
    if (best == keptCount_ || has < kept_[best].capacity) best = i;
  }
  return best == keptCount_ ? Buffer{} : takeKept(best);
}

void* BufferPool::allocate(std::size_t bytes) noexcept {
  void* memory = operator new (bytes, std::align_val_t{kHugePageBytes}, std::nothrow);
  if (memory != nullptr) askForHugePages(memory, bytes);
  return memory;
}

void BufferPool::release(const Buffer& buffer) noexcept {
  operator delete (buffer.memory, std::align_val_t{kHugePageBytes});
}

// Leaked: a pool thread may still be at work while static objects are destroyed at exit.
BufferPool& inputBuffers() noexcept {
  static BufferPool* const instance = new BufferPool(512 * kMiB);
  return *instance;
}

}  // namespace conv1d
