// Memory between two inaccessible pages: a read or write past either end of what is placed in it ends the process.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

namespace conv1d::test {

// qemu's vmaskmov reads the whole vector, masked elements and all, and traps where a CPU does not. Its toolchain file
// asks for guard pages that trap writes only; the same code runs between inaccessible ones on a real CPU.
#if CONV1D_READABLE_GUARDS
constexpr int kGuardAccess = PROT_READ;
#else
constexpr int kGuardAccess = PROT_NONE;
#endif

enum class Flush { kStart, kEnd };

// Mapped once, used many times: place() hands out `count` elements that begin right behind the lower guard page
// (aligned) or end right before the upper one (aligned to an element only, for most counts).
template <typename T>
class GuardedBuffer {
 public:
  explicit GuardedBuffer(int64_t capacity) {
    page_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    usable_ = (static_cast<size_t>(capacity) * sizeof(T) + page_ - 1) / page_ * page_;
    if (usable_ == 0) usable_ = page_;
    void* const mapping = mmap(nullptr, usable_ + 2 * page_, kGuardAccess, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) std::abort();
    mapping_ = static_cast<unsigned char*>(mapping);
    if (mprotect(begin(), usable_, PROT_READ | PROT_WRITE) != 0) std::abort();
  }
  ~GuardedBuffer() { munmap(mapping_, usable_ + 2 * page_); }
  GuardedBuffer(const GuardedBuffer&) = delete;
  GuardedBuffer& operator=(const GuardedBuffer&) = delete;

  // Forgets what was placed before and fills everything, the elements too, with canaries.
  std::span<T> place(int64_t count, Flush flush) {
    const size_t bytes = static_cast<size_t>(count) * sizeof(T);
    if (bytes > usable_) std::abort();
    std::memset(begin(), kCanary, usable_);
    unsigned char* const first = flush == Flush::kStart ? begin() : begin() + usable_ - bytes;
    placed_ = {reinterpret_cast<T*>(first), static_cast<size_t>(count)};
    return placed_;
  }

  std::span<T> place(std::span<const T> values, Flush flush) {
    const std::span<T> elements = place(static_cast<int64_t>(values.size()), flush);
    std::copy(values.begin(), values.end(), elements.begin());
    return elements;
  }

  // What lies around the placed elements inside the pages: writes there do not trap.
  bool surroundingsUntouched() const {
    const auto* const first = reinterpret_cast<const unsigned char*>(placed_.data());
    for (const unsigned char* p = begin(); p < first; p++) {
      if (*p != kCanary) return false;
    }
    for (const unsigned char* p = first + placed_.size_bytes(); p < begin() + usable_; p++) {
      if (*p != kCanary) return false;
    }
    return true;
  }

  // Element `i` of what was placed still holds the canaries.
  bool untouched(size_t i) const {
    unsigned char canaries[sizeof(T)];
    std::memset(canaries, kCanary, sizeof canaries);
    return std::memcmp(&placed_[i], canaries, sizeof canaries) == 0;
  }

  // For an operand that must not be read at all.
  const T* inaccessible() const { return reinterpret_cast<const T*>(mapping_ + page_ / 2); }

 private:
  static constexpr unsigned char kCanary = 0xFF;  // four or eight of them: a NaN

  unsigned char* begin() const { return mapping_ + page_; }

  size_t page_ = 0;
  size_t usable_ = 0;
  unsigned char* mapping_ = nullptr;
  std::span<T> placed_;
};

}  // namespace conv1d::test
