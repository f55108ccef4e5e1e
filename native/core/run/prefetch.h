// Asks for memory that a kernel will read or write next.
#pragma once

#include <cstdint>

namespace conv1d {

template <typename T>
void prefetch([[maybe_unused]] const T* from, [[maybe_unused]] int64_t count) noexcept {
#if defined(__GNUC__)
  constexpr int64_t kCacheLine = 64 / sizeof(T);
  for (int64_t i = 0; i < count; i += kCacheLine) __builtin_prefetch(from + i);
#endif
}

// As far as the second cache: what is read only after more than the first one holds.
template <typename T>
void prefetchToSecondCache([[maybe_unused]] const T* from, [[maybe_unused]] int64_t count) noexcept {
#if defined(__GNUC__)
  constexpr int64_t kCacheLine = 64 / sizeof(T);
  for (int64_t i = 0; i < count; i += kCacheLine) __builtin_prefetch(from + i, 0, 2);
#endif
}

template <typename T>
void prefetchToWrite([[maybe_unused]] const T* to, [[maybe_unused]] int64_t count) noexcept {
#if defined(__GNUC__)
  constexpr int64_t kCacheLine = 64 / sizeof(T);
  for (int64_t i = 0; i < count; i += kCacheLine) __builtin_prefetch(to + i, 1);
#endif
}

}  // namespace conv1d
