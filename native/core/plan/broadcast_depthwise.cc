// Depthwise with many neighbouring taps: it broadcasts inputs and reads weights as vectors (native/README.md has the
// picture).
#include "core/checked_math.h"
#include "core/plan/algorithm.h"
#include "core/plan/dense.h"
#include "core/plan/tiling.h"
#include "core/run/worker.h"

namespace conv1d {
namespace {

template <typename T>
bool maySuit(const Parameters& p, const Kernels<T>& kernels) noexcept {
  return isDepthwise(p) && p.stride == 1 && p.dilation == 1 && p.kernelSize >= kernels.blocks.minTapsToBroadcast &&
         p.kernelSize <= kMaxTapsPerBlock;
}

template <typename T>
WeightLayout layout(const Parameters&, const Kernels<T>& kernels) noexcept {
  return {WeightLayout::Kind::kReversed, kernels.blocks.maxRows, kernels.lanes - 1};
}

template <typename T>
double cost(const PlanRequest<T>& request) noexcept {
  const Geometry& g = request.geometry;
  const Blocks& blocks = request.kernels.blocks;
  const int64_t lanes = request.kernels.lanes;
  if (g.outLength < blocks.shortestBroadcast * lanes) return kUnsuited;
  return static_cast<double>(ceilDivide(g.outLength, lanes)) *
             static_cast<double>(g.parameters.kernelSize + lanes - 1) * blocks.costOfBroadcasting +
         blocks.costOfRow;
}

template <typename T>
void plan(const PlanRequest<T>& request, Plan* plan) noexcept {
  const Blocks& blocks = request.kernels.blocks;
  // It skips taps tile by tile.
  const int64_t longest = plan->skipsPadding ? blocks.maxColumns : blocks.broadcastColumns * blocks.maxColumns;
  cutColumns(request, cutReduction(request, longest), true, plan);
  cutRows(plan);
  plan->readsInput = !rowsAlias(request, plan->channelsPerBlock);
  plan->readsWholeVectors = true;
  sizeScratch<T>(0, plan);
}

template <typename T>
void run(Worker<T>& worker, const Task& task, const Block& block, const Source<T>& source) noexcept {
  const int64_t margin = worker.kernels().lanes - 1;
  const int64_t kernelSize = worker.parameters().kernelSize;
  // Where a dead tap next to the live ones meets an output, its product is a weight times a zero of the padding.
  const Taps taps = worker.liveTaps(block, task.firstColumn, task.columns);
  DepthwiseArgs<T> args = worker.depthwiseArgs(task, block, source, taps);
  const T* lastWeight = worker.packedWeights() + task.group * (kernelSize + 2 * margin) + margin;
  args.weights = lastWeight + (kernelSize - 1) - (block.firstTap + taps.begin);
  args.weightStep = -1;
  worker.prefetchNextRow(task);
  worker.kernels().depthwiseBroadcast(args);
  if (block.last) worker.finish(task, 0, 1);
}

}  // namespace

template <typename T>
Algorithm<T> broadcastDepthwise() noexcept {
  return {"broadcast depthwise",  "inputs broadcast, weights as vectors", true, maySuit<T>, layout<T>, cost<T>, plan<T>,
          workInBlocks<T, run<T>>};
}

template Algorithm<float> broadcastDepthwise<float>() noexcept;
template Algorithm<double> broadcastDepthwise<double>() noexcept;

}  // namespace conv1d
