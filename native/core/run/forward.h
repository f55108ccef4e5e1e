// The forward pass.
#pragma once

#include <atomic>

#include "core/geometry.h"
#include "core/pack/weight_layout.h"
#include "core/plan/plan.h"
#include "core/run/epilogue.h"
#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

template <typename T>
struct ForwardArgs {
  const T* input;                                // (batch, inChannels, length)
  const T* packedWeights;                        // in plan.layout
  const T* bias;                                 // (outChannels), or null
  T* out;                                        // (batch, outChannels, outLength); may overlap nothing else
  const std::atomic<bool>* cancelled = nullptr;  // read before every panel, unless null
  // For algorithms that are not exact: the weights as PyTorch has them, and the largest sum of one output channel's
  // magnitudes.
  WeightView<T> weight{};
  double largestGain = 0;
  // What they were recognised as; null for anything else.
  const WindowedDft<T>* dft = nullptr;
  const Epilogue<T>* epilogue = nullptr;  // of `out`; null for none

  bool isCancelled() const noexcept { return cancelled != nullptr && cancelled->load(std::memory_order_relaxed); }

  // What every algorithm calls once for each output that is final, as soon as nothing writes there any more: the
  // stretch [position, position + count) of the rows of neighbouring channels.
  void finish(int64_t item, int64_t channel, int64_t rows, int64_t position, int64_t count) const noexcept {
    if (epilogue != nullptr) epilogue->finishRows(item, channel, rows, position, count);
  }
};

// Writes every output: acc = bias; for c: for k: acc = fma(w[o][c][k], x, acc), one chain each, whatever the kernels
// and the plan, as long as its algorithm is exact; in an order of the algorithm's own otherwise. Fails only with
// kOutOfMemory, before the first output is written, or with kCancelled.
template <typename T>
Status forward(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args) noexcept;

}  // namespace conv1d
