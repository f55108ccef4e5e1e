// Depthwise layers over spectra of tiles: an algorithm for each size of the transform.
#include <algorithm>

#include "core/checked_math.h"
#include "core/fast/cost.h"
#include "core/fast/direct_tile.h"
#include "core/fast/family.h"
#include "core/fast/filter_form.h"
#include "core/fast/filter_run.h"
#include "core/plan/dense.h"

namespace conv1d {
namespace {

// Each residue has spectra of its own.
constexpr int64_t kMostResidues = 4;

// Elements so far apart that planes and rows fall on different sets of the caches.
constexpr int64_t kApart = 16;

// Cuts cells into strips of about `columns` columns, each with as many phases as it has room for: interleaveRows() is
// slow with few of them. A segment has at least as many tiles as its halo.
void cutStrips(const Geometry& g, int64_t columns, TilePlan* t) noexcept {
  const int64_t shortest = std::clamp<int64_t>(t->halo, 1, std::max<int64_t>(1, t->tilesPerPhase)) + t->halo;
  t->phasesPerStrip = std::clamp<int64_t>(columns / shortest, 1, t->phases);
  t->phaseParts = ceilDivide(t->phases, t->phasesPerStrip);
  t->phasesPerStrip = ceilDivide(t->phases, t->phaseParts);
  int64_t fitting = std::max<int64_t>(1, columns / t->phasesPerStrip - t->halo);
  // Each item has a halo of its own.
  if (t->halo > 0) fitting = std::min(fitting, std::max<int64_t>(1, t->tilesPerPhase));
  const int64_t cells = g.batch * t->tilesPerPhase;
  t->strips = ceilDivide(cells, fitting);
  t->cellsPerStrip = ceilDivide(cells, std::max<int64_t>(1, t->strips));
  t->strips = ceilDivide(cells, std::max<int64_t>(1, t->cellsPerStrip));
}

template <typename T>
void planFilters(const PlanRequest<T>& request, const TileFilter<T>& filter, Plan* plan) noexcept {
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  const Blocks& blocks = request.kernels.blocks;
  const int64_t lanes = request.kernels.lanes;
  TilePlan& t = plan->fast;
  t.form = makeFilterForm(p, filter.size);
  t.halo = t.form.pieces - 1;
  t.phases = std::clamp<int64_t>(g.outLength, 1, t.form.step);
  t.tilesPerPhase = ceilDivide(ceilDivide(g.outLength, t.phases), t.form.hop);
  const int64_t columns = t.phases == 1 ? blocks.filterColumns : blocks.filterPhaseColumns;
  cutStrips(g, roundUp(columns, lanes) + t.halo * blocks.filterHalos, &t);
  const int64_t mostItems = std::min(g.batch, ceilDivide(t.cellsPerStrip, std::max<int64_t>(1, t.tilesPerPhase)) + 1);
  t.columns = roundUp(std::max<int64_t>(1, (t.cellsPerStrip + mostItems * t.halo) * t.phasesPerStrip), lanes);

  plan->panels = 1;
  plan->panelsPerTask = 1;
  plan->tasks = p.groups * t.strips * t.phaseParts;
  plan->threads = static_cast<int>(std::clamp<int64_t>(plan->tasks, 1, plan->threads));

  // Scratch. A vector of the last piece reads a halo further than the columns.
  t.inputPlane = roundUp(filter.size * (t.form.subChannels() == 1 ? lanes : t.columns) + t.halo, kApart) + kApart;
  t.rowElements = roundUp(t.columns * t.form.hop + filter.size + 2 * kApart, kApart);
  t.tileElements = roundUp(t.columns * filter.size + kApart, kApart);
  t.fallbackTaps = std::min<int64_t>(p.kernelSize, blocks.fastFallbackTaps);
  t.fallbackElements = roundUp(directTileRow(p, t.form.step, t.fallbackTaps, t.form.hop) + kApart, kApart);
  const int64_t elements = t.form.period * t.inputPlane + 2 * t.rowElements + t.tileElements + t.fallbackElements;
  plan->scratchBytes = static_cast<size_t>(elements) * sizeof(T) +
                       static_cast<size_t>(t.form.subChannels()) * sizeof(int64_t) + directTileArrays(t.fallbackTaps) +
                       static_cast<size_t>(t.columns);
}

template <typename T>
struct Filters {
  static constexpr const char* names[kFilterKinds] = {"depthwise fft 64", "depthwise fft 128", "depthwise fft 256"};
  static constexpr const char* descriptions[kFilterKinds] = {
      "overlap-save over real FFTs of 64, channel by channel",
      "overlap-save over real FFTs of 128, channel by channel",
      "overlap-save over real FFTs of 256, channel by channel",
  };
  static constexpr auto plan = planFilters<T>;
  static constexpr auto work = workOverFilters<T>;

  static const TileFilter<T>* transforms(const Kernels<T>& kernels) noexcept { return kernels.tileFilters; }

  static bool maySuit(FilterKind, const Parameters& p, const TileFilter<T>& filter) noexcept {
    if (!isDepthwise(p) || p.kernelSize <= 3 || !canBeTiled(p)) return false;
    return makeFilterForm(p, filter.size).period <= kMostResidues;
  }

  static WeightLayout layout(FilterKind kind, const Kernels<T>&) noexcept {
    WeightLayout layout;
    layout.kind = WeightLayout::Kind::kFilters;
    layout.filter = kind;
    return layout;
  }

  static double cost(FilterKind kind, const Geometry& geometry, const TileFilter<T>& filter) noexcept {
    return filterCost(geometry, kind, filter.size);
  }
};

}  // namespace

template <typename T, FilterKind kKind>
Algorithm<T> filters() noexcept {
  return memberOf<T, Filters, kKind>();
}

#define CONV1D_INSTANTIATE(kKind)                             \
  template Algorithm<float> filters<float, kKind>() noexcept; \
  template Algorithm<double> filters<double, kKind>() noexcept;
CONV1D_INSTANTIATE(kFilter64)
CONV1D_INSTANTIATE(kFilter128)
CONV1D_INSTANTIATE(kFilter256)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
