#include "core/pointwise/compare.h"

#include <functional>

namespace conv1d {
namespace {

// Both sides are read: no branch depends on the condition, which nobody can predict.
template <typename T>
inline void chooseRow(int64_t count, const uint8_t* condition, int64_t conditionStride, const T* x, int64_t xStride,
                      const T* y, int64_t yStride, T* out) noexcept {
  for (int64_t i = 0; i < count; i++) {
    const T first = x[i * xStride];
    const T second = y[i * yStride];
    out[i] = condition[i * conditionStride] != 0 ? first : second;
  }
}

}  // namespace

template <typename T>
void compare(Comparison comparison, std::span<const int64_t> shape, const StridedInput<T>& x, const StridedInput<T>& y,
             uint8_t* out, int threads) noexcept {
  switch (comparison) {
    case kEqual:
      return applyToPairs(shape, x, y, out, threads, std::equal_to<T>{});
    case kNotEqual:
      return applyToPairs(shape, x, y, out, threads, std::not_equal_to<T>{});
    case kLess:
      return applyToPairs(shape, x, y, out, threads, std::less<T>{});
    case kLessEqual:
      return applyToPairs(shape, x, y, out, threads, std::less_equal<T>{});
    case kGreater:
      return applyToPairs(shape, y, x, out, threads, std::less<T>{});
    case kGreaterEqual:
      return applyToPairs(shape, y, x, out, threads, std::less_equal<T>{});
    case kComparisons:
      return;
  }
}

template <typename T>
void choose(std::span<const int64_t> shape, const StridedInput<uint8_t>& condition, const StridedInput<T>& x,
            const StridedInput<T>& y, T* out, int threads) noexcept {
  const Merged<3> merged(shape, {condition.strides, x.strides, y.strides});
  const int64_t conditionStride = merged.lastStride(0);
  const int64_t xStride = merged.lastStride(1);
  const int64_t yStride = merged.lastStride(2);
  forEachBlock(countOf(shape), threads, [&](int64_t begin, int64_t count) {
    forEachRow<3>(merged.sizes(), merged.allStrides(), begin, count,
                  [&](int64_t element, int64_t column, int64_t columns, const std::array<int64_t, 3>& at) {
                    const uint8_t* which = condition.data + at[0] + column * conditionStride;
                    const T* first = x.data + at[1] + column * xStride;
                    const T* second = y.data + at[2] + column * yStride;
                    T* const to = out + element;
                    if (conditionStride == 1 && xStride == 1 && yStride == 1) {
                      chooseRow(columns, which, 1, first, 1, second, 1, to);
                    } else if (conditionStride == 1 && xStride == 1 && yStride == 0) {
                      chooseRow(columns, which, 1, first, 1, second, 0, to);
                    } else if (conditionStride == 1 && xStride == 0 && yStride == 1) {
                      chooseRow(columns, which, 1, first, 0, second, 1, to);
                    } else {
                      chooseRow(columns, which, conditionStride, first, xStride, second, yStride, to);
                    }
                  });
  });
}

#define CONV1D_INSTANTIATE(T)                                                                                    \
  template void compare<T>(Comparison, std::span<const int64_t>, const StridedInput<T>&, const StridedInput<T>&, \
                           uint8_t*, int) noexcept;                                                              \
  template void choose<T>(std::span<const int64_t>, const StridedInput<uint8_t>&, const StridedInput<T>&,        \
                          const StridedInput<T>&, T*, int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
CONV1D_INSTANTIATE(int64_t)
CONV1D_INSTANTIATE(int32_t)
CONV1D_INSTANTIATE(uint8_t)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
