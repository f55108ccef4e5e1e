#include "core/plan/phase_tiling.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/pack/phase_taps.h"
#include "core/plan/tiling.h"

namespace conv1d {

ColumnRange columnsOf(const Geometry& g) noexcept {
  const Parameters& p = g.parameters;
  return {p.padLeft / p.stride, (p.padLeft + g.outLength - 1) / p.stride + 1};
}

int64_t longestPhase(const Geometry& g) noexcept { return ceilDivide(g.outLength, g.parameters.stride); }

template <typename T>
int64_t phaseRowStride(const Parameters& p, int64_t taps, int64_t columns) noexcept {
  constexpr int64_t kCacheLine = 64 / sizeof(T);
  constexpr int64_t kPage = 4096 / sizeof(T);  // as in tileRowStride()
  const int64_t stride = roundUp(PhaseTaps(p).rowLength(taps, columns), kCacheLine);
  return stride % kPage == 0 ? stride + kCacheLine : stride;
}

template <typename T>
void cutPhaseColumns(const PlanRequest<T>& request, int64_t longest, Plan* plan) noexcept {
  // Halving a tile doubles its halos; but a tile that is cut into blocks is packed again for every panel.
  constexpr int64_t kShortest = 48;
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  const Blocks& blocks = request.kernels.blocks;
  const int64_t lanes = request.kernels.lanes;
  const int64_t budget = blocks.tileBytes / static_cast<int64_t>(sizeof(T));
  const int64_t channels = p.groupInChannels();
  const ColumnRange range = columnsOf(g);
  const int64_t all = std::max<int64_t>(range.end - range.begin, 1);
  int64_t taps = std::min(p.kernelSize, kMaxTapsPerBlock);
  int64_t columns = std::min(all, longest);
  const int64_t shortest = std::min(columns, kShortest);
  while (columns > shortest && phaseRowStride<T>(p, taps, columns) > budget / channels) {
    columns = std::max(shortest, columns / 2);
  }
  while (taps > 1 && phaseRowStride<T>(p, taps, columns) > budget) taps = ceilDivide(taps, 2);
  const int64_t fitting =
      taps < p.kernelSize ? 1 : std::clamp<int64_t>(budget / phaseRowStride<T>(p, taps, columns), 1, channels);

  // Tiles of nearly equal length; more of them when the threads would go short.
  columns = std::min(columns, roundUp(ceilDivide(all, ceilDivide(all, columns)), lanes));
  const int64_t few = std::min(all, roundUp(blocks.minColumns, lanes));
  const int64_t wanted = plan->threads > 1 ? blocks.tasksPerThread * plan->threads : 1;
  while (columns > few && g.batch * p.groups * ceilDivide(all, columns) < wanted) {
    columns = std::max(few, roundUp(ceilDivide(columns, 2), lanes));
  }
  plan->columns = columns;
  plan->tiles = g.batch == 0 ? 0 : ceilDivide(all, columns);
  plan->tileColumns = columns;
  plan->channelsPerBlock = ceilDivide(channels, ceilDivide(channels, fitting));
  plan->tapsPerBlock = taps;
  plan->rowStride = phaseRowStride<T>(p, taps, columns);
}

template <typename T>
void sizePhaseScratch(int64_t staging, Plan* plan) noexcept {
  plan->tileElements = plan->channelsPerBlock * plan->rowStride;
  plan->stagingElements = staging;
  plan->scratchBytes = static_cast<size_t>(roundUp(plan->tileElements + staging, 16)) * sizeof(T) +
                       static_cast<size_t>(plan->tapsPerBlock) * (sizeof(Piece) + sizeof(int64_t)) +
                       static_cast<size_t>(plan->phases) * sizeof(int64_t);
}

#define CONV1D_INSTANTIATE(T)                                                       \
  template int64_t phaseRowStride<T>(const Parameters&, int64_t, int64_t) noexcept; \
  template void cutPhaseColumns<T>(const PlanRequest<T>&, int64_t, Plan*) noexcept; \
  template void sizePhaseScratch<T>(int64_t, Plan*) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
