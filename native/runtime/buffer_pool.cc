#include "runtime/buffer_pool.h"

#include <array>
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
};

void* allocate(std::size_t bytes) noexcept {
  void* memory = operator new (bytes, std::align_val_t{kHugePageBytes}, std::nothrow);
  if (memory != nullptr) askForHugePages(memory, bytes);
  return memory;
}

void release(const Buffer& buffer) noexcept { operator delete (buffer.memory, std::align_val_t{kHugePageBytes}); }

class BufferPool {
 public:
  Buffer take(std::size_t bytes) noexcept {
    const std::size_t capacity = (bytes + kHugePageBytes - 1) / kHugePageBytes * kHugePageBytes;
    const std::lock_guard lock(mutex_);
    if (lent_ + capacity > kMostLent) return {};
    Buffer taken = pick(capacity);
    if (taken.memory == nullptr) taken = {allocate(capacity), capacity};
    if (taken.memory != nullptr) lent_ += taken.capacity;
    return taken;
  }

  void put(Buffer buffer) noexcept {
    const std::lock_guard lock(mutex_);
    lent_ -= buffer.capacity;
    if (count_ < buffers_.size() && kept_ + buffer.capacity <= kMostKept) {
      buffers_[count_++] = buffer;
      kept_ += buffer.capacity;
    } else {
      release(buffer);
    }
  }

 private:
  // The smallest kept buffer that is large enough and not too large.
  Buffer pick(std::size_t capacity) noexcept {
    std::size_t best = count_;
    for (std::size_t i = 0; i < count_; i++) {
      const std::size_t has = buffers_[i].capacity;
      if (has >= capacity && has <= capacity * kLooseness && (best == count_ || has < buffers_[best].capacity))
        best = i;
    }
    if (best == count_) return {};
    const Buffer taken = buffers_[best];
    buffers_[best] = buffers_[--count_];
    kept_ -= taken.capacity;
    return taken;
  }

  std::mutex mutex_;
  std::size_t lent_ = 0;  // bytes
  std::size_t kept_ = 0;
  std::size_t count_ = 0;
  std::array<Buffer, 16> buffers_;
};

// Leaked: JavaScript may return buffers while static objects are destroyed at exit.
BufferPool& pool() {
  static BufferPool* const instance = new BufferPool;
  return *instance;
}

}  // namespace

void* takePooled(std::size_t bytes, std::size_t* capacity) noexcept {
  const Buffer buffer = pool().take(bytes);
  *capacity = buffer.capacity;
  return buffer.memory;
}

void returnPooled(void* memory, std::size_t capacity) noexcept { pool().put({memory, capacity}); }

}  // namespace conv1d
