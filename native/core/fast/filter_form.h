// How a depthwise layer becomes tiles of a filter: as core/fast/tile_form.h has it, but that pieces are as long as the
// hop, so that a tile is at once the first piece of its own outputs, the second of those of the tile before it, and so
// on. It is transformed once for all of them.
#pragma once

#include "core/fast/tile_form.h"

namespace conv1d {

TileForm makeFilterForm(const Parameters& parameters, int64_t size) noexcept;

}  // namespace conv1d
