// The arenas of a call, one for each unit that runs at once. Recycled: what they hold is undefined.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/buffer_pool.h"
#include "runtime/scratch.h"

namespace conv1d {

class Arenas {
 public:
  // What one of them takes, which begins on a cache line; false if it cannot be counted.
  static bool bytesOf(int64_t elements, std::size_t elementBytes, int count, std::size_t* bytes) noexcept;

  // `bytes` for all of them, as bytesOf has it.
  Arenas(int count, std::size_t bytes) noexcept;
  ~Arenas();
  Arenas(const Arenas&) = delete;
  Arenas& operator=(const Arenas&) = delete;

  explicit operator bool() const noexcept { return data_ != nullptr; }
  std::byte* of(int index) const noexcept { return data_ + static_cast<std::size_t>(index) * stride_; }

 private:
  const std::size_t stride_;
  const bool isLarge_;
  const Scratch small_;  // where they are not large
  BufferPool::Buffer large_;
  std::byte* data_;
};

}  // namespace conv1d
