// Working memory for the workers of one call, recycled from call to call.
#pragma once

#include <cstddef>

#include "runtime/aligned_buffer.h"

namespace conv1d {

// Taken before any output is written, so that running out of memory leaves no torn result.
class Scratch {
 public:
  Scratch(int workers, std::size_t bytesPerWorker) noexcept;
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  explicit operator bool() const noexcept { return data_ != nullptr; }
  std::byte* of(int worker) const noexcept { return data_ + static_cast<std::size_t>(worker) * stride_; }

 private:
  // Small work needs little: taking it from the stack saves a lock.
  static constexpr std::size_t kOnStack = 4096;
  alignas(AlignedBuffer::kAlignment) std::byte onStack_[kOnStack];
  std::size_t stride_;
  AlignedBuffer buffer_;
  std::byte* data_;
};

}  // namespace conv1d
