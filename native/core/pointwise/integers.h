// Functions of two integers. They wrap around, as PyTorch's; bools add up as "or" and multiply as "and".
#pragma once

#include <cstdint>
#include <span>

#include "core/pointwise/broadcast.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// Whether integers have the function. There is no quotient of integers that is one, and no difference or power
// of bools.
template <typename T>
bool hasIntegerFunction(BinaryFunction function) noexcept;

// As applyBinary (pointwise.h), for int32_t, int64_t and uint8_t, which holds bools; strides are any.
template <typename T>
void applyInteger(BinaryFunction function, std::span<const int64_t> shape, const StridedInput<T>& x,
                  const StridedInput<T>& y, T* out, int threads) noexcept;

}  // namespace conv1d
