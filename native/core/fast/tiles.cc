// Products of transformed tiles: an algorithm for each transform.
#include <algorithm>

#include "core/checked_math.h"
#include "core/fast/cost.h"
#include "core/fast/direct_tile.h"
#include "core/fast/family.h"
#include "core/fast/tile_run.h"
#include "core/pack/pack_weights.h"
#include "core/parts.h"
#include "core/plan/dense.h"

namespace conv1d {
namespace {

// Elements so far apart that planes and rows fall on different sets of the caches.
constexpr int64_t kApart = 16;

// Parts of the output channels of each strip: as few as give the threads something to do, in tasks that they finish
// together.
int64_t partsFor(int64_t threads, int64_t strips, int64_t panels) noexcept {
  if (threads == 1 || strips == 0 || strips >= threads) return 1;
  const auto slowest = [&](int64_t parts) {  // the share of the work that one thread has
    return static_cast<double>(ceilDivide(strips * parts, threads)) / static_cast<double>(strips * parts);
  };
  const int64_t few = threads / strips;
  const int64_t parts = slowest(few + 1) < slowest(few) ? few + 1 : few;
  return std::clamp<int64_t>(parts, 1, panels);
}

template <typename T>
void planTiles(const PlanRequest<T>& request, const TileTransform<T>& transform, Plan* plan) noexcept {
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  const Blocks& blocks = request.kernels.blocks;
  const int64_t lanes = request.kernels.lanes;
  TilePlan& t = plan->fast;
  t.form = makeTileForm(p, transform.size, transform.outputs);
  const int64_t subChannels = t.form.subChannels();
  const int64_t reduction = p.groupInChannels() * subChannels;
  t.phases = std::clamp<int64_t>(g.outLength, 1, t.form.step);
  t.tilesPerPhase = ceilDivide(ceilDivide(g.outLength, t.phases), t.form.hop);

  // Columns: as many as the planes of all inputs leave room for.
  const int64_t budget = blocks.fastBytes / static_cast<int64_t>(sizeof(T));
  const int64_t widest = std::max(lanes, roundUp(blocks.fastColumns, lanes));
  const int64_t all = std::max<int64_t>(1, g.batch * t.tilesPerPhase * t.phases);
  int64_t columns = std::min(roundUp(all, lanes), transform.planes < blocks.fastFewPlanes ? 4 * widest : widest);
  const int64_t fitting = budget / 2 / (transform.planes * reduction) / lanes * lanes;
  const int64_t narrowest = std::min(columns, roundUp(blocks.fastFewestColumns, lanes));
  columns = std::clamp(fitting, narrowest, columns);
  if (plan->threads > 1) {
    // As many strips for each thread, or strips as narrow as a vector: to share out output channels instead, each task
    // would transform all inputs.
    const int64_t tasks = ceilDivide(all, columns) * p.groups;
    const int64_t even = roundUp(tasks, plan->threads);
    if (tasks < blocks.tasksPerThread * plan->threads) {
      const int64_t enough = roundUp(ceilDivide(all, ceilDivide(even, p.groups)), lanes);
      // Phases that were together stay together: their outputs interleave.
      const int64_t together = columns >= t.phases ? roundUp(t.phases, lanes) : lanes;
      columns = std::min(columns, std::max(enough, together));
    }
  }
  t.phasesPerStrip = std::min(t.phases, columns);
  t.phaseParts = ceilDivide(t.phases, t.phasesPerStrip);
  t.phasesPerStrip = ceilDivide(t.phases, t.phaseParts);
  const int64_t cells = g.batch * t.tilesPerPhase;
  t.strips = ceilDivide(cells, std::max<int64_t>(1, columns / t.phasesPerStrip));
  t.cellsPerStrip = ceilDivide(cells, std::max<int64_t>(1, t.strips));
  t.strips = ceilDivide(cells, std::max<int64_t>(1, t.cellsPerStrip));
  t.columns = roundUp(std::max<int64_t>(1, t.cellsPerStrip * t.phasesPerStrip), lanes);

  // Blocks of channels.
  plan->panels = Parts(p.groupOutChannels(), plan->layout.panelWidth).count();
  const int64_t planeColumns = transform.planes * t.columns;
  const int64_t fit = std::clamp<int64_t>(budget / 2 / (planeColumns * subChannels), 1, p.groupInChannels());
  t.channelsPerBlock = ceilDivide(p.groupInChannels(), ceilDivide(p.groupInChannels(), fit));
  const int64_t left = budget - planeColumns * t.channelsPerBlock * subChannels;
  t.panelsPerBlock = std::clamp<int64_t>(left / (planeColumns * plan->layout.panelWidth), 1,
                                         std::min(plan->panels, blocks.fastPanels));
  if (t.channelsPerBlock < p.groupInChannels()) {
    // Each block of output channels transforms all inputs again: as few as fit.
    t.panelsPerBlock = std::clamp<int64_t>(left / (planeColumns * plan->layout.panelWidth), 1, plan->panels);
  }

  // Tasks: where strips and groups do not occupy the threads, output channels are shared out, and each task transforms
  // its inputs.
  const int64_t strips = p.groups * t.strips * t.phaseParts;
  plan->panelsPerTask = ceilDivide(plan->panels, partsFor(plan->threads, strips, plan->panels));
  plan->tasks = strips * ceilDivide(plan->panels, plan->panelsPerTask);
  plan->threads = static_cast<int>(std::clamp<int64_t>(plan->tasks, 1, plan->threads));

  // Scratch.
  t.inputPlane = t.channelsPerBlock * subChannels * t.columns + kApart;
  t.outputPlane = std::min(t.panelsPerBlock * plan->layout.panelWidth, p.groupOutChannels()) * t.columns + kApart;
  t.rowElements = t.columns * t.form.hop + transform.size + 2 * kApart;
  t.tileElements = t.columns * transform.size + kApart;
  t.fallbackTaps = std::min<int64_t>(p.kernelSize, blocks.fastFallbackTaps);
  t.fallbackElements = roundUp(directTileRow(p, t.form.step, t.fallbackTaps, t.form.hop) + kApart, kApart);
  const int64_t elements = transform.planes * (t.inputPlane + t.outputPlane) + roundUp(t.rowElements, kApart) +
                           roundUp(t.tileElements, kApart) + t.fallbackElements;
  t.rowElements = roundUp(t.rowElements, kApart);
  t.tileElements = roundUp(t.tileElements, kApart);
  plan->scratchBytes = static_cast<size_t>(elements) * sizeof(T) +
                       static_cast<size_t>(t.channelsPerBlock * subChannels) * sizeof(int64_t) +
                       directTileArrays(t.fallbackTaps) + static_cast<size_t>(t.columns);
}

template <typename T>
struct Tiles {
  static constexpr const char* names[kTileKinds] = {
      "winograd F(4,3)", "winograd F(6,3)", "fft 16", "fft 32", "fft 64", "fft 128",
  };
  static constexpr const char* descriptions[kTileKinds] = {
      "four outputs of three taps from six products",
      "six outputs of three taps from eight products",
      "overlap-save over real FFTs of 16",
      "overlap-save over real FFTs of 32",
      "overlap-save over real FFTs of 64",
      "overlap-save over real FFTs of 128",
  };
  static constexpr auto plan = planTiles<T>;
  static constexpr auto work = workOverTiles<T>;

  static const TileTransform<T>* transforms(const Kernels<T>& kernels) noexcept { return kernels.tileTransforms; }

  // Winograd for three taps of stride 1 alone: cut into residues or pieces it saves little and rounds more.
  static bool maySuit(TileKind kind, const Parameters& p, const TileTransform<T>&) noexcept {
    const bool isWinograd = kind == kWinograd4 || kind == kWinograd6;
    const bool suits = isWinograd ? p.kernelSize == 3 && p.stride == 1 : p.kernelSize > 3;
    return suits && canBeTiled(p) && !isDepthwise(p);
  }

  static WeightLayout layout(TileKind kind, const Kernels<T>& kernels) noexcept {
    return {WeightLayout::Kind::kPlanes, kernels.blocks.maxRows, 0, kind};
  }

  static double cost(TileKind kind, const Geometry& geometry, const TileTransform<T>& transform) noexcept {
    return tileCost(geometry, kind, transform.size, transform.planes, transform.outputs);
  }
};

}  // namespace

template <typename T, TileKind kKind>
Algorithm<T> tiles() noexcept {
  return memberOf<T, Tiles, kKind>();
}

#define CONV1D_INSTANTIATE(kKind)                           \
  template Algorithm<float> tiles<float, kKind>() noexcept; \
  template Algorithm<double> tiles<double, kKind>() noexcept;
CONV1D_INSTANTIATE(kWinograd4)
CONV1D_INSTANTIATE(kWinograd6)
CONV1D_INSTANTIATE(kFft16)
CONV1D_INSTANTIATE(kFft32)
CONV1D_INSTANTIATE(kFft64)
CONV1D_INSTANTIATE(kFft128)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
