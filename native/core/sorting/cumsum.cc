#include "core/sorting/cumsum.h"

#include <algorithm>
#include <cstring>

#include "core/checked_math.h"
#include "core/finished.h"
#include "core/reduce/fold.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

constexpr int64_t kStrip = 512;   // columns at a time, so that their sums stay in the first cache
constexpr int64_t kTogether = 4;  // rows at a time: each waits for its own last sum

template <typename T>
struct Sums {
  using Sum = std::conditional_t<std::is_floating_point_v<T>, double, uint64_t>;

  static Sum add(Sum sum, T x) noexcept {
    if constexpr (std::is_floating_point_v<T>) {
      return sum + static_cast<double>(x);
    } else {
      return sum + static_cast<uint64_t>(static_cast<int64_t>(x));
    }
  }

  static RunningSum<T> result(Sum sum) noexcept {
    if constexpr (std::is_floating_point_v<T>) {
      return finished(static_cast<T>(sum));
    } else {
      return static_cast<int64_t>(sum);
    }
  }
};

// Where the sums of rows begin and end.
template <typename T>
struct Carry {
  CumsumCarry carry;

  typename Sums<T>::Sum begin(int64_t row) const noexcept {
    typename Sums<T>::Sum sum{0};
    if (carry.from != nullptr) std::memcpy(&sum, at(carry.from, row), sizeof(sum));
    return sum;
  }
  void end(int64_t row, typename Sums<T>::Sum sum) const noexcept {
    if (carry.to != nullptr) std::memcpy(at(carry.to, row), &sum, sizeof(sum));
  }

 private:
  // There may be no element of eight bytes at such an address.
  template <typename Byte>
  static Byte* at(Byte* bytes, int64_t row) noexcept {
    return bytes + row * static_cast<int64_t>(sizeof(typename Sums<T>::Sum));
  }
};

template <typename T, int64_t Rows>
void sumRows(int64_t first, int64_t count, const T* x, RunningSum<T>* out, const Carry<T>& carry) noexcept {
  typename Sums<T>::Sum sums[Rows];
  for (int64_t r = 0; r < Rows; r++) sums[r] = carry.begin(first + r);
  for (int64_t i = 0; i < count; i++) {
    for (int64_t r = 0; r < Rows; r++) {
      sums[r] = Sums<T>::add(sums[r], x[r * count + i]);
      out[r * count + i] = Sums<T>::result(sums[r]);
    }
  }
  for (int64_t r = 0; r < Rows; r++) carry.end(first + r, sums[r]);
}

template <typename T>
void sumAllRows(int64_t rows, int64_t count, const T* x, RunningSum<T>* out, const Carry<T>& carry,
                int threads) noexcept {
  parallelFor(ceilDivide(rows, kTogether), threads, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      int64_t row = begin * kTogether;
      const int64_t last = std::min(rows, end * kTogether);
      for (; row + kTogether <= last; row += kTogether) {
        sumRows<T, kTogether>(row, count, x + row * count, out + row * count, carry);
      }
      for (; row < last; row++) sumRows<T, 1>(row, count, x + row * count, out + row * count, carry);
    }
  });
}

template <typename T>
void sumColumns(int64_t outer, int64_t count, int64_t inner, const T* x, RunningSum<T>* out, const Carry<T>& carry,
                int threads) noexcept {
  const int64_t strips = ceilDivide(inner, kStrip);
  parallelFor(outer * strips, threads, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    typename Sums<T>::Sum sums[kStrip];
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      for (int64_t task = begin; task < end; task++) {
        const int64_t column = task % strips * kStrip;
        const int64_t width = std::min(kStrip, inner - column);
        const int64_t first = task / strips * inner + column;
        for (int64_t c = 0; c < width; c++) sums[c] = carry.begin(first + c);
        for (int64_t i = 0; i < count; i++) {
          const int64_t at = (task / strips * count + i) * inner + column;
          for (int64_t c = 0; c < width; c++) {
            sums[c] = Sums<T>::add(sums[c], x[at + c]);
            out[at + c] = Sums<T>::result(sums[c]);
          }
        }
        for (int64_t c = 0; c < width; c++) carry.end(first + c, sums[c]);
      }
    }
  });
}

}  // namespace

template <typename T>
void cumsum(int64_t outer, int64_t count, int64_t inner, const T* x, RunningSum<T>* out, int threads,
            CumsumCarry sums) noexcept {
  const Carry<T> carry{sums};
  const int workers = usefulFoldThreads(outer * count * inner, threads);
  if (inner == 1) {
    sumAllRows<T>(outer, count, x, out, carry, workers);
  } else {
    sumColumns<T>(outer, count, inner, x, out, carry, workers);
  }
}

template void cumsum<float>(int64_t, int64_t, int64_t, const float*, float*, int, CumsumCarry) noexcept;
template void cumsum<double>(int64_t, int64_t, int64_t, const double*, double*, int, CumsumCarry) noexcept;
template void cumsum<int32_t>(int64_t, int64_t, int64_t, const int32_t*, int64_t*, int, CumsumCarry) noexcept;
template void cumsum<int64_t>(int64_t, int64_t, int64_t, const int64_t*, int64_t*, int, CumsumCarry) noexcept;
template void cumsum<uint8_t>(int64_t, int64_t, int64_t, const uint8_t*, int64_t*, int, CumsumCarry) noexcept;

}  // namespace conv1d
