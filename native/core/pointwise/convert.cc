#include "core/pointwise/convert.h"

#include <limits>
#include <type_traits>

#include "core/pointwise/broadcast.h"

namespace conv1d {
namespace {

template <typename In, typename Out>
Out converted(In value) noexcept {
  if constexpr (std::is_same_v<In, uint8_t>) {
    return static_cast<Out>(value != 0 ? 1 : 0);
  } else if constexpr (std::is_same_v<Out, uint8_t>) {
    return value != 0 ? 1 : 0;
  } else if constexpr (std::is_floating_point_v<In> && std::is_integral_v<Out>) {
    // -2^31 and -2^63 are floats; the numbers that fit lie from there to just below their magnitude.
    constexpr In kLeast = static_cast<In>(std::numeric_limits<Out>::min());
    return value >= kLeast && value < -kLeast ? static_cast<Out>(value) : std::numeric_limits<Out>::min();
  } else if constexpr (std::is_floating_point_v<In> && std::is_floating_point_v<Out>) {
    // Which NaN comes out of a conversion depends on the ISA.
    return value == value ? static_cast<Out>(value) : std::numeric_limits<Out>::quiet_NaN();
  } else {
    return static_cast<Out>(value);
  }
}

}  // namespace

template <typename In, typename Out>
void convert(const In* x, Out* out, int64_t count, int threads) noexcept {
  forEachBlock(count, threads, [&](int64_t begin, int64_t size) {
    for (int64_t i = begin; i < begin + size; i++) out[i] = converted<In, Out>(x[i]);
  });
}

#define CONV1D_INSTANTIATE(In)                                                    \
  template void convert<In, float>(const In*, float*, int64_t, int) noexcept;     \
  template void convert<In, double>(const In*, double*, int64_t, int) noexcept;   \
  template void convert<In, int64_t>(const In*, int64_t*, int64_t, int) noexcept; \
  template void convert<In, int32_t>(const In*, int32_t*, int64_t, int) noexcept; \
  template void convert<In, uint8_t>(const In*, uint8_t*, int64_t, int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
CONV1D_INSTANTIATE(int64_t)
CONV1D_INSTANTIATE(int32_t)
CONV1D_INSTANTIATE(uint8_t)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
