#include "core/sorting/sort.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "core/checked_math.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

constexpr int64_t kLeastPerThread = 4096;  // elements
constexpr int64_t kFewest = 128;           // from here on, counting digits is faster than comparing
constexpr int64_t kFew = 32;               // up to this many of the best are kept in order as they come
constexpr int kDigitBits = 11;
constexpr uint32_t kDigits = 1u << kDigitBits;

// An unsigned number that is in order as the elements are.
template <typename T>
struct Key {
  using Type = std::conditional_t<sizeof(T) == 8, uint64_t, uint32_t>;
  static constexpr int kBits = 8 * sizeof(T);

  static Type of(T x) noexcept {
    if constexpr (std::is_floating_point_v<T>) {
      constexpr Type kSign = Type{1} << (kBits - 1);
      if (x != x) return ~Type{0};
      // Not std::bit_cast, which the library of the oldest binary does not have.
      const T value = x == 0 ? T{0} : x;
      Type bits;
      std::memcpy(&bits, &value, sizeof bits);
      return (bits & kSign) != 0 ? static_cast<Type>(~bits) : bits | kSign;
    } else if constexpr (std::is_signed_v<T>) {
      return static_cast<Type>(x) ^ (Type{1} << (kBits - 1));
    } else {
      return x;
    }
  }
};

template <typename Number>
struct Entry {
  Number key;
  uint32_t index;
  bool operator<(const Entry& other) const noexcept { return key != other.key ? key < other.key : index < other.index; }
};

template <typename T>
using EntryOf = Entry<typename Key<T>::Type>;

template <typename T>
void fill(const T* x, int64_t count, bool isDescending, EntryOf<T>* entries) noexcept {
  using Type = typename Key<T>::Type;
  const Type flip = isDescending ? ~Type{0} : Type{0};
  for (int64_t i = 0; i < count; i++) {
    entries[i] = {static_cast<Type>(Key<T>::of(x[i]) ^ flip), static_cast<uint32_t>(i)};
  }
}

// From the lowest of `bits` bits to the highest, each pass stable. Returns where the result lies: `from` or `to`.
template <typename Number>
Entry<Number>* sortByDigits(Entry<Number>* from, Entry<Number>* to, int64_t count, int bits) noexcept {
  for (int shift = 0; shift < bits; shift += kDigitBits) {
    const auto digit = [&](const Entry<Number>& entry) {
      return static_cast<uint32_t>(entry.key >> shift) & (kDigits - 1);
    };
    uint32_t ends[kDigits] = {};
    for (int64_t i = 0; i < count; i++) ends[digit(from[i])]++;
    if (ends[digit(from[0])] == static_cast<uint32_t>(count)) continue;
    uint32_t begin = 0;
    for (uint32_t& end : ends) {
      const uint32_t length = end;
      end = begin;
      begin += length;
    }
    for (int64_t i = 0; i < count; i++) to[ends[digit(from[i])]++] = from[i];
    std::swap(from, to);
  }
  return from;
}

template <typename Number>
Entry<Number>* sortEntries(Entry<Number>* entries, Entry<Number>* room, int64_t count, int bits) noexcept {
  if (count >= kFewest) return sortByDigits(entries, room, count, bits);
  std::sort(entries, entries + count);
  return entries;
}

// The k smallest of all elements, in order, without an entry for each: few elements are among the best so far.
template <typename T>
void selectFew(const T* x, int64_t count, int64_t k, bool areLargest, EntryOf<T>* best) noexcept {
  using Type = typename Key<T>::Type;
  const Type flip = areLargest ? ~Type{0} : Type{0};
  int64_t kept = 0;
  for (int64_t i = 0; i < count; i++) {
    const auto key = static_cast<Type>(Key<T>::of(x[i]) ^ flip);
    if (kept == k && key >= best[k - 1].key) continue;
    if (kept < k) kept++;
    int64_t at = kept - 1;
    for (; at > 0 && key < best[at - 1].key; at--) best[at] = best[at - 1];
    best[at] = {key, static_cast<uint32_t>(i)};
  }
}

template <typename T>
void take(const EntryOf<T>* entries, int64_t count, const T* x, T* values, int64_t* indices) noexcept {
  for (int64_t i = 0; i < count; i++) {
    values[i] = x[entries[i].index];
    indices[i] = entries[i].index;
  }
}

// Calls body(row, entries) for each row, with scratch memory for `entryCount` of them.
template <typename T, typename Body>
Status forEachRow(int64_t rows, int64_t count, int64_t entryCount, int threads, const Body& body) noexcept {
  if (count > kMaxSorted) return Status::kOverflow;
  const int workers = static_cast<int>(std::clamp<int64_t>(std::min(rows, rows * count / kLeastPerThread), 1, threads));
  const Scratch scratch(workers, static_cast<size_t>(entryCount) * sizeof(EntryOf<T>));
  if (!scratch) return Status::kOutOfMemory;
  parallelFor(rows, workers, [&](int worker, TaskRange& tasks) {
    const StandardFloatMode mode;  // where denormals are zeros, they compare as such
    auto* const entries = reinterpret_cast<EntryOf<T>*>(scratch.of(worker));
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      for (int64_t row = begin; row < end; row++) body(row, entries);
    }
  });
  return Status::kOk;
}

}  // namespace

template <typename T>
Status sort(bool isDescending, int64_t rows, int64_t count, const T* x, T* values, int64_t* indices,
            int threads) noexcept {
  if (rows == 0 || count == 0) return Status::kOk;
  return forEachRow<T>(rows, count, 2 * count, threads, [&](int64_t row, EntryOf<T>* entries) {
    const int64_t first = row * count;
    fill(x + first, count, isDescending, entries);
    entries = sortEntries(entries, entries + count, count, Key<T>::kBits);
    take(entries, count, x + first, values + first, indices + first);
  });
}

template <typename T>
Status topk(int64_t k, bool areLargest, int64_t rows, int64_t count, const T* x, T* values, int64_t* indices,
            int threads) noexcept {
  if (rows == 0 || k == 0) return Status::kOk;
  if (k > count) return Status::kInvalidArgument;
  return forEachRow<T>(rows, count, k <= kFew ? k : 2 * count, threads, [&](int64_t row, EntryOf<T>* entries) {
    if (k <= kFew) {
      selectFew(x + row * count, count, k, areLargest, entries);
    } else {
      fill(x + row * count, count, areLargest, entries);
      entries = sortEntries(entries, entries + count, count, Key<T>::kBits);
    }
    take(entries, k, x + row * count, values + row * k, indices + row * k);
  });
}

#define CONV1D_INSTANTIATE(T)                                                            \
  template Status sort<T>(bool, int64_t, int64_t, const T*, T*, int64_t*, int) noexcept; \
  template Status topk<T>(int64_t, bool, int64_t, int64_t, const T*, T*, int64_t*, int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
CONV1D_INSTANTIATE(int32_t)
CONV1D_INSTANTIATE(int64_t)
CONV1D_INSTANTIATE(uint8_t)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
