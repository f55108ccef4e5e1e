// Which taps of an output position read the signal, and where. Those that read zeros beside it are left out: infinity
// times zero is NaN, so the weights of a convolution must be finite for that.
#pragma once

#include <cstdint>

#include "core/geometry.h"

namespace conv1d {

// The taps of an output position: neighbours in a packed panel, in the order of the sum.
struct PositionTaps {
  int64_t first;  // where the positions that they read begin in the list
  int64_t count;
  int64_t weight;      // the first one, counted in taps from the beginning of the panel
  int64_t perChannel;  // taps from one input channel to the next
};

// Writes for each output position its taps, and of each tap the input position that it reads: up to kernelSize for each
// output position. Panels are those of WeightLayout's kPanels, or kPhases for a transposed convolution. Returns how
// many taps there are.
int64_t findPositionTaps(const Geometry& geometry, PositionTaps* taps, int64_t* sources) noexcept;

// How many taps of all output positions together read the signal.
double countPositionTaps(const Geometry& geometry) noexcept;

}  // namespace conv1d
