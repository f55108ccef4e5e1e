// The gradient of a signal from that of the signal with its padding.
#pragma once

#include "core/geometry.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// `padded` is (batch * inChannels, padLeft + length + padRight), out (batch * inChannels, length), in a padding mode
// that is no zeros. Every element is a chain: its own gradient, then those of the padding that repeats it, in ascending
// order.
template <typename T>
void foldPadding(const Kernels<T>& kernels, const Geometry& geometry, const T* padded, T* out, int threads) noexcept;

}  // namespace conv1d
