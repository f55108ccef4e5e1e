// How a call over whole signals is shared out: items of the batch, blocks of channels, scratch.
#pragma once

#include <cstdint>

namespace conv1d {

// A task is some items of one group, and some of its panels. A few items together are the rows of a product of
// matrices, two for each: those of a strip.
struct WholePlan {
  int64_t itemsPerTask = 1;
  int64_t itemParts = 0;
  int64_t itemsPerStrip = 1;     // at most
  int64_t channelsPerBlock = 0;  // input channels whose spectra are there at a time
  int64_t panelsPerBlock = 0;    // output channels likewise, in panels

  // Elements of a worker's scratch, in this order.
  int64_t inputElements = 0;   // spectra of the inputs
  int64_t outputElements = 0;  // and of the outputs
  int64_t planeElements = 0;   // spectra of one vector of inputs, as the transform makes them
  int64_t rowElements = 0;     // rows that the transform reads or writes
  int64_t biasElements = 0;    // of a group
  int64_t fallbackTaps = 0;    // of a block of the direct sum, where an item falls back to it
  int64_t fallbackElements = 0;

  int64_t outputRow = 0;  // output channels of a block, whole vectors
};

}  // namespace conv1d
