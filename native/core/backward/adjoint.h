// The way back through a convolution: each input gets the gradients of the outputs that read it, through the same
// weights, in the same memory.
#pragma once

#include "core/geometry.h"
#include "core/status.h"

namespace conv1d {

// Of a convolution (of its padded signal, where the padding is no zeros): the transposed convolution that makes the
// gradient of its input. Of a transposed one: the convolution that does. Their inputs are gradients of outputs.
Status makeAdjoint(const Geometry& geometry, Geometry* adjoint) noexcept;

}  // namespace conv1d
