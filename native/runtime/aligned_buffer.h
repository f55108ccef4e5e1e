// Memory aligned to a cache line, freed with its owner. An allocation that fails leaves the buffer empty.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace conv1d {

class AlignedBuffer {
 public:
  static constexpr std::size_t kAlignment = 64;

  AlignedBuffer() noexcept = default;
  explicit AlignedBuffer(std::size_t bytes) noexcept
      : data_(static_cast<std::byte*>(operator new (bytes, std::align_val_t{kAlignment}, std::nothrow))),
        size_(data_ ? bytes : 0) {}
  AlignedBuffer(AlignedBuffer&& other) noexcept : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    data_ = std::move(other.data_);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  std::byte* data() const noexcept { return data_.get(); }
  std::size_t size() const noexcept { return size_; }
  explicit operator bool() const noexcept { return data_ != nullptr; }

 private:
  struct Free {
    void operator()(std::byte* data) const noexcept { operator delete (data, std::align_val_t{kAlignment}); }
  };
  std::unique_ptr<std::byte, Free> data_;
  std::size_t size_ = 0;
};

}  // namespace conv1d
