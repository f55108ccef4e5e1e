#include "core/plan.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/panels.h"
#include "core/tile_layout.h"

namespace conv1d {
namespace {

// A tile shorter than this spends too much on its halo and its edges; the reduction is cut first.
constexpr int64_t kMinColumns = 192;

// Bounds the layout's arrays (32 bytes a tap) to a small part of the scratch.
constexpr int64_t kMaxTapsPerBlock = 4096;

// Below this much work waking a thread costs more than it brings (a few microseconds).
constexpr double kMinProductsPerThread = 1 << 18;

// Tasks a thread should find, so that threads finish together.
constexpr int64_t kTasksPerThread = 4;

// Panels below which packing a tile is not paid back by reading it: the input is read in place.
constexpr int64_t kMinPanelsToPack = 2;

// Rows a multiple of 4 KiB apart fall on the same cache sets and their loads seem to depend on earlier stores.
template <typename T>
int64_t paddedRowStride(int64_t rowLength) noexcept {
  constexpr int64_t kCacheLine = 64 / sizeof(T);
  constexpr int64_t kPage = 4096 / sizeof(T);
  const int64_t stride = roundUp(rowLength, kCacheLine);
  return stride % kPage == 0 ? stride + kCacheLine : stride;
}

template <typename T>
class Planner {
 public:
  Planner(const Geometry& geometry, const Kernels<T>& kernels)
      : p_(geometry.parameters), kernels_(kernels), budget_(kernels.tileBytes / static_cast<int64_t>(sizeof(T))) {
    plan_.geometry = geometry;
  }

  Plan make(int maxThreads) noexcept {
    plan_.depthwise = p_.groupInChannels() == 1 && p_.groupOutChannels() == 1;
    plan_.panels = Panels(p_.groupOutChannels(), kernels_.maxRows).count();
    plan_.readsInput = p_.stride == 1 && plan_.panels < kMinPanelsToPack;
    plan_.threads = usefulThreads(maxThreads);
    if (!foldShortSignals()) {
      cutReduction();
      cutColumns();
    }
    cutRows();
    sizeScratch();
    return plan_;
  }

 private:
  int64_t rowStride(int64_t taps, int64_t columns) const noexcept {
    return paddedRowStride<T>(tileRowLength(p_, taps, columns));
  }

  // Small work stays on the calling thread.
  int usefulThreads(int maxThreads) const noexcept {
    const Geometry& g = plan_.geometry;
    const double products =
        static_cast<double>(g.batch) * static_cast<double>(g.outLength) * static_cast<double>(p_.weightCount());
    const double useful = std::max(1.0, products / kMinProductsPerThread);
    return useful < maxThreads ? static_cast<int>(useful) : maxThreads;
  }

  // Signals whose outputs leave most of a vector empty lie side by side in one tile, halo and all, when that takes
  // fewer vectors than a vector of its own for each.
  bool foldShortSignals() noexcept {
    const Geometry& g = plan_.geometry;
    const int64_t lanes = kernels_.lanes;
    if (plan_.depthwise || g.batch < 2 || g.outLength >= kernels_.maxColumns || p_.kernelSize > kMaxTapsPerBlock) {
      return false;
    }
    const int64_t reach = (p_.kernelSize - 1) * p_.dilation / p_.stride;
    const int64_t pitch = g.outLength + reach;
    if (pitch >= roundUp(g.outLength, lanes)) return false;
    const int64_t rows = p_.groupInChannels();
    int64_t fold = std::min(g.batch, kernels_.maxColumns / pitch);
    while (fold > 1 && rows * rowStride(p_.kernelSize, fold * pitch - reach) > budget_) fold /= 2;
    if (fold < 2) return false;
    plan_.fold = fold;
    plan_.foldPitch = pitch;
    plan_.columns = g.outLength;
    plan_.tiles = 1;
    plan_.tileColumns = fold * pitch - reach;
    plan_.rowStride = rowStride(p_.kernelSize, plan_.tileColumns);
    plan_.channelsPerBlock = rows;
    plan_.tapsPerBlock = p_.kernelSize;
    plan_.readsInput = false;
    return true;
  }

  // The longest tile whose rows, of all channels if possible, fit the budget.
  void cutReduction() noexcept {
    const int64_t channels = p_.groupInChannels();
    int64_t taps = std::min(p_.kernelSize, kMaxTapsPerBlock);
    int64_t columns = std::min(plan_.geometry.outLength, kernels_.maxColumns);
    const int64_t shortest = std::min(columns, kMinColumns);
    while (columns > shortest && channels * rowStride(taps, columns) > budget_) {
      columns = std::max(shortest, columns / 2);
    }
    while (taps > 1 && rowStride(taps, columns) > budget_) taps = ceilDivide(taps, 2);
    plan_.columns = columns;
    plan_.tapsPerBlock = taps;
    plan_.channelsPerBlock =
        taps < p_.kernelSize ? 1 : std::clamp<int64_t>(budget_ / rowStride(taps, columns), 1, channels);
    // Blocks of nearly equal size.
    plan_.channelsPerBlock = ceilDivide(channels, ceilDivide(channels, plan_.channelsPerBlock));
  }

  // Tiles of nearly equal length, in whole vectors; more of them when the threads would go short.
  void cutColumns() noexcept {
    const Geometry& g = plan_.geometry;
    const int64_t outLength = std::max<int64_t>(g.outLength, 1);
    const int64_t tiles = ceilDivide(outLength, std::max<int64_t>(plan_.columns, 1));
    plan_.columns = std::min(outLength, roundUp(ceilDivide(outLength, tiles), kernels_.lanes));
    const int64_t shortest = std::min(outLength, roundUp(kMinColumns, kernels_.lanes));
    const int64_t wanted = plan_.threads > 1 ? kTasksPerThread * plan_.threads : 1;
    while (plan_.columns > shortest && g.batch * p_.groups * ceilDivide(outLength, plan_.columns) < wanted) {
      plan_.columns = std::max(shortest, roundUp(ceilDivide(plan_.columns, 2), kernels_.lanes));
    }
    plan_.tiles = ceilDivide(g.outLength, plan_.columns);
    plan_.tileColumns = plan_.columns;
    plan_.rowStride = rowStride(plan_.tapsPerBlock, plan_.columns);
  }

  // Output channels are shared out only where batch, groups and tiles do not occupy the threads: each task packs its
  // tile.
  void cutRows() noexcept {
    const int64_t tiles = ceilDivide(plan_.geometry.batch, plan_.fold) * p_.groups * plan_.tiles;
    const int64_t parts = plan_.threads > 1 && tiles > 0 ? ceilDivide(2 * plan_.threads, tiles) : 1;
    plan_.panelsPerTask = ceilDivide(plan_.panels, std::min(parts, plan_.panels));
    plan_.tasks = tiles * ceilDivide(plan_.panels, plan_.panelsPerTask);
  }

  void sizeScratch() noexcept {
    plan_.tileElements = plan_.channelsPerBlock * plan_.rowStride;
    const int64_t widest = kMaxVectors * kernels_.lanes;
    plan_.stagingElements = plan_.fold > 1 ? kernels_.maxRows * widest : 0;
    plan_.scratchBytes = static_cast<size_t>(plan_.tileElements + plan_.stagingElements) * sizeof(T) +
                         static_cast<size_t>(plan_.tapsPerBlock) * (sizeof(Piece) + 2 * sizeof(int64_t));
  }

  const Parameters p_;
  const Kernels<T>& kernels_;
  const int64_t budget_;  // elements
  Plan plan_;
};

}  // namespace

template <typename T>
Plan makePlan(const Geometry& geometry, const Kernels<T>& kernels, int maxThreads) noexcept {
  return Planner<T>(geometry, kernels).make(maxThreads);
}

template Plan makePlan<float>(const Geometry&, const Kernels<float>&, int) noexcept;
template Plan makePlan<double>(const Geometry&, const Kernels<double>&, int) noexcept;

}  // namespace conv1d
