#include "runtime/scratch.h"

#include <array>
#include <mutex>
#include <utility>

namespace conv1d {
namespace {

// Buffers between calls: one for each call that ran at once, up to a few. A larger one replaces one that is too small.
class Shelf {
 public:
  AlignedBuffer take(std::size_t bytes) noexcept {
    AlignedBuffer buffer;
    {
      const std::lock_guard lock(mutex_);
      if (count_ > 0) buffer = std::move(buffers_[--count_]);
    }
    if (buffer.size() >= bytes) return buffer;
    return AlignedBuffer(bytes);
  }

  void put(AlignedBuffer buffer) noexcept {
    const std::lock_guard lock(mutex_);
    if (buffer && buffer.size() <= kLargestKept && count_ < buffers_.size()) buffers_[count_++] = std::move(buffer);
  }

 private:
  static constexpr std::size_t kCapacity = 4;
  static constexpr std::size_t kLargestKept = std::size_t{64} << 20;
  std::mutex mutex_;
  std::size_t count_ = 0;
  std::array<AlignedBuffer, kCapacity> buffers_;
};

// Leaked: a pool thread may still be at work while static objects are destroyed at exit.
Shelf& shelf() {
  static Shelf* const instance = new Shelf;
  return *instance;
}

constexpr std::size_t alignedSize(std::size_t bytes) {
  return (bytes + AlignedBuffer::kAlignment - 1) / AlignedBuffer::kAlignment * AlignedBuffer::kAlignment;
}

}  // namespace

Scratch::Scratch(int workers, std::size_t bytesPerWorker) noexcept : stride_(alignedSize(bytesPerWorker)) {
  const std::size_t bytes = static_cast<std::size_t>(workers) * stride_;
  if (bytes <= kOnStack) {
    data_ = onStack_;
  } else {
    buffer_ = shelf().take(bytes);
    data_ = buffer_.data();
  }
}

Scratch::~Scratch() {
  if (buffer_) shelf().put(std::move(buffer_));
}

}  // namespace conv1d
