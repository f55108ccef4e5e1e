#include "core/fast/cost.h"

#include <algorithm>
#include <limits>

#include "core/checked_math.h"
#include "core/fast/tile_form.h"

namespace conv1d {

double directCost(const Geometry& g) noexcept {
  const Parameters& p = g.parameters;
  return static_cast<double>(g.outLength) * static_cast<double>(p.groupOutChannels()) *
         static_cast<double>(p.groupInChannels()) * static_cast<double>(p.kernelSize);
}

double tileCost(const Geometry& g, TileKind kind, int64_t size, int64_t planes, int64_t outputs) noexcept {
  const Parameters& p = g.parameters;
  const TileForm form = makeTileForm(p, size, outputs);
  const TileCosts& costs = kTileCosts;
  const auto inputs = static_cast<double>(p.groupInChannels() * form.subChannels());
  const auto channels = static_cast<double>(p.groupOutChannels());
  const int64_t phases = std::clamp<int64_t>(g.outLength, 1, form.step);
  const int64_t tiles = ceilDivide(ceilDivide(g.outLength, phases), form.hop) * phases;
  const auto columns = static_cast<double>(roundUp(tiles, costs.columns));
  const double products = static_cast<double>(planes) * inputs * channels;
  const double calls = static_cast<double>(planes) * channels * costs.ofCall;
  const double transforms = costs.ofInput[kind] * inputs + costs.ofOutput[kind] * channels;
  return columns * (products + calls + transforms) + products * costs.ofWeight;
}

}  // namespace conv1d
