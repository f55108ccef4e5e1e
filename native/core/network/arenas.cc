#include "core/network/arenas.h"

#include <limits>

#include "core/checked_math.h"
#include "runtime/aligned_buffer.h"

namespace conv1d {

bool Arenas::bytesOf(int64_t elements, std::size_t elementBytes, int count, std::size_t* bytes) noexcept {
  constexpr auto kLine = static_cast<int64_t>(AlignedBuffer::kAlignment);
  int64_t total = 0;
  if (!checkedMultiply(elements, static_cast<int64_t>(elementBytes), &total) || !checkedAdd(total, kLine, &total) ||
      !checkedMultiply(roundUp(total - kLine, kLine), count, &total) ||
      static_cast<uint64_t>(total) > std::numeric_limits<std::size_t>::max() / 2) {
    return false;
  }
  *bytes = static_cast<std::size_t>(total);
  return true;
}

Arenas::Arenas(int count, std::size_t bytes) noexcept
    : stride_(bytes / static_cast<std::size_t>(count)),
      isLarge_(bytes >= kMinPooledBytes),
      small_(1, isLarge_ ? 0 : bytes) {
  if (isLarge_) large_ = inputBuffers().take(bytes);
  data_ = isLarge_ ? static_cast<std::byte*>(large_.memory) : static_cast<bool>(small_) ? small_.of(0) : nullptr;
}

Arenas::~Arenas() {
  if (large_.memory != nullptr) inputBuffers().give(large_);
}

}  // namespace conv1d
