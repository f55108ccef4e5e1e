#include "runtime/buffer_pool.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <new>

namespace conv1d {
namespace {

// Buffers differ by at most this factor from what is asked for: a small result never holds a huge buffer.
constexpr std::size_t kLooseness = 2;

constexpr std::size_t kMiB = std::size_t{1} << 20;

}  // namespace

BufferPool::BufferPool(std::size_t mostLent, std::size_t mostKept) noexcept : mostLent_(mostLent), mostKept_(mostKept) {
  assert(mostLent <= kLargestLimit && mostKept <= kLargestLimit);
}

void* BufferPool::take(std::size_t bytes) noexcept {
  if (bytes > mostLent_) return nullptr;
  const std::size_t capacity = (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
  const std::lock_guard lock(mutex_);
  if (lentBytes_ + capacity > mostLent_) return nullptr;
  Buffer taken = pick(capacity);
  if (taken.memory == nullptr) taken = {allocate(capacity), capacity};
  if (taken.memory == nullptr) return nullptr;
  taken.owners = 1;
  lentBytes_ += taken.capacity;
  lent_[lentCount_++] = taken;
  return taken.memory;
}

void* BufferPool::share(const void* from, std::size_t bytes) noexcept {
  const auto first = reinterpret_cast<std::uintptr_t>(from);
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < lentCount_; i++) {
    Buffer& buffer = lent_[i];
    const auto begin = reinterpret_cast<std::uintptr_t>(buffer.memory);
    if (first < begin || first - begin > buffer.capacity || bytes > buffer.capacity - (first - begin)) continue;
    buffer.owners++;
    return buffer.memory;
  }
  return nullptr;
}

void BufferPool::give(void* memory) noexcept {
  const std::lock_guard lock(mutex_);
  std::size_t i = 0;
  while (lent_[i].memory != memory) i++;
  if (--lent_[i].owners > 0) return;
  const Buffer buffer = lent_[i];
  lent_[i] = lent_[--lentCount_];
  lentBytes_ -= buffer.capacity;
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

// Leaked: JavaScript may give buffers back while static objects are destroyed at exit.
BufferPool& resultBuffers() noexcept {
  static BufferPool* const instance = new BufferPool(256 * kMiB, 128 * kMiB);
  return *instance;
}

BufferPool& inputBuffers() noexcept {
  static BufferPool* const instance = new BufferPool(1024 * kMiB, 512 * kMiB);
  return *instance;
}

}  // namespace conv1d
