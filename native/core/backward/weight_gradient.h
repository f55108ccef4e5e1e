// The gradient of a convolution's weights:
//
//   out[o][c][k] = sum of gradient[n][o][t] * input[n][c][t * stride + k * dilation - padLeft]
//                  over items n and positions t
//
// A product of matrices whose depth is positions, which lie side by side on both sides. All positions of the batch,
// item after item, are one long row, whatever its items' length. The order of its sum:
//
//   positions    blocks of kGradientBlock, 4 KiB of a row
//   a block      position i into chain i % 16, in ascending order, padding included    kernels/weight_gradients.h
//   16 chains    j with j + 8, then + 4, + 2, + 1
//   blocks       neighbours in pairs, their sums in pairs, ...: an odd one goes up as it is
//
// Then the sum ends as a chain ends. So the bits are the same for any number of threads, on any ISA.
#pragma once

#include <cstdint>

#include "core/geometry.h"
#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

template <typename T>
struct WeightGradientCall {
  // Of a convolution. For the weights of a transposed one: of the convolution that goes back through it
  // (core/backward/adjoint.h), whose input is this one's gradient and whose gradient is this one's input.
  Geometry geometry;
  const T* input;     // (batch, inChannels, length)
  const T* gradient;  // (batch, outChannels, outLength)
  T* out;             // (outChannels, inChannels / groups, kernelSize); may overlap nothing else
  int threads;
};

// Writes nothing when it fails.
template <typename T>
Status weightGradient(const Kernels<T>& kernels, const WeightGradientCall<T>& call) noexcept;

}  // namespace conv1d
