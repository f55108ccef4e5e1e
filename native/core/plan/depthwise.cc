// One input and one output channel per group: a row of outputs at a time, positions in the lanes.
#include "core/checked_math.h"
#include "core/plan/algorithm.h"
#include "core/plan/dense.h"
#include "core/plan/tiling.h"
#include "core/run/worker.h"

namespace conv1d {
namespace {

template <typename T>
bool maySuit(const Parameters& p, const Kernels<T>&) noexcept {
  return isDepthwise(p);
}

template <typename T>
double cost(const PlanRequest<T>& request) noexcept {
  const Geometry& g = request.geometry;
  const int64_t vectors = ceilDivide(g.outLength, request.kernels.lanes);
  const Blocks& blocks = request.kernels.blocks;
  return static_cast<double>(vectors) * productsPerOutput(g.parameters) * blocks.costOfStraddling + blocks.costOfRow;
}

template <typename T>
void plan(const PlanRequest<T>& request, Plan* plan) noexcept {
  cutColumns(request, cutReduction(request, request.kernels.blocks.maxColumns), false, plan);
  cutRows(plan);
  plan->readsInput = request.geometry.parameters.stride == 1 && !rowsAlias(request, plan->channelsPerBlock);
  sizeScratch<T>(0, plan);
}

template <typename T>
void run(Worker<T>& worker, const Task& task, const Block& block, const Source<T>& source) noexcept {
  const Taps taps = worker.liveTaps(block, task.firstColumn, task.columns);
  DepthwiseArgs<T> args = worker.depthwiseArgs(task, block, source, taps);
  args.weights = worker.packedWeights() + task.group * worker.parameters().kernelSize + block.firstTap + taps.begin;
  args.weightStep = 1;
  worker.prefetchNextRow(task);
  worker.kernels().depthwise(args);
  if (block.last) worker.finish(task, 0, 1);
}

}  // namespace

template <typename T>
Algorithm<T> depthwise() noexcept {
  return {"depthwise", "a row of outputs per channel", true, maySuit<T>, densePanels<T>, cost<T>,
          plan<T>,     workInBlocks<T, run<T>>};
}

template Algorithm<float> depthwise<float>() noexcept;
template Algorithm<double> depthwise<double>() noexcept;

}  // namespace conv1d
