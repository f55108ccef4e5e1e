// Running sums along one dimension: x and out are (outer, count, inner).
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace conv1d {

template <typename T>
using RunningSum = std::conditional_t<std::is_floating_point_v<T>, T, int64_t>;

// Where chains go on, and where they are left for others to go on: eight bytes for each of outer * inner. Null for
// zeros, and for nowhere. Both may be the same memory.
struct CumsumCarry {
  const std::byte* from = nullptr;
  std::byte* to = nullptr;
};

// One chain for each row, in float64 for floating-point elements (each output is rounded to T once, as torch's are), in
// 64 bits that wrap for int32_t, int64_t and uint8_t.
template <typename T>
void cumsum(int64_t outer, int64_t count, int64_t inner, const T* x, RunningSum<T>* out, int threads,
            CumsumCarry sums = {}) noexcept;

}  // namespace conv1d
