// Copies elements of which there are seldom many.
#pragma once

#include <cstdint>
#include <cstring>

namespace conv1d {

// For count in [Half, 2 * Half]: both halves, which may overlap each other.
template <int Half, typename T>
void copyHalves(const T* from, int64_t count, T* to) noexcept {
  T first[Half];
  T last[Half];
  std::memcpy(first, from, sizeof first);
  std::memcpy(last, from + count - Half, sizeof last);
  std::memcpy(to, first, sizeof first);
  std::memcpy(to + count - Half, last, sizeof last);
}

// For up to 16 elements.
template <typename T>
void copyFew(const T* from, int64_t count, T* to) noexcept {
  if (count >= 8) {
    copyHalves<8>(from, count, to);
  } else if (count >= 4) {
    copyHalves<4>(from, count, to);
  } else if (count >= 2) {
    copyHalves<2>(from, count, to);
  } else if (count == 1) {
    *to = *from;
  }
}

// The call of memcpy takes longer than a short row, and copies of fixed sizes need none.
template <typename T>
void copyShort(const T* from, int64_t count, T* to) noexcept {
  if (count <= 16) {
    copyFew(from, count, to);
  } else {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
  }
}

}  // namespace conv1d
