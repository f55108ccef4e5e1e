#include "core/plan.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/panels.h"
#include "core/tile_layout.h"

namespace conv1d {
namespace {

// A tile shorter than this spends too much on its halo and its edges; the reduction is cut first.
constexpr int64_t kMinColumns = 192;

// Below this much work waking a thread costs more than it brings (a few microseconds).
constexpr double kMinProductsPerThread = 1 << 18;

// Signals with more outputs than this fill their vectors well enough.
constexpr int64_t kLongestShort = 128;

// The other ways of taking short signals copy their outputs once more: they have to save some of the vectors.
constexpr double kClearlyFewer = 0.9;

// Swapped, a block is a few positions long and leaves out nearly all products with padding; in vectors of positions
// about a third of them stay.
constexpr double kSwappedSkipsMore = 0.67;

// Tasks a thread should find, so that threads finish together.
constexpr int64_t kTasksPerThread = 4;

// Panels below which packing a tile is not paid back by reading it: the input is read in place (64 output channels of
// AVX-512: 0.93 to 0.98 of the time; 128: 1.15).
constexpr int64_t kMinPanelsToPack = 9;

// ... nor where the rows of a tile lie on more pages than the address cache holds beside all else (64 channels of
// length 5000: 0.96 of the time, 128: 1.10).
constexpr int64_t kMostRowsInPlace = 64;

// A row of outputs in fewer vectors than this has too few chains for the broadcasting kernel, whose chains are longer.
constexpr int64_t kShortestBroadcast = 4;

// The broadcasting kernel starts over in every tile and reads one row only: its tiles are so many times longer (800
// columns in one tile instead of two: 0.97 of the time).
constexpr int64_t kBroadcastColumns = 4;

// Rows so far apart fall on the same sets of a common second cache; more of them than that has ways are packed.
constexpr int64_t kAliasBytes = 32768;
constexpr int64_t kMostAliases = 8;

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

  Plan make(int maxThreads, bool finiteWeights) noexcept {
    plan_.threads = usefulThreads(maxThreads);
    plan_.depthwise = isDepthwise(p_);
    plan_.packing = usualPacking(p_, kernels_);
    plan_.skipsPadding = finiteWeights && paddingIsWorthSkipping();
    plan_.broadcasts = plan_.packing.margin > 0 && plan_.geometry.outLength >= kShortestBroadcast * kernels_.lanes;
    cutReduction();
    chooseRoles();
    plan_.panels = Panels(p_.groupOutChannels(), plan_.packing.panelWidth).count();
    if (plan_.fold == 1) cutColumns();
    plan_.readsInput = p_.stride == 1 && plan_.fold == 1 && !plan_.swapped && plan_.panels < kMinPanelsToPack &&
                       plan_.channelsPerBlock <= kMostRowsInPlace && !rowsAlias();
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

  // Whether the share of products with zeros of the padding is worth looking for them.
  bool paddingIsWorthSkipping() const noexcept {
    constexpr double kWorthwhile = 1.0 / 16;
    const Geometry& g = plan_.geometry;
    if (p_.mode != PaddingMode::kZeros) return false;
    // Tap by tap, a stretch of padding of this length reaches 0, 1, 2, ... outputs: half of them on average.
    const auto share = [&](int64_t padding) {
      return 0.5 * static_cast<double>(padding) / static_cast<double>(p_.stride) / static_cast<double>(g.outLength);
    };
    return g.outLength > 0 && share(p_.padLeft) + share(p_.padRight) > kWorthwhile;
  }

  // Short signals would leave most of a vector empty. What takes the fewest
  // vectors for one batch item wins:
  //   - output positions in the lanes, each item by itself;
  //   - the same, with several items side by side in one tile, halo and all;
  //   - the roles swapped: output channels in the lanes.
  void chooseRoles() noexcept {
    const Geometry& g = plan_.geometry;
    const int64_t lanes = kernels_.lanes;
    const int64_t channels = p_.groupOutChannels();
    const int64_t reach = (p_.kernelSize - 1) * p_.dilation / p_.stride;
    const int64_t pitch = g.outLength + reach;
    const bool oneBlock = plan_.channelsPerBlock == p_.groupInChannels() && plan_.tapsPerBlock == p_.kernelSize;
    if (plan_.depthwise || !oneBlock || g.outLength > kLongestShort) return;

    const double apart = static_cast<double>(channels * ceilDivide(g.outLength, lanes));
    const double folded = static_cast<double>(channels * pitch) / static_cast<double>(lanes);
    const double swapped = static_cast<double>(ceilDivide(channels, lanes) * g.outLength);
    const double swappedLive = plan_.skipsPadding ? swapped * kSwappedSkipsMore : swapped;
    if (maySwap(p_) && swappedLive < apart * kClearlyFewer && swappedLive <= folded) {
      plan_.swapped = true;
      plan_.packing = swappedPacking(kernels_);
    } else if (g.batch > 1 && folded < apart * kClearlyFewer) {
      fold(pitch, reach);
    }
  }

  void fold(int64_t pitch, int64_t reach) noexcept {
    const Geometry& g = plan_.geometry;
    const int64_t rows = p_.groupInChannels();
    int64_t fold = std::min(g.batch, kernels_.maxColumns / pitch);
    while (fold > 1 && rows * rowStride(p_.kernelSize, fold * pitch - reach) > budget_) fold /= 2;
    if (fold < 2) return;
    plan_.fold = fold;
    plan_.foldPitch = pitch;
    plan_.columns = g.outLength;
    plan_.tiles = 1;
    plan_.tileColumns = fold * pitch - reach;
    plan_.rowStride = rowStride(p_.kernelSize, plan_.tileColumns);
  }

  bool rowsAlias() const noexcept {
    return plan_.channelsPerBlock > kMostAliases &&
           plan_.geometry.length % (kAliasBytes / static_cast<int64_t>(sizeof(T))) == 0;
  }

  int64_t longestTile() const noexcept {
    const bool isLong = plan_.broadcasts && !plan_.skipsPadding;  // what is skipped is skipped tile by tile
    return isLong ? kBroadcastColumns * kernels_.maxColumns : kernels_.maxColumns;
  }

  // The longest tile whose rows, of all channels if possible, fit the budget.
  void cutReduction() noexcept {
    const int64_t channels = p_.groupInChannels();
    int64_t taps = std::min(p_.kernelSize, kMaxTapsPerBlock);
    int64_t columns = std::min(plan_.geometry.outLength, longestTile());
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
    plan_.tileColumns = plan_.broadcasts ? roundUp(plan_.columns, kernels_.lanes) : plan_.columns;
    plan_.rowStride = rowStride(plan_.tapsPerBlock, plan_.tileColumns);
  }

  // Output channels are shared out only where batch, groups and tiles do not occupy the threads: each task packs its
  // tile.
  void cutRows() noexcept {
    const int64_t tiles = ceilDivide(plan_.geometry.batch, plan_.fold) * p_.groups * plan_.tiles;
    const int64_t parts = plan_.threads > 1 && tiles > 0 ? ceilDivide(2 * plan_.threads, tiles) : 1;
    plan_.panelsPerTask = ceilDivide(plan_.panels, std::min(parts, plan_.panels));
    plan_.tasks = tiles * ceilDivide(plan_.panels, plan_.panelsPerTask);
    plan_.threads = static_cast<int>(std::clamp<int64_t>(plan_.tasks, 1, plan_.threads));
  }

  void sizeScratch() noexcept {
    plan_.tileElements = plan_.channelsPerBlock * plan_.rowStride;
    const int64_t widest = kMaxVectors * kernels_.lanes;
    plan_.stagingElements = plan_.fold > 1 || plan_.swapped ? kernels_.maxRows * widest : 0;
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
Plan makePlan(const Geometry& geometry, const Kernels<T>& kernels, int maxThreads, bool finiteWeights) noexcept {
  return Planner<T>(geometry, kernels).make(maxThreads, finiteWeights);
}

template Plan makePlan<float>(const Geometry&, const Kernels<float>&, int, bool) noexcept;
template Plan makePlan<double>(const Geometry&, const Kernels<double>&, int, bool) noexcept;

}  // namespace conv1d
