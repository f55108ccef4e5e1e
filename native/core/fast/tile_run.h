// The forward pass over transformed tiles.
//
//   for each block of input channels: rows -> tiles -> planes (TileTransform::input)
//   for each plane: outputs = weights x inputs, a product of matrices (the direct convolution's micro-kernel, one tap)
//   for each output channel: planes -> rows (TileTransform::output), bias, end of the chain
//
// A tile with an element that is not finite, or so large that a plane might overflow, is summed directly instead, so
// that NaN and infinity reach the outputs that they reach there.
#pragma once

#include <cstddef>

#include "core/plan/plan.h"
#include "core/run/forward.h"
#include "runtime/thread_pool.h"

namespace conv1d {

// A thread's part of a call.
template <typename T>
void workOverTiles(const Plan& plan, const Kernels<T>& kernels, const TileTransform<T>& transform,
                   const ForwardArgs<T>& args, std::byte* scratch, TaskRange& tasks) noexcept;

}  // namespace conv1d
