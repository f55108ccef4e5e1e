// Short signals: several batch items side by side in one tile, each with its halo. It also computes columns that
// straddle two items, and drops them.
#include <algorithm>

#include "core/checked_math.h"
#include "core/plan/algorithm.h"
#include "core/plan/dense.h"
#include "core/plan/tiling.h"
#include "core/run/panels.h"
#include "core/run/sinks.h"
#include "core/run/worker.h"

namespace conv1d {
namespace {

int64_t reachOf(const Parameters& p) noexcept { return (p.kernelSize - 1) * p.dilation / p.stride; }

// The columns from one item to the next.
int64_t pitchOf(const Geometry& g) noexcept { return g.outLength + reachOf(g.parameters); }

// How many items fit one tile.
template <typename T>
int64_t itemsOf(const PlanRequest<T>& request) noexcept {
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  const Blocks& blocks = request.kernels.blocks;
  const int64_t budget = blocks.tileBytes / static_cast<int64_t>(sizeof(T));
  const int64_t pitch = pitchOf(g);
  int64_t items = std::min(g.batch, blocks.maxColumns / std::max<int64_t>(pitch, 1));
  const auto fits = [&] {
    return tileRowStride<T>(p, p.kernelSize, items * pitch - reachOf(p)) <= budget / p.groupInChannels();
  };
  while (items > 1 && !fits()) items /= 2;
  return items;
}

template <typename T>
double cost(const PlanRequest<T>& request) noexcept {
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  if (g.batch < 2 || !isShort(request) || itemsOf(request) < 2) return kUnsuited;
  const double vectors = static_cast<double>(p.groupOutChannels()) * static_cast<double>(pitchOf(g)) /
                         static_cast<double>(request.kernels.lanes);
  return vectors / request.kernels.blocks.clearlyFewer * productsPerOutput(p);
}

template <typename T>
void plan(const PlanRequest<T>& request, Plan* plan) noexcept {
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  plan->fold = itemsOf(request);
  plan->foldPitch = pitchOf(g);
  plan->columns = g.outLength;
  plan->tiles = 1;
  plan->tileColumns = plan->fold * plan->foldPitch - reachOf(p);
  plan->channelsPerBlock = p.groupInChannels();
  plan->tapsPerBlock = p.kernelSize;
  plan->rowStride = tileRowStride<T>(p, p.kernelSize, plan->tileColumns);
  plan->skipsPadding = false;  // a strip holds columns of several items
  cutRows(plan);
  sizeScratch<T>(int64_t{request.kernels.blocks.maxRows} * kMaxVectors * request.kernels.lanes, plan);
}

template <typename T>
void run(Worker<T>& worker, const Task& task, const Block& block, const Source<T>& source) noexcept {
  runPanels<T, FoldedSink<T>>(worker, task, block, source);
}

}  // namespace

template <typename T>
Algorithm<T> folded() noexcept {
  return {"folded",       "several batch items in one tile",
          true,           isDense<T>,
          densePanels<T>, cost<T>,
          plan<T>,        workInBlocks<T, run<T>>};
}

template Algorithm<float> folded<float>() noexcept;
template Algorithm<double> folded<double>() noexcept;

}  // namespace conv1d
