// How a call over tiles is shared out: columns of strips, blocks of channels, scratch.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/fast/tile_form.h"

namespace conv1d {

// A cell is one tile position of a batch item with the phases of its outputs, `phasesPerStrip` of them; a strip is a
// few cells, whose tiles are the columns of the products. Which tiles share a strip changes no bits.
struct TilePlan {
  TileForm form;
  int64_t phases = 1;         // of the form's, those that have outputs
  int64_t tilesPerPhase = 0;  // of one item
  int64_t phasesPerStrip = 1;
  int64_t phaseParts = 1;  // strips that a cell takes where it has more phases than a strip has columns
  int64_t cellsPerStrip = 1;
  int64_t strips = 0;            // of one group and part of the phases
  int64_t columns = 0;           // of a strip, whole vectors
  int64_t channelsPerBlock = 0;  // input channels whose planes are there at a time
  int64_t panelsPerBlock = 0;    // output channels likewise, in panels

  // Elements of a worker's scratch, in this order.
  int64_t inputPlane = 0;    // from one plane of the inputs to the next
  int64_t outputPlane = 0;   // likewise of the outputs
  int64_t rowElements = 0;   // a row of inputs or outputs
  int64_t tileElements = 0;  // tiles apart from each other
  int64_t fallbackTaps = 0;  // taps of a block of the direct sum, where a tile falls back to it
  int64_t fallbackElements = 0;
};

}  // namespace conv1d
