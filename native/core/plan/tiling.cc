#include "core/plan/tiling.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/pack/tile_layout.h"
#include "core/parts.h"

namespace conv1d {

template <typename T>
int64_t tileRowStride(const Parameters& parameters, int64_t taps, int64_t columns) noexcept {
  // Rows whose distance is a multiple of 4 KiB fall on the same cache sets, and their loads seem to depend on earlier
  // stores.
  constexpr int64_t kCacheLine = 64 / sizeof(T);
  constexpr int64_t kPage = 4096 / sizeof(T);
  const int64_t stride = roundUp(tileRowLength(parameters, taps, columns), kCacheLine);
  return stride % kPage == 0 ? stride + kCacheLine : stride;
}

template <typename T>
int usefulThreads(const PlanRequest<T>& request) noexcept {
  const Geometry& g = request.geometry;
  const int64_t positions = g.parameters.transposed ? g.length : g.outLength;
  const double products =
      static_cast<double>(g.batch) * static_cast<double>(positions) * static_cast<double>(g.parameters.weightCount());
  const double useful = std::max(1.0, products / request.kernels.blocks.minProductsPerThread);
  return useful < request.maxThreads ? static_cast<int>(useful) : request.maxThreads;
}

template <typename T>
bool skipsPadding(const PlanRequest<T>& request) noexcept {
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  if (!request.finiteWeights || p.mode != PaddingMode::kZeros) return false;
  // Tap by tap, a stretch of padding of this length reaches 0, 1, 2, ... outputs: half of them on average.
  const auto share = [&](int64_t padding) {
    return 0.5 * static_cast<double>(padding) / static_cast<double>(p.stride) / static_cast<double>(g.outLength);
  };
  return g.outLength > 0 && share(p.padLeft) + share(p.padRight) > request.kernels.blocks.minShareToSkip;
}

template <typename T>
Reduction cutReduction(const PlanRequest<T>& request, int64_t longest) noexcept {
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  const Blocks& blocks = request.kernels.blocks;
  const int64_t budget = blocks.tileBytes / static_cast<int64_t>(sizeof(T));  // elements
  const int64_t channels = p.groupInChannels();
  int64_t taps = std::min(p.kernelSize, kMaxTapsPerBlock);
  int64_t columns = std::min(g.outLength, longest);
  const int64_t shortest = std::min(columns, blocks.minColumns);
  while (columns > shortest && tileRowStride<T>(p, taps, columns) > budget / channels) {
    columns = std::max(shortest, columns / 2);
  }
  while (taps > 1 && tileRowStride<T>(p, taps, columns) > budget) taps = ceilDivide(taps, 2);
  const int64_t fitting =
      taps < p.kernelSize ? 1 : std::clamp<int64_t>(budget / tileRowStride<T>(p, taps, columns), 1, channels);
  // Blocks of nearly equal size.
  return {columns, ceilDivide(channels, ceilDivide(channels, fitting)), taps};
}

template <typename T>
bool isShort(const PlanRequest<T>& request) noexcept {
  const Geometry& g = request.geometry;
  const Blocks& blocks = request.kernels.blocks;
  if (g.outLength > blocks.longestShort) return false;
  const Reduction reduction = cutReduction(request, blocks.maxColumns);
  return reduction.channels == g.parameters.groupInChannels() && reduction.taps == g.parameters.kernelSize;
}

template <typename T>
void cutColumns(const PlanRequest<T>& request, const Reduction& reduction, bool wholeVectors, Plan* plan) noexcept {
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  const Blocks& blocks = request.kernels.blocks;
  const int64_t lanes = request.kernels.lanes;
  const int64_t outLength = std::max<int64_t>(g.outLength, 1);
  const int64_t tiles = ceilDivide(outLength, std::max<int64_t>(reduction.columns, 1));
  int64_t columns = std::min(outLength, roundUp(ceilDivide(outLength, tiles), lanes));
  const int64_t shortest = std::min(outLength, roundUp(blocks.minColumns, lanes));
  const int64_t wanted = plan->threads > 1 ? blocks.tasksPerThread * plan->threads : 1;
  while (columns > shortest && g.batch * p.groups * ceilDivide(outLength, columns) < wanted) {
    columns = std::max(shortest, roundUp(ceilDivide(columns, 2), lanes));
  }
  plan->columns = columns;
  plan->tiles = ceilDivide(g.outLength, columns);
  plan->tileColumns = wholeVectors ? roundUp(columns, lanes) : columns;
  plan->channelsPerBlock = reduction.channels;
  plan->tapsPerBlock = reduction.taps;
  plan->rowStride = tileRowStride<T>(p, reduction.taps, plan->tileColumns);
}

template <typename T>
bool rowsAlias(const PlanRequest<T>& request, int64_t rows) noexcept {
  const Blocks& blocks = request.kernels.blocks;
  return rows > blocks.mostAliases &&
         request.geometry.length % (blocks.aliasBytes / static_cast<int64_t>(sizeof(T))) == 0;
}

void cutRows(Plan* plan) noexcept {
  const Parameters& p = plan->geometry.parameters;
  plan->panels = panelsOf(p, plan->layout).count();
  const int64_t tiles = ceilDivide(plan->geometry.batch, plan->fold) * p.groups * plan->tiles;
  const int64_t parts = plan->threads > 1 && tiles > 0 ? ceilDivide(int64_t{2} * plan->threads, tiles) : 1;
  plan->panelsPerTask = ceilDivide(plan->panels, std::min(parts, plan->panels));
  plan->tasks = tiles * ceilDivide(plan->panels, plan->panelsPerTask);
  plan->threads = static_cast<int>(std::clamp<int64_t>(plan->tasks, 1, plan->threads));
}

template <typename T>
void sizeScratch(int64_t staging, Plan* plan) noexcept {
  plan->tileElements = plan->channelsPerBlock * plan->rowStride;
  plan->stagingElements = staging;
  plan->scratchBytes = static_cast<size_t>(plan->tileElements + plan->stagingElements) * sizeof(T) +
                       static_cast<size_t>(plan->tapsPerBlock) * (sizeof(Piece) + 2 * sizeof(int64_t));
}

#define CONV1D_INSTANTIATE(T)                                                                 \
  template int usefulThreads<T>(const PlanRequest<T>&) noexcept;                              \
  template bool skipsPadding<T>(const PlanRequest<T>&) noexcept;                              \
  template Reduction cutReduction<T>(const PlanRequest<T>&, int64_t) noexcept;                \
  template bool isShort<T>(const PlanRequest<T>&) noexcept;                                   \
  template void cutColumns<T>(const PlanRequest<T>&, const Reduction&, bool, Plan*) noexcept; \
  template bool rowsAlias<T>(const PlanRequest<T>&, int64_t) noexcept;                        \
  template void sizeScratch<T>(int64_t, Plan*) noexcept;                                      \
  template int64_t tileRowStride<T>(const Parameters&, int64_t, int64_t) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
