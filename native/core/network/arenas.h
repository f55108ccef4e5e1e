// The arenas of a call, one per unit that runs at the same time. They are recycled, so their content is undefined.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/buffer_pool.h"
#include "runtime/scratch.h"

namespace conv1d {

class Arenas {
 public:
  // The bytes of one arena, which begins on a cache line; false if they cannot be counted.
  static bool bytesOf(int64_t elements, std::size_t elementBytes, int count, std::size_t* bytes) noexcept;

  // `bytes` is the sum of all arenas, counted by bytesOf.
  Arenas(int count, std::size_t bytes) noexcept;
  ~Arenas();
  Arenas(const Arenas&) = delete;
  Arenas& operator=(const Arenas&) = delete;

  explicit operator bool() const noexcept { return data_ != nullptr; }
  std::byte* of(int index) const noexcept { return data_ + static_cast<std::size_t>(index) * stride_; }

 private:
  const std::size_t stride_;
  const bool isLarge_;
  const Scratch small_;  // unless the arenas are large
  BufferPool::Buffer large_;
  std::byte* data_;
};

}  // namespace conv1d
