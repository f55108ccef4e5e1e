// Comparisons of elements, and the choice between elements that they are made for.
#pragma once

#include <cstdint>
#include <span>

#include "core/pointwise/broadcast.h"

namespace conv1d {

enum Comparison { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kComparisons };

// `out`, in rows of `shape` and apart from both inputs, is 1 where the comparison holds and 0 elsewhere. NaN is not
// equal to anything, and nothing else holds of it.
template <typename T>
void compare(Comparison comparison, std::span<const int64_t> shape, const StridedInput<T>& x, const StridedInput<T>& y,
             uint8_t* out, int threads) noexcept;

// `out`, in rows of `shape` and apart from all inputs, is x where the condition is not zero and y elsewhere.
template <typename T>
void choose(std::span<const int64_t> shape, const StridedInput<uint8_t>& condition, const StridedInput<T>& x,
            const StridedInput<T>& y, T* out, int threads) noexcept;

}  // namespace conv1d
