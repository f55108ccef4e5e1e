#include "core/fast/cost.h"

#include <algorithm>

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
  const FastCosts& costs = kFastCosts;
  const int64_t phases = std::clamp<int64_t>(g.outLength, 1, form.step);
  const int64_t tiles = ceilDivide(ceilDivide(g.outLength, phases), form.hop) * phases;
  const auto columns = static_cast<double>(roundUp(tiles, costs.columns));
  const auto inputs = static_cast<double>(p.groupInChannels() * form.subChannels());
  const auto channels = static_cast<double>(p.groupOutChannels());
  const double weights = static_cast<double>(planes) * inputs * channels;

  const double products = columns * weights;
  const double transforms = columns * (costs.ofInput[kind] + costs.ofPlane * static_cast<double>(planes)) * inputs +
                            columns * costs.ofProducts[kind] * channels;
  const bool areFar = 4 * weights * static_cast<double>(p.groups) > costs.farWeightBytes;
  const double reading = weights * (areFar ? costs.ofFarWeight : costs.ofWeight);
  double rows = static_cast<double>(g.outLength) * channels * costs.ofOutput;
  rows += inputs * static_cast<double>(phases) * costs.ofRow;
  if (form.step * form.period > 1) rows += columns * static_cast<double>(size) * inputs * costs.ofScattered;
  if (form.step > 1) rows += static_cast<double>(g.outLength) * channels * costs.ofInterleaved;
  return products + transforms + reading + rows;
}

double dftCost(const Geometry& g, int64_t passes) noexcept {
  const FastCosts& costs = kFastCosts;
  const auto frames = static_cast<double>(roundUp(g.outLength, costs.columns));
  const double ofSample = costs.ofDftSample + costs.ofDftPass * static_cast<double>(passes);
  return frames * (static_cast<double>(g.parameters.kernelSize) * ofSample +
                   static_cast<double>(g.parameters.groupOutChannels()) * costs.ofDftRow);
}

}  // namespace conv1d
