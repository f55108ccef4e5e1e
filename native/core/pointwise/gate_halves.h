// Gated linear units.
#pragma once

#include <cstdint>

#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// x is (outer, 2, size), and out (outer, size) its first halves times the sigmoid of its second ones, apart from x.
// Fails only with kOutOfMemory, before anything is written.
template <typename T>
Status gateHalves(const Kernels<T>& kernels, int64_t outer, int64_t size, const T* x, T* out, int threads) noexcept;

}  // namespace conv1d
