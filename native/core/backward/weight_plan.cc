#include "core/backward/weight_plan.h"

#include <algorithm>
#include <bit>

#include "core/checked_math.h"

namespace conv1d {
namespace {

constexpr int64_t kMostRows = 128;      // of a task: 520 KiB of packed gradients,
constexpr int64_t kMostPanelRows = 64;  // and half as much of packed inputs
// Signals so short that few of their positions lie in whole groups are packed.
constexpr int64_t kShortestInPlace = 192;
constexpr int64_t kColumnUnit = 16;  // whole tiles of any width, nearly
constexpr int64_t kBranchBytes = 1 << 20;

// Branches of the tree that wait for their neighbours while a segment of this many blocks is summed up.
int64_t branchesOf(int64_t blocks) noexcept { return std::bit_width(static_cast<uint64_t>(blocks) - 1) + 1; }

// Sums that kernels compute for `rows` x `columns` of a task.
template <typename T>
int64_t outputsOf(const Kernels<T>& kernels, const WeightPlan& plan, int64_t rows, int64_t columns) noexcept {
  const Parts strips = kernelRows(kernels, rows);
  const Parts panels = panelsOfColumns(plan, columns);
  int64_t outputs = 0;
  for (int64_t s = 0; s < strips.count(); s++) {
    const int64_t height = strips.size(s);
    const int64_t width = kernels.blocks.gradientColumns[height];
    for (int64_t p = 0; p < panels.count(); p++) {
      outputs += kernelColumns(kernels, height, panels.size(p)) * height * width;
    }
  }
  return outputs;
}

}  // namespace

template <typename T>
WeightPlan planWeightGradient(const Kernels<T>& kernels, const Geometry& g, int threads) noexcept {
  const Parameters& p = g.parameters;
  WeightPlan plan;
  plan.geometry = g;
  plan.rows = p.groupOutChannels();
  plan.columns = p.groupInChannels() * p.kernelSize;
  plan.positions = g.batch * g.outLength;
  plan.blocks = ceilDivide(plan.positions, kGradientBlock<T>);
  plan.panelRows = std::min(plan.columns, kMostPanelRows);
  const double products = static_cast<double>(plan.positions) * static_cast<double>(p.weightCount());
  const double useful = std::max(1.0, products / kernels.blocks.minProductsPerThread);
  plan.threads = useful < threads ? static_cast<int>(useful) : threads;

  plan.rowTiles = Parts(plan.rows, kMostRows);
  const int64_t tallest = plan.rowTiles.size(0);
  const int64_t fitting = kBranchBytes / static_cast<int64_t>(sizeof(T)) / branchesOf(plan.blocks) / tallest;
  plan.columnTiles = Parts(plan.columns, std::max(fitting / kColumnUnit, int64_t{1}) * kColumnUnit);

  const auto collides = [&](int64_t rows, int64_t length) {
    return rows > kernels.blocks.mostAliases &&
           length * static_cast<int64_t>(sizeof(T)) % kernels.blocks.aliasBytes == 0;
  };
  plan.readsInPlace = p.stride == 1 && g.outLength >= kShortestInPlace && !collides(plan.rows, g.outLength) &&
                      !collides(p.groupInChannels(), g.length);

  // Enough tasks for all threads: segments need no row to be packed twice, but at last an addition each.
  const int64_t wanted = plan.threads > 1 ? plan.threads * kernels.blocks.tasksPerThread : 1;
  const int64_t tiles = p.groups * plan.rowTiles.count() * plan.columnTiles.count();
  const int64_t longest = std::max<int64_t>(plan.blocks * tiles / wanted, 1);
  plan.segmentBlocks = tiles >= wanted ? static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(plan.blocks)))
                                       : static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(longest)));
  plan.segments = ceilDivide(plan.blocks, plan.segmentBlocks);
  if (plan.segments * tiles < wanted) {
    const int64_t parts = std::min(plan.columns, ceilDivide(wanted, plan.segments * tiles) * plan.columnTiles.count());
    plan.columnTiles =
        Parts(plan.columns, std::max(ceilDivide(plan.columns, parts), std::min(plan.columns, kColumnUnit)));
  }
  plan.tasks = p.groups * plan.rowTiles.count() * plan.columnTiles.count() * plan.segments;
  plan.threads = static_cast<int>(std::min<int64_t>(plan.threads, plan.tasks));

  // Rows a multiple of 4 KiB apart would fall on the same sets of the first cache.
  plan.pitch = std::min(kGradientBlock<T>, roundUp(plan.positions, kGradientChains)) + kGradientChains;
  plan.packedRows = tallest;
  plan.outputs = 0;
  for (const int64_t tile : {int64_t{0}, plan.columnTiles.count() - 1}) {
    for (const int64_t rows : {tallest, plan.rowTiles.size(plan.rowTiles.count() - 1)}) {
      plan.outputs = std::max(plan.outputs, outputsOf(kernels, plan, rows, plan.columnTiles.size(tile)));
    }
  }
  plan.outputs += kMaxLanes;  // whole vectors are written behind the last one
  plan.branches = branchesOf(std::min(plan.blocks, plan.segmentBlocks));
  int64_t largestTile = 0;
  for (int rows = 1; rows <= kernels.blocks.gradientRows; rows++) {
    largestTile = std::max<int64_t>(largestTile, rows * kernels.blocks.gradientColumns[rows]);
  }
  plan.pendingSums = kSumsToMerge + largestTile + kMaxLanes;
  plan.gradientPointers = plan.packedRows;
  plan.inputPointers = std::max<int64_t>(plan.panelRows, kMaxGradientColumns);
  plan.pointerBytes = static_cast<std::size_t>(
      roundUp(kMostRuns<T> * (plan.gradientPointers + plan.inputPointers) * int64_t{sizeof(T*)}, 64));
  plan.scratchBytes =
      plan.pointerBytes + static_cast<std::size_t>((plan.packedRows + plan.panelRows) * plan.pitch +
                                                   plan.pendingSums * kGradientChains + plan.branches * plan.outputs) *
                              sizeof(T);
  return plan;
}

template WeightPlan planWeightGradient<float>(const Kernels<float>&, const Geometry&, int) noexcept;
template WeightPlan planWeightGradient<double>(const Kernels<double>&, const Geometry&, int) noexcept;

}  // namespace conv1d
