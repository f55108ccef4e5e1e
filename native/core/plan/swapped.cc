// Short signals: output channels in the lanes, output positions in the rows. Every strip of positions reads all weights
// of a panel, so it takes a few input channels at a time, whose weights stay in the first cache. Meanwhile the sums of
// all positions wait in the staging block; it transposes them when they are complete.
#include <algorithm>

#include "core/checked_math.h"
#include "core/plan/algorithm.h"
#include "core/plan/dense.h"
#include "core/plan/swapped.h"
#include "core/plan/tiling.h"
#include "core/run/worker.h"

namespace conv1d {
namespace {

template <typename T>
bool maySuit(const Parameters& p, const Kernels<T>&) noexcept {
  return p.groupOutChannels() > 1;
}

template <typename T>
void plan(const PlanRequest<T>& request, Plan* plan) noexcept {
  cutColumns(request, cutReduction(request, request.kernels.blocks.maxColumns), false, plan);
  cutRows(plan);
  sizeScratch<T>(plan->columns * plan->layout.panelWidth, plan);
}

// One tile per signal, and one block of the reduction.
template <typename T>
void run(Worker<T>& worker, const Task& task, const Block& block, const Source<T>& source) noexcept {
  const Kernels<T>& kernels = worker.kernels();
  const int64_t kernelSize = worker.parameters().kernelSize;
  const Parts strips(task.columns, kernels.blocks.maxRows);
  const T* end = worker.packedWeights() + worker.parameters().weightCount();
  for (int64_t panel = task.firstPanel; panel < task.endPanel && !worker.isCancelled(); panel++) {
    const int64_t width = worker.panels().size(panel);
    const int64_t vectors = ceilDivide(width, kernels.lanes);
    const auto& kernel = width == vectors * kernels.lanes ? kernels.swappedFull : kernels.swappedPartial;
    const T* weights = worker.panelWeights(task, block, panel);
    const int64_t channelBytes = kernelSize * width * static_cast<int64_t>(sizeof(T));
    const Parts chunks(block.channels, std::max<int64_t>(1, kernels.blocks.swappedWeightBytes / channelBytes));
    MicrokernelArgs<T> args = worker.panelArgs(task, block, source, panel);
    args.columns = width;
    args.outStride = width;
    for (int64_t chunk = 0; chunk < chunks.count(); chunk++) {
      if (worker.isCancelled()) return;
      const int64_t channel = chunks.begin(chunk);
      args.channels = chunks.size(chunk);
      args.first = chunk == 0;
      args.last = chunk + 1 == chunks.count();
      // The next weights lie after these, also for other panels and groups; the processor does not prefetch them.
      const int64_t chunkWeights = args.channels * kernelSize * width;
      const T* behind = weights + channel * kernelSize * width + chunkWeights;
      const int64_t next = strips.count() == 1 ? 0 : std::min<int64_t>(chunkWeights, end - behind);
      for (int64_t strip = 0; strip < strips.count(); strip++) {
        const int64_t column = strips.begin(strip);
        const Taps taps = worker.liveTaps(block, task.firstColumn + column, strips.size(strip));
        args.tile = source.rows + channel * source.rowStride + column;
        args.tapOffsets = source.tapOffsets + taps.begin;
        args.taps = taps.end - taps.begin;
        args.panel = weights + (channel * kernelSize + taps.begin) * width;
        args.out = worker.staging() + column * width;
        kernel[strips.size(strip) - 1][vectors - 1](args);
        prefetchToSecondCache(behind + next * strip / strips.count(), next / strips.count());
      }
    }
    T* const out = worker.output(task.firstItem, task.group, worker.panels().begin(panel));
    kernels.interleaveRows(worker.staging(), width, task.columns, width, out);
    worker.finish(task, worker.panels().begin(panel), width);
  }
}

}  // namespace

template <typename T>
double costOfSwapped(const PlanRequest<T>& request) noexcept {
  const Geometry& g = request.geometry;
  const Blocks& blocks = request.kernels.blocks;
  if (!isShort(request)) return kUnsuited;
  const int64_t channels = g.parameters.groupOutChannels();
  const double vectors =
      static_cast<double>(ceilDivide(channels, request.kernels.lanes)) * static_cast<double>(g.outLength);
  const double live = skipsPadding(request) ? vectors * blocks.swappedSkipsMore : vectors;
  return live / blocks.clearlyFewer * productsPerOutput(g.parameters);
}

template <typename T>
Algorithm<T> swapped() noexcept {
  return {"swapped", "output channels in the lanes", true, maySuit<T>, vectorPanels<T>, costOfSwapped<T>,
          plan<T>,   workInBlocks<T, run<T>>};
}

template Algorithm<float> swapped<float>() noexcept;
template Algorithm<double> swapped<double>() noexcept;
template double costOfSwapped<float>(const PlanRequest<float>&) noexcept;
template double costOfSwapped<double>(const PlanRequest<double>&) noexcept;

}  // namespace conv1d
