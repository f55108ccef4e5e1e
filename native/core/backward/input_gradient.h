// The gradient of a convolution's input: a call of the way back through it (core/backward/adjoint.h), by the algorithms
// that there are. Where the padding is no zeros, the gradient of the padded signal is folded back.
#pragma once

#include "core/geometry.h"
#include "core/plan/plan.h"
#include "core/status.h"
#include "kernels/kernel_table.h"
#include "runtime/aligned_buffer.h"

namespace conv1d {

template <typename T>
struct InputGradientCall {
  Geometry geometry;  // of the convolution or the transposed one
  const T* gradient;  // (batch, outChannels, outLength)
  const T* weight;    // the layer's, as it is
  T* out;             // (batch, inChannels, length); may overlap nothing else
  int threads;
};

// `panels` is grown to hold the weights packed. Writes nothing when it fails.
template <typename T>
Status inputGradient(const Kernels<T>& kernels, const Allowed& allowed, const InputGradientCall<T>& call,
                     AlignedBuffer* panels) noexcept;

}  // namespace conv1d
