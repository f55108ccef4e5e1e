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

  explicit operator bool() const noexcept { return static_cast<bool>(buffer_); }
  std::byte* of(int worker) const noexcept { return buffer_.data() + static_cast<std::size_t>(worker) * stride_; }

 private:
  std::size_t stride_;
  AlignedBuffer buffer_;
};

}  // namespace conv1d
