// Output positions in the lanes, output channels in the rows, for long signals of dense layers.
#include "core/checked_math.h"
#include "core/plan/algorithm.h"
#include "core/plan/dense.h"
#include "core/plan/tiling.h"
#include "core/run/panels.h"
#include "core/run/sinks.h"
#include "core/run/worker.h"

namespace conv1d {
namespace {

template <typename T>
double cost(const PlanRequest<T>& request) noexcept {
  const Geometry& g = request.geometry;
  const double vectors = static_cast<double>(g.parameters.groupOutChannels()) *
                         static_cast<double>(ceilDivide(g.outLength, request.kernels.lanes));
  return vectors * productsPerOutput(g.parameters);
}

template <typename T>
void plan(const PlanRequest<T>& request, Plan* plan) noexcept {
  const Blocks& blocks = request.kernels.blocks;
  const Parameters& p = request.geometry.parameters;
  cutColumns(request, cutReduction(request, blocks.maxColumns), false, plan);
  cutRows(plan);
  plan->readsInput = p.stride == 1 && plan->panels < blocks.minPanelsToPack &&
                     plan->channelsPerBlock <= blocks.mostRowsInPlace && !rowsAlias(request, plan->channelsPerBlock);
  sizeScratch<T>(0, plan);
}

template <typename T>
void run(Worker<T>& worker, const Task& task, const Block& block, const Source<T>& source) noexcept {
  runPanels<T, DirectSink<T>>(worker, task, block, source);
}

}  // namespace

template <typename T>
Algorithm<T> direct() noexcept {
  return {"direct", "output positions in the lanes", true, isDense<T>, densePanels<T>, cost<T>,
          plan<T>,  workInBlocks<T, run<T>>};
}

template Algorithm<float> direct<float>() noexcept;
template Algorithm<double> direct<double>() noexcept;

}  // namespace conv1d
