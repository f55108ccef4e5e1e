#include "core/fast/cost.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/fast/filter_form.h"
#include "core/fast/tile_form.h"
#include "core/plan/algorithm.h"
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

double tileCost(const Geometry& g, TileKind kind, int64_t size, int64_t planes, int64_t mostOutputs) noexcept {
  const Parameters& p = g.parameters;
  const TileForm form = makeTileForm(p, size, mostOutputs);
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
  const double outputs = static_cast<double>(g.outLength) * channels;
  const bool areFarOutputs = 4 * outputs * static_cast<double>(p.groups) > costs.farOutputBytes;
  double rows = outputs * (areFarOutputs ? costs.ofFarOutput : costs.ofOutput);
  rows += inputs * static_cast<double>(phases) * costs.ofRow;
  if (form.step * form.period > 1) rows += columns * static_cast<double>(size) * inputs * costs.ofScattered;
  if (form.step > 1) rows += outputs * costs.ofInterleaved;
  return products + transforms + reading + rows;
}

double dftCost(const Geometry& g, int64_t passes) noexcept {
  const FastCosts& costs = kFastCosts;
  const auto frames = static_cast<double>(roundUp(g.outLength, costs.columns));
  const double ofSample = costs.ofDftSample + costs.ofDftPass * static_cast<double>(passes);
  return frames * (static_cast<double>(g.parameters.kernelSize) * ofSample +
                   static_cast<double>(g.parameters.groupOutChannels()) * costs.ofDftRow);
}

double wholeCost(const Geometry& g, WholeKind kind, int64_t size) noexcept {
  const Parameters& p = g.parameters;
  // Zeros behind the signal are its padding on both sides, and every output has a place of its own.
  const int64_t room = size - std::max(p.padLeft, p.padRight);
  if (g.length > room || g.outLength < 1 || g.outLength > size) return kUnsuited;
  const FastCosts& costs = kFastCosts;
  const TileKind transform = kind == kWhole64 ? kFft64 : kFft128;
  const double weights = static_cast<double>(p.groupInChannels()) * static_cast<double>(p.groupOutChannels());
  const auto inputs = static_cast<double>(roundUp(p.groupInChannels(), costs.columns));
  const auto outputs = static_cast<double>(roundUp(p.groupOutChannels(), costs.columns));
  const double cost = weights * static_cast<double>(size) * (2 + costs.ofWeight) + costs.ofInput[transform] * inputs +
                      costs.ofProducts[transform] * outputs;
  // The direct sum of a short signal reads each weight for a few products, and leaves out those with padding.
  const double direct = weights * (liveTaps(g) + static_cast<double>(p.kernelSize) * costs.ofWeight);
  return cost <= costs.worthwhile * direct ? cost : std::max(cost, directCost(g));
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
