#include "core/pointwise/integers.h"

#include <type_traits>

namespace conv1d {
namespace {

template <typename T>
constexpr bool kIsBool = std::is_same_v<T, uint8_t>;

// Signed overflow is undefined in C++; that of unsigned numbers wraps.
template <typename T>
struct Add {
  T operator()(T x, T y) const noexcept {
    if constexpr (kIsBool<T>) return (x | y) != 0;
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<U>(x) + static_cast<U>(y));
  }
};

template <typename T>
struct Sub {
  T operator()(T x, T y) const noexcept {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<U>(x) - static_cast<U>(y));
  }
};

template <typename T>
struct Mul {
  T operator()(T x, T y) const noexcept {
    if constexpr (kIsBool<T>) return x != 0 && y != 0;
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<U>(x) * static_cast<U>(y));
  }
};

template <typename T>
struct Minimum {
  T operator()(T x, T y) const noexcept { return x < y ? x : y; }
};

template <typename T>
struct Maximum {
  T operator()(T x, T y) const noexcept { return x < y ? y : x; }
};

// By squares. To a negative power, only 1 and -1 are not zero.
template <typename T>
struct Power {
  T operator()(T base, T exponent) const noexcept {
    if (exponent < 0) return base == 1 ? T{1} : base == -1 ? static_cast<T>(exponent % 2 == 0 ? 1 : -1) : T{0};
    const Mul<T> times;
    T result = 1;
    for (; exponent > 0; exponent = static_cast<T>(exponent / 2)) {
      if (exponent % 2 == 1) result = times(result, base);
      base = times(base, base);
    }
    return result;
  }
};

}  // namespace

template <typename T>
bool hasIntegerFunction(BinaryFunction function) noexcept {
  switch (function) {
    case kAdd:
    case kMul:
    case kMinimum:
    case kMaximum:
      return true;
    case kSub:
    case kPow:
      return !kIsBool<T>;
    default:
      return false;
  }
}

template <typename T>
void applyInteger(BinaryFunction function, std::span<const int64_t> shape, const StridedInput<T>& x,
                  const StridedInput<T>& y, T* out, int threads) noexcept {
  switch (function) {
    case kAdd:
      return applyToPairs(shape, x, y, out, threads, Add<T>{});
    case kSub:
      return applyToPairs(shape, x, y, out, threads, Sub<T>{});
    case kMul:
      return applyToPairs(shape, x, y, out, threads, Mul<T>{});
    case kMinimum:
      return applyToPairs(shape, x, y, out, threads, Minimum<T>{});
    case kMaximum:
      return applyToPairs(shape, x, y, out, threads, Maximum<T>{});
    case kPow:
      if constexpr (!kIsBool<T>) applyToPairs(shape, x, y, out, threads, Power<T>{});
      return;
    default:  // hasIntegerFunction says no
      return;
  }
}

#define CONV1D_INSTANTIATE(T)                                                                     \
  template bool hasIntegerFunction<T>(BinaryFunction) noexcept;                                   \
  template void applyInteger<T>(BinaryFunction, std::span<const int64_t>, const StridedInput<T>&, \
                                const StridedInput<T>&, T*, int) noexcept;
CONV1D_INSTANTIATE(int32_t)
CONV1D_INSTANTIATE(int64_t)
CONV1D_INSTANTIATE(uint8_t)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
