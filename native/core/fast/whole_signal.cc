// Short signals with long kernels in many channels: one circular convolution of a whole signal, an algorithm for each
// size of the transform.
#include <algorithm>

#include "core/checked_math.h"
#include "core/fast/cost.h"
#include "core/fast/direct_tile.h"
#include "core/fast/family.h"
#include "core/fast/whole_run.h"
#include "core/parts.h"
#include "core/plan/dense.h"

namespace conv1d {
namespace {

// Elements of a cache line: what follows begins on one.
constexpr int64_t kApart = 16;

template <typename T>
void planSignals(const PlanRequest<T>& request, const WholeTransform<T>& transform, Plan* plan) noexcept {
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  const Blocks& blocks = request.kernels.blocks;
  const int64_t lanes = request.kernels.lanes;
  const int64_t size = transform.size;
  WholePlan& w = plan->whole;
  plan->panels = Parts(p.groupOutChannels(), plan->layout.panelWidth).count();

  // Blocks of channels: one item's fit.
  const int64_t budget = blocks.fastBytes / static_cast<int64_t>(sizeof(T));
  const int64_t fitting =
      std::min(std::max<int64_t>(budget / 2 / (2 * size) / lanes * lanes, lanes), p.groupInChannels());
  w.channelsPerBlock = ceilDivide(p.groupInChannels(), ceilDivide(p.groupInChannels(), fitting));
  const int64_t mostPanels = std::max<int64_t>(1, budget / 2 / size / plan->layout.panelWidth);
  w.panelsPerBlock = std::min(plan->panels, mostPanels);
  // An odd number of cache lines, so that planes fall on different sets.
  const int64_t widest = std::min(w.panelsPerBlock * plan->layout.panelWidth, p.groupOutChannels());
  w.outputRow = roundUp(widest, kApart) | kApart;

  // Tasks: where groups do not occupy the threads, output channels are shared out, and then items.
  const int64_t inputsPerItem = 2 * size * roundUp(w.channelsPerBlock, lanes);
  const int64_t outputsPerItem = size * w.outputRow;
  const int64_t batch = std::max<int64_t>(1, g.batch);
  const int64_t parts = plan->threads > 1 ? ceilDivide(int64_t{2} * plan->threads, p.groups) : 1;
  plan->panelsPerTask = ceilDivide(plan->panels, std::min(parts, plan->panels));
  const int64_t panelParts = ceilDivide(plan->panels, plan->panelsPerTask);
  const int64_t most = std::clamp<int64_t>(budget / (inputsPerItem + outputsPerItem), 1, batch);
  const int64_t itemParts = std::clamp<int64_t>(ceilDivide(parts, panelParts), ceilDivide(batch, most), batch);
  w.itemsPerTask = ceilDivide(batch, itemParts);
  w.itemParts = ceilDivide(g.batch, w.itemsPerTask);
  w.itemsPerStrip = std::min<int64_t>(blocks.maxRows / 2, w.itemsPerTask);
  plan->tasks = p.groups * w.itemParts * panelParts;
  plan->threads = static_cast<int>(std::clamp<int64_t>(plan->tasks, 1, plan->threads));

  // Scratch.
  w.inputElements = w.itemsPerTask * inputsPerItem;
  w.outputElements = w.itemsPerTask * outputsPerItem;
  w.planeElements = w.itemsPerStrip * 2 * size * lanes;
  w.rowElements = lanes * size + kApart;
  w.biasElements = roundUp(p.groupOutChannels(), lanes) + kApart;
  w.fallbackTaps = std::min<int64_t>(p.kernelSize, blocks.fastFallbackTaps);
  w.fallbackElements = directTileRow(p, 1, w.fallbackTaps, g.outLength);
  for (int64_t* elements :
       {&w.inputElements, &w.outputElements, &w.planeElements, &w.rowElements, &w.biasElements, &w.fallbackElements}) {
    *elements = roundUp(*elements, kApart);
  }
  const int64_t elements =
      w.inputElements + w.outputElements + w.planeElements + w.rowElements + w.biasElements + w.fallbackElements;
  plan->scratchBytes = static_cast<size_t>(elements) * sizeof(T) +
                       static_cast<size_t>(2 * w.channelsPerBlock) * sizeof(int64_t) +
                       directTileArrays(w.fallbackTaps) + static_cast<size_t>(w.itemsPerTask);
}

template <typename T>
struct WholeSignals {
  static constexpr const char* names[kWholeKinds] = {"whole fft 64", "whole fft 128"};
  static constexpr const char* descriptions[kWholeKinds] = {
      "a whole signal in one real FFT of 64",
      "a whole signal in one real FFT of 128",
  };
  static constexpr auto plan = planSignals<T>;
  static constexpr auto work = workOverSignals<T>;

  static const WholeTransform<T>* transforms(const Kernels<T>& kernels) noexcept { return kernels.wholeTransforms; }

  static bool maySuit(WholeKind, const Parameters& p, const WholeTransform<T>& transform) noexcept {
    const int64_t size = transform.size;
    const bool spanFits = p.dilation <= size && p.kernelSize <= size && (p.kernelSize - 1) * p.dilation < size;
    return p.stride == 1 && p.mode == PaddingMode::kZeros && spanFits && std::max(p.padLeft, p.padRight) < size &&
           !isDepthwise(p);
  }

  // Wide panels: a few rows of outputs leave room for many vectors.
  static WeightLayout layout(WholeKind kind, const Kernels<T>& kernels) noexcept {
    WeightLayout layout;
    layout.kind = WeightLayout::Kind::kSpectra;
    layout.panelWidth = kernels.blocks.maxVectors[2] * int64_t{kernels.lanes};
    layout.whole = kind;
    return layout;
  }

  static double cost(WholeKind kind, const Geometry& geometry, const WholeTransform<T>& transform) noexcept {
    return wholeCost(geometry, kind, transform.size);
  }
};

}  // namespace

template <typename T, WholeKind kKind>
Algorithm<T> wholeSignal() noexcept {
  return memberOf<T, WholeSignals, kKind>();
}

#define CONV1D_INSTANTIATE(kKind)                                 \
  template Algorithm<float> wholeSignal<float, kKind>() noexcept; \
  template Algorithm<double> wholeSignal<double, kKind>() noexcept;
CONV1D_INSTANTIATE(kWhole64)
CONV1D_INSTANTIATE(kWhole128)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
