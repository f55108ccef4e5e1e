// The forward pass over whole signals: one circular convolution, long enough that nothing wraps around into them.
//
//   for each vector of input channels: signals, zeros behind them -> spectra (WholeTransform::input)
//   for each bin: outputs = inputs x weights, a product of matrices (the swapped micro-kernels: output channels in the
//     lanes, items in the rows); the bin's weights stay in the first cache for all items of the task
//   for each vector of output channels: spectra -> rows (WholeTransform::output), bias, end of the chain
//
// An item with an element that is not finite, or so large that a spectrum might overflow, is summed directly instead,
// so that NaN and infinity reach the outputs that they reach there.
#pragma once

#include <cstddef>

#include "core/plan/plan.h"
#include "core/run/forward.h"
#include "runtime/thread_pool.h"

namespace conv1d {

// A thread's part of a call.
template <typename T>
void workOverSignals(const Plan& plan, const Kernels<T>& kernels, const WholeTransform<T>& transform,
                     const ForwardArgs<T>& args, std::byte* scratch, TaskRange& tasks) noexcept;

}  // namespace conv1d
