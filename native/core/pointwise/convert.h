// Elements of one type as another, as C++ converts them and PyTorch with it.
#pragma once

#include <cstdint>

namespace conv1d {

// out[i] = x[i] as an Out. Floats lose their fraction; NaN, and what an integer type has not, become its smallest
// number, as on x86. Integers of 64 bits are cut to 32. To a bool, everything but zero is 1; from one, it is 1 as well.
template <typename In, typename Out>
void convert(const In* x, Out* out, int64_t count, int threads) noexcept;

}  // namespace conv1d
