#include "runtime/buffer_pool.h"

#include <array>
#include <cstdint>
#include <mutex>
#include <new>

#include "runtime/huge_pages.h"

namespace conv1d {
namespace {

// JavaScript gives external memory back only when its event loop turns: a loop that never yields would borrow without
// end. Above this the caller has to take memory of another kind.
constexpr std::size_t kMostLent = std::size_t{256} << 20;

// What may lie unused between two calls.
constexpr std::size_t kMostKept = std::size_t{128} << 20;

// Buffers differ by at most this factor from what is asked for: a small result never holds a huge buffer.
constexpr std::size_t kLooseness = 2;

struct Buffer {
  void* memory = nullptr;
  std::size_t capacity = 0;
  int owners = 0;
};

void* allocate(std::size_t bytes) noexcept {
  void* memory = operator new (bytes, std::align_val_t{kHugePageBytes}, std::nothrow);
  if (memory != nullptr) askForHugePages(memory, bytes);
  return memory;
}

void release(const Buffer& buffer) noexcept { operator delete (buffer.memory, std::align_val_t{kHugePageBytes}); }

class BufferPool {
 public:
  void* take(std::size_t bytes) noexcept {
    const std::size_t capacity = (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
    const std::lock_guard lock(mutex_);
    if (lentBytes_ + capacity > kMostLent) return nullptr;
    Buffer taken = pick(capacity);
    if (taken.memory == nullptr) taken = {allocate(capacity), capacity};
    if (taken.memory == nullptr) return nullptr;
    lentBytes_ += taken.capacity;
    taken.owners = 1;
    lent_[lentCount_++] = taken;
    return taken.memory;
  }

  void* share(const void* from, std::size_t bytes) noexcept {
    const std::lock_guard lock(mutex_);
    const auto first = reinterpret_cast<std::uintptr_t>(from);
    for (std::size_t i = 0; i < lentCount_; i++) {
      const auto begin = reinterpret_cast<std::uintptr_t>(lent_[i].memory);
      if (first < begin || first - begin > lent_[i].capacity || bytes > lent_[i].capacity - (first - begin)) continue;
      lent_[i].owners++;
      return lent_[i].memory;
    }
    return nullptr;
  }

  void put(void* memory) noexcept {
    const std::lock_guard lock(mutex_);
    std::size_t i = 0;
    while (lent_[i].memory != memory) i++;
    if (--lent_[i].owners > 0) return;
    const Buffer buffer = lent_[i];
    lent_[i] = lent_[--lentCount_];
    lentBytes_ -= buffer.capacity;
    if (keptCount_ < kept_.size() && keptBytes_ + buffer.capacity <= kMostKept) {
      kept_[keptCount_++] = buffer;
      keptBytes_ += buffer.capacity;
    } else {
      release(buffer);
    }
  }

 private:
  // The smallest kept buffer that is large enough and not too large.
  Buffer pick(std::size_t capacity) noexcept {
    std::size_t best = keptCount_;
    for (std::size_t i = 0; i < keptCount_; i++) {
      const std::size_t has = kept_[i].capacity;
      if (has >= capacity && has <= capacity * kLooseness && (best == keptCount_ || has < kept_[best].capacity))
        best = i;
    }
    if (best == keptCount_) return {};
    const Buffer taken = kept_[best];
    kept_[best] = kept_[--keptCount_];
    keptBytes_ -= taken.capacity;
    return taken;
  }

  std::mutex mutex_;
  std::size_t lentBytes_ = 0;
  std::size_t keptBytes_ = 0;
  std::size_t lentCount_ = 0;
  std::size_t keptCount_ = 0;
  std::array<Buffer, kMostLent / kMinPooledBytes> lent_;  // none is smaller than kMinPooledBytes
  std::array<Buffer, 16> kept_;
};

// Leaked: JavaScript may return buffers while static objects are destroyed at exit.
BufferPool& pool() {
  static BufferPool* const instance = new BufferPool;
  return *instance;
}

}  // namespace

void* takePooled(std::size_t bytes) noexcept { return pool().take(bytes); }

void* sharePooled(const void* from, std::size_t bytes) noexcept { return pool().share(from, bytes); }

void returnPooled(void* memory) noexcept { pool().put(memory); }

}  // namespace conv1d
