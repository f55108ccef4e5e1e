// The shape of one convolution: what the caller asked for, checked, and what follows from it.
#pragma once

#include <cstdint>

#include "core/status.h"

namespace conv1d {

enum class PaddingMode { kZeros, kReflect, kReplicate, kCircular };

// PyTorch's parameters. Sizes are elements.
struct Parameters {
  int64_t inChannels = 1;
  int64_t outChannels = 1;
  int64_t kernelSize = 1;
  int64_t stride = 1;
  int64_t padLeft = 0;
  int64_t padRight = 0;
  int64_t dilation = 1;
  int64_t groups = 1;
  PaddingMode mode = PaddingMode::kZeros;
  // A transposed convolution: each input adds to the outputs that a convolution would have read it for. Its padding
  // cuts outputs off, and its weights are (inChannels, outChannels / groups, kernelSize).
  bool transposed = false;
  int64_t outputPadding = 0;  // outputs behind the last one, of a transposed convolution alone

  // Nearly all layers have one group, and a small call takes no longer than a few dozen divisions.
  int64_t groupInChannels() const noexcept { return groups == 1 ? inChannels : inChannels / groups; }
  int64_t groupOutChannels() const noexcept { return groups == 1 ? outChannels : outChannels / groups; }
  // From the first to the last tap of one output. Counted once validated.
  int64_t reach() const noexcept { return (kernelSize - 1) * dilation; }
  int64_t weightCount() const noexcept { return outChannels * groupInChannels() * kernelSize; }

  bool operator==(const Parameters&) const noexcept = default;
};

// One call: the parameters with a batch of signals of one length.
//
//   input (batch, inChannels, length) -> output (batch, outChannels, outLength)
struct Geometry {
  Parameters parameters;
  int64_t batch = 0;
  int64_t length = 0;
  int64_t outLength = 0;

  bool operator==(const Geometry&) const noexcept = default;
};

// Checks ranges, that groups divide the channels, and that the bytes of the weights fit in 64 bits, packed as well.
Status validate(const Parameters& parameters) noexcept;

// Checks the call against validated parameters. Afterwards these fit in 64 bits, and no plan, packing or run computes
// anything larger: the positions of the padded signal and a vector behind it; the bytes of input and output. An empty
// batch has neither bytes nor tasks, so its lengths may be any.
Status makeGeometry(const Parameters& parameters, int64_t batch, int64_t length, Geometry* geometry) noexcept;

// Whether a transposed convolution is a convolution with flipped taps: stride 1, and a padding that cuts off no output
// which all taps make.
bool isFlippedConvolution(const Parameters& parameters) noexcept;

// Of such a one, that convolution.
Parameters flippedConvolution(const Parameters& parameters) noexcept;

// The input position that padded position `position` (0 is the first real element) reads, or -1 for a zero.
// `position` lies in [-padLeft, length + padRight).
int64_t sourcePosition(int64_t position, int64_t length, PaddingMode mode) noexcept;

}  // namespace conv1d
