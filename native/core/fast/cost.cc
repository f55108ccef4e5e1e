#include "core/fast/cost.h"

#include <algorithm>
#include <limits>

#include "core/checked_math.h"
#include "core/fast/filter_form.h"
#include "core/fast/tile_form.h"
#include "core/plan/dense.h"

namespace conv1d {

namespace {

// Taps of all outputs of a channel that read the signal: direct kernels leave out most of the others.
double liveTaps(const Geometry& g) noexcept {
  const Parameters& p = g.parameters;
  if (p.mode != PaddingMode::kZeros || p.padLeft + p.padRight == 0) {
    return static_cast<double>(g.outLength) * static_cast<double>(p.kernelSize);
  }
  double taps = 0;
  for (int64_t k = 0; k < p.kernelSize; k++) {
    const int64_t first = p.padLeft - k * p.dilation;  // element 0, seen from the first output
    const int64_t begin = first <= 0 ? 0 : ceilDivide(first, p.stride);
    const int64_t end = first + g.length <= 0 ? 0 : ceilDivide(first + g.length, p.stride);
    taps += static_cast<double>(std::max<int64_t>(0, std::min(end, g.outLength) - begin));
  }
  return taps;
}

double depthwiseCost(const Geometry& g) noexcept {
  const Parameters& p = g.parameters;
  const bool areNeighbours = p.stride == 1 && p.dilation == 1;
  const double taps = liveTaps(g);
  return areNeighbours ? taps + static_cast<double>(g.outLength) * kFilterCosts.extraTaps
                       : taps * kFilterCosts.ofPlainTap;
}

}  // namespace

double directCost(const Geometry& g) noexcept {
  const Parameters& p = g.parameters;
  if (isDepthwise(p) && canBeTiled(p)) return depthwiseCost(g);
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

double filterCost(const Geometry& g, FilterKind kind, int64_t size) noexcept {
  const TileForm form = makeFilterForm(g.parameters, size);
  const FilterCosts& costs = kFilterCosts;
  const int64_t phases = std::clamp<int64_t>(g.outLength, 1, form.step);
  const int64_t tiles = ceilDivide(ceilDivide(g.outLength, phases), form.hop);
  const auto columns = static_cast<double>(roundUp(phases * (tiles + form.pieces - 1), costs.columns));
  const auto residues = static_cast<double>(form.period);
  const double products = costs.ofProduct * static_cast<double>(size * form.subChannels());
  const int64_t distance = form.step * g.parameters.stride;  // of neighbours in the input
  double ofCopy = distance == 1 ? 0 : costs.ofCopy;
  if (form.step > 1 && g.length > costs.longRow) ofCopy = costs.ofLongCopy;
  if (distance > costs.nearest) ofCopy = costs.ofFarCopy;
  const double copies = ofCopy * static_cast<double>(size) * (residues + 1);
  return columns * (residues * costs.ofInput[kind] + costs.ofOutput[kind] + products + copies);
}

}  // namespace conv1d
