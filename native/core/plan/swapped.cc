// Short signals: output channels in the lanes, output positions in the rows; blocks are transposed on their way out.
#include "core/checked_math.h"
#include "core/plan/algorithm.h"
#include "core/plan/dense.h"
#include "core/plan/tiling.h"
#include "core/run/sinks.h"
#include "core/run/worker.h"

namespace conv1d {
namespace {

template <typename T>
bool maySuit(const Parameters& p, const Kernels<T>&) noexcept {
  return p.groupOutChannels() > 1;
}

template <typename T>
WeightLayout layout(const Parameters&, const Kernels<T>& kernels) noexcept {
  const Blocks& blocks = kernels.blocks;
  return {WeightLayout::Kind::kPanels, blocks.maxVectors[blocks.maxRows] * int64_t{kernels.lanes}, 0};
}

template <typename T>
double cost(const PlanRequest<T>& request) noexcept {
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
void plan(const PlanRequest<T>& request, Plan* plan) noexcept {
  cutColumns(request, cutReduction(request, request.kernels.blocks.maxColumns), false, plan);
  cutRows(plan);
  sizeScratch(request, true, plan);
}

template <typename T>
void run(Worker<T>& worker, const Task& task, const Block& block, const Source<T>& source) noexcept {
  const Kernels<T>& kernels = worker.kernels();
  for (int64_t panel = task.firstPanel; panel < task.endPanel && !worker.isCancelled(); panel++) {
    const int64_t channels = worker.panels().size(panel);
    const int64_t vectors = ceilDivide(channels, kernels.lanes);
    const auto& kernel = channels == vectors * kernels.lanes ? kernels.swappedFull : kernels.swappedPartial;
    const T* weights = worker.panelWeights(task, block, panel);
    const TransposedSink<T> sink(worker, task, panel);
    MicrokernelArgs<T> args = worker.panelArgs(task, block, source, panel);
    args.columns = channels;
    const Parts strips(task.columns, kernels.blocks.maxRows);
    for (int64_t strip = 0; strip < strips.count(); strip++) {
      const int64_t column = strips.begin(strip);
      const int64_t positions = strips.size(strip);
      const Taps taps = worker.liveTaps(block, task.firstColumn + column, positions);
      args.tile = source.rows + column;
      args.tapOffsets = source.tapOffsets + taps.begin;
      args.taps = taps.end - taps.begin;
      args.panel = weights + taps.begin * channels;
      args.out = sink.begin(column);
      args.outStride = sink.stride();
      kernel[positions - 1][vectors - 1](args);
      sink.end(column, positions);
    }
  }
}

}  // namespace

template <typename T>
Algorithm<T> swapped() noexcept {
  return {"swapped", "output channels in the lanes", true, maySuit<T>, layout<T>, cost<T>,
          plan<T>,   workInBlocks<T, run<T>>};
}

template Algorithm<float> swapped<float>() noexcept;
template Algorithm<double> swapped<double>() noexcept;

}  // namespace conv1d
