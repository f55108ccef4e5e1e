// Integers in any order: their sums wrap, so that every order has the same result.
#include <algorithm>
#include <limits>

#include "core/checked_math.h"
#include "core/reduce/reduce.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

constexpr int64_t kStrip = 1024;  // columns at a time, so that their results stay in the first cache

template <typename T>
struct IntegerSum {
  using Result = int64_t;
  static constexpr Result kBegin = 0;
  static Result step(Result sum, T x) noexcept {
    return static_cast<Result>(static_cast<uint64_t>(sum) + static_cast<uint64_t>(static_cast<int64_t>(x)));
  }
};

template <typename T>
struct IntegerProduct {
  using Result = int64_t;
  static constexpr Result kBegin = 1;
  static Result step(Result product, T x) noexcept {
    return static_cast<Result>(static_cast<uint64_t>(product) * static_cast<uint64_t>(static_cast<int64_t>(x)));
  }
};

template <typename T>
struct IntegerMaximum {
  using Result = T;
  static constexpr Result kBegin = std::numeric_limits<T>::min();
  static Result step(Result most, T x) noexcept { return most < x ? x : most; }
};

template <typename T>
struct IntegerMinimum {
  using Result = T;
  static constexpr Result kBegin = std::numeric_limits<T>::max();
  static Result step(Result least, T x) noexcept { return x < least ? x : least; }
};

template <typename T>
struct AnyTrue {
  using Result = T;
  static constexpr Result kBegin = 0;
  static Result step(Result any, T x) noexcept { return static_cast<T>(any | static_cast<T>(x != 0)); }
};

template <typename T>
struct AllTrue {
  using Result = T;
  static constexpr Result kBegin = 1;
  static Result step(Result all, T x) noexcept { return static_cast<T>(all & static_cast<T>(x != 0)); }
};

template <typename T, typename Step>
void reduceWith(const FoldShape& shape, const T* x, void* results, int threads) noexcept {
  using Result = typename Step::Result;
  auto* const out = static_cast<Result*>(results);
  const int64_t strips = ceilDivide(shape.inner, kStrip);
  const int workers = usefulFoldThreads(shape.outer * std::max<int64_t>(shape.count, 1) * shape.inner, threads);
  parallelFor(shape.outer * strips, workers, [&](int, TaskRange& tasks) {
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      for (int64_t task = begin; task < end; task++) {
        const int64_t column = task % strips * kStrip;
        const int64_t width = std::min(kStrip, shape.inner - column);
        const T* from = x + task / strips * shape.count * shape.inner + column;
        Result* const to = out + task / strips * shape.inner + column;
        if (shape.inner == 1) {
          Result result = Step::kBegin;
          for (int64_t i = 0; i < shape.count; i++) result = Step::step(result, from[i]);
          *to = result;
          continue;
        }
        std::fill_n(to, width, Step::kBegin);
        for (int64_t i = 0; i < shape.count; i++, from += shape.inner) {
          for (int64_t c = 0; c < width; c++) to[c] = Step::step(to[c], from[c]);
        }
      }
    }
  });
}

}  // namespace

template <typename T>
void reduceIntegers(Reduction reduction, const FoldShape& shape, const T* x, void* out, int threads) noexcept {
  switch (reduction) {
    case kReduceSum:
      return reduceWith<T, IntegerSum<T>>(shape, x, out, threads);
    case kReduceProduct:
      return reduceWith<T, IntegerProduct<T>>(shape, x, out, threads);
    case kReduceMaximum:
      return reduceWith<T, IntegerMaximum<T>>(shape, x, out, threads);
    case kReduceMinimum:
      return reduceWith<T, IntegerMinimum<T>>(shape, x, out, threads);
    default:
      if constexpr (sizeof(T) == 1) {
        return reduction == kReduceAny ? reduceWith<T, AnyTrue<T>>(shape, x, out, threads)
                                       : reduceWith<T, AllTrue<T>>(shape, x, out, threads);
      }
  }
}

template void reduceIntegers<int32_t>(Reduction, const FoldShape&, const int32_t*, void*, int) noexcept;
template void reduceIntegers<int64_t>(Reduction, const FoldShape&, const int64_t*, void*, int) noexcept;
template void reduceIntegers<uint8_t>(Reduction, const FoldShape&, const uint8_t*, void*, int) noexcept;

}  // namespace conv1d
