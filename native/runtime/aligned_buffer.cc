#include "runtime/aligned_buffer.h"

#include "runtime/huge_pages.h"

#include <new>

namespace conv1d {
namespace {

constexpr std::align_val_t alignmentOf(std::size_t bytes) {
  return std::align_val_t{bytes < kHugePageBytes ? AlignedBuffer::kAlignment : kHugePageBytes};
}

}  // namespace

AlignedBuffer::AlignedBuffer(std::size_t bytes) noexcept
    : data_(static_cast<std::byte*>(operator new(bytes, alignmentOf(bytes), std::nothrow))) {
  if (data_ == nullptr) return;
  size_ = bytes;
  if (bytes >= kHugePageBytes) askForHugePages(data_, bytes);
}

AlignedBuffer::~AlignedBuffer() {
  if (data_ != nullptr) operator delete(data_, alignmentOf(size_));
}

}  // namespace conv1d
