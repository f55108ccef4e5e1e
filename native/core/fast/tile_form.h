// How a layer becomes tiles: the algorithms that transform them differ in the transform only.
//
// Output t reads position t * stride + k * dilation for tap k. Outputs t = i * step + phase and taps
// k = j * period + residue, with step = dilation / gcd and period = stride / gcd, read
//
//   (i + j) * (step * stride) + (phase * stride + residue * dilation)
//
// so that every pair of a phase and a residue is a convolution of neighbouring elements of a stream of its own: each
// phase has its outputs, each residue is an input channel more (polyphase). Kernels longer than a tile bears are cut
// into pieces, which are input channels as well, further along their stream.
#pragma once

#include <cstdint>

#include "core/geometry.h"
#include "kernels/kernel_table.h"

namespace conv1d {

struct TileForm {
  int64_t step = 1;       // phases of the outputs
  int64_t period = 1;     // residues of the taps
  int64_t pieces = 1;     // of the taps of a residue
  int64_t pieceTaps = 1;  // of each, the last may have fewer
  int64_t hop = 1;        // outputs of a tile, the distance from one to the next

  // Input channels that stand for each one of the layer.
  int64_t subChannels() const noexcept { return period * pieces; }

  // The tap of the layer, or kernelSize or more where there is none.
  int64_t tap(int64_t subChannel, int64_t j) const noexcept {
    return (subChannel % pieces * pieceTaps + j) * period + subChannel / pieces;
  }
};

// Whether a layer can be cut into tiles of a transform: some layers have taps too far apart, or too many.
bool canBeTiled(const Parameters& parameters) noexcept;

// The form with the fewest products, of `size` inputs and at most `outputs` outputs a tile.
TileForm makeTileForm(const Parameters& parameters, int64_t size, int64_t outputs) noexcept;

}  // namespace conv1d
