// Batches of signals with few outputs: batch items in the rows, output channels in the lanes, one output position after
// the other. By itself, a signal with one or two outputs would fill only as many rows, and still read all weights.
//
//   up to 8 items, a strip     transposed: [input channel][position][item]
//     each output position     those of its taps that read the signal; each is a row of the strip, whatever the stride,
//                              the dilation and the padding
//       the micro-kernel       items x channels of a panel -> staging [item][position][channel]
//     each item                staging -> out, transposed
#include <algorithm>

#include "core/checked_math.h"
#include "core/pack/position_taps.h"
#include "core/plan/algorithm.h"
#include "core/plan/dense.h"
#include "core/plan/phase_tiling.h"
#include "core/plan/swapped.h"
#include "core/plan/tiling.h"
#include "core/run/take_tasks.h"

namespace conv1d {
namespace {

// Entries of the lists of taps.
constexpr int64_t kMostEntries = 4096;

template <typename T>
bool maySuit(const Parameters& p, const Kernels<T>&) noexcept {
  return p.groupOutChannels() > 1;
}

template <typename T>
int64_t mostRows(const Parameters& p, const Kernels<T>& kernels, const WeightLayout& layout) noexcept {
  return rowsFor(kernels.blocks, ceilDivide(panelsOf(p, layout).size(0), kernels.lanes));
}

// How many of them fill rows at a time, on average.
double rowsInStrips(int64_t count, int64_t most) noexcept {
  return static_cast<double>(count) / static_cast<double>(ceilDivide(count, most));
}

// How many items may share the weights of a panel: whole strips, except the last one. 0 if not even one fits.
template <typename T>
int64_t mostItems(const PlanRequest<T>& request, const WeightLayout& layout) noexcept {
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  const Blocks& blocks = request.kernels.blocks;
  const int64_t rows = mostRows(p, request.kernels, layout);
  const int64_t tile = blocks.tileBytes / static_cast<int64_t>(sizeof(T)) / p.groupInChannels() / g.length;
  const int64_t items = std::min({g.batch, blocks.productRows, tile});
  return items < rows ? items : items / rows * rows;
}

// `alone`: positions that would be in the rows otherwise.
template <typename T>
double cost(const PlanRequest<T>& request, const WeightLayout& layout, int64_t alone, double otherwise) noexcept {
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  const Blocks& blocks = request.kernels.blocks;
  if (g.batch < 2 || g.length == 0 || g.outLength == 0) return kUnsuited;
  if (g.outLength > blocks.longestShort || p.kernelSize > kMostEntries / g.outLength) return kUnsuited;
  if (g.length > g.outLength * p.kernelSize) return kUnsuited;  // it would copy inputs that no tap reads
  const int64_t items = mostItems(request, layout);
  const int64_t rows = mostRows(p, request.kernels, layout);
  // A load of weights has to serve more rows.
  if (items < 2 || rowsInStrips(items, rows) < rowsInStrips(alone, rows)) return kUnsuited;
  const Parts panels = panelsOf(p, layout);
  const double vectors = static_cast<double>((panels.count() - 1) * ceilDivide(panels.size(0), request.kernels.lanes) +
                                             ceilDivide(panels.size(panels.count() - 1), request.kernels.lanes));
  const double products = vectors * countPositionTaps(g) * static_cast<double>(p.groupInChannels());
  return std::min(products / blocks.clearlyFewer, otherwise);
}

template <typename T>
double costOfConvolution(const PlanRequest<T>& request) noexcept {
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  const bool isPadded = p.mode == PaddingMode::kZeros && p.padLeft + p.padRight > 0;
  if (isPadded && !request.finiteWeights) return kUnsuited;
  return cost(request, vectorPanels(p, request.kernels), g.outLength, costOfSwapped(request));
}

template <typename T>
double costOfTransposed(const PlanRequest<T>& request) noexcept {
  const Geometry& g = request.geometry;
  return cost(request, vectorPhases(g.parameters, request.kernels), longestPhase(g), costOfSwappedPhases(request));
}

template <typename T>
void plan(const PlanRequest<T>& request, Plan* plan) noexcept {
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  const int64_t width = panelsOf(p, plan->layout).size(0);
  const int64_t rows = mostRows(p, request.kernels, plan->layout);
  const int64_t most = mostItems(request, plan->layout);
  // Tasks are whole strips; if these are too few for the threads, panels are split as well.
  const int64_t tasks =
      plan->threads > 1 ? std::max(int64_t{2} * plan->threads, ceilDivide(g.batch, most)) : ceilDivide(g.batch, most);
  plan->fold = std::min(most, roundUp(ceilDivide(g.batch, tasks), rows));
  plan->columns = g.outLength;
  plan->tiles = 1;
  plan->skipsPadding = false;
  plan->channelsPerBlock = p.groupInChannels();
  plan->tapsPerBlock = p.kernelSize;
  plan->tileElements = plan->fold * p.groupInChannels() * g.length;
  plan->stagingElements = g.outLength == 1 ? 0 : std::min(plan->fold, rows) * g.outLength * width;
  cutRows(plan);
  const auto entries = static_cast<size_t>(g.outLength * p.kernelSize);
  plan->scratchBytes = static_cast<size_t>(plan->tileElements + plan->stagingElements) * sizeof(T) +
                       3 * entries * sizeof(int64_t) + static_cast<size_t>(g.outLength) * sizeof(PositionTaps);
}

template <typename T>
class JoinedItems {
 public:
  JoinedItems(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch) noexcept
      : plan_(plan),
        g_(plan.geometry),
        p_(plan.geometry.parameters),
        kernels_(kernels),
        args_(args),
        panels_(panelsOf(p_, plan.layout)),
        mostRows_(mostRows(p_, kernels, plan.layout)),
        taps_(reinterpret_cast<PositionTaps*>(scratch)),
        sources_(reinterpret_cast<int64_t*>(taps_ + g_.outLength)),
        tile_(reinterpret_cast<T*>(sources_ + 3 * g_.outLength * p_.kernelSize)),
        staging_(tile_ + plan.tileElements),
        sourceCount_(findPositionTaps(g_, taps_, sources_)) {}

  // Tasks in the order (items, group, panels).
  void run(int64_t task) noexcept {
    const int64_t panelParts = ceilDivide(plan_.panels, plan_.panelsPerTask);
    const int64_t firstPanel = task % panelParts * plan_.panelsPerTask;
    const int64_t endPanel = std::min(firstPanel + plan_.panelsPerTask, plan_.panels);
    task /= panelParts;
    const int64_t group = task % p_.groups;
    const int64_t firstItem = task / p_.groups * plan_.fold;
    const int64_t items = std::min(plan_.fold, g_.batch - firstItem);
    const Parts strips(items, mostRows_);
    transpose(firstItem, group, strips);
    for (int64_t panel = firstPanel; panel < endPanel; panel++) {
      if (args_.isCancelled()) return;
      compute(firstItem, group, strips, panel);
    }
    const int64_t channel = panels_.begin(firstPanel);
    const int64_t channels = panels_.begin(endPanel - 1) + panels_.size(endPanel - 1) - channel;
    for (int64_t item = firstItem; item < firstItem + items; item++) {
      args_.finish(item, group * p_.groupOutChannels() + channel, channels, 0, g_.outLength);
    }
  }

 private:
  int64_t stripElements() const noexcept { return p_.groupInChannels() * g_.length; }  // of an item

  void transpose(int64_t firstItem, int64_t group, const Parts& strips) const noexcept {
    const int64_t itemStride = p_.inChannels * g_.length;
    const T* from = args_.input + firstItem * itemStride + group * stripElements();
    for (int64_t s = 0; s < strips.count(); s++) {
      kernels_.interleaveRows(from + strips.begin(s) * itemStride, itemStride, strips.size(s), stripElements(),
                              tile_ + strips.begin(s) * stripElements());
    }
  }

  // The offsets of the taps' rows in a strip of this many items. A task's strips come in two sizes, one of them even.
  const int64_t* offsets(int64_t rows) noexcept {
    const int table = rows % 2 == 0 ? 0 : 1;
    int64_t* const offsets = sources_ + (1 + table) * g_.outLength * p_.kernelSize;
    if (rowsOfTable_[table] != rows) {
      for (int64_t i = 0; i < sourceCount_; i++) offsets[i] = sources_[i] * rows;
      rowsOfTable_[table] = rows;
    }
    return offsets;
  }

  void compute(int64_t firstItem, int64_t group, const Parts& strips, int64_t panel) noexcept {
    const int64_t width = panels_.size(panel);
    const int64_t vectors = ceilDivide(width, kernels_.lanes);
    const auto& kernel = width == vectors * kernels_.lanes ? kernels_.swappedFull : kernels_.swappedPartial;
    const int64_t channel = group * p_.groupOutChannels() + panels_.begin(panel);
    const T* const weights = args_.packedWeights + channel * p_.groupInChannels() * p_.kernelSize;
    const int64_t itemStride = p_.outChannels * g_.outLength;
    const bool isStaged = g_.outLength > 1;
    MicrokernelArgs<T> args{};
    args.panelWidth = width;
    args.columns = width;
    args.bias = args_.bias == nullptr ? nullptr : args_.bias + channel;
    args.channels = p_.groupInChannels();
    args.first = true;
    args.last = true;
    args.outStride = isStaged ? g_.outLength * width : itemStride;
    for (int64_t s = 0; s < strips.count(); s++) {
      const int64_t rows = strips.size(s);
      T* const out = args_.out + (firstItem + strips.begin(s)) * itemStride + channel * g_.outLength;
      T* const sums = isStaged ? staging_ : out;
      const int64_t* const rowsOfTaps = offsets(rows);
      args.tile = tile_ + strips.begin(s) * stripElements();
      args.rowStride = g_.length * rows;
      for (int64_t t = 0; t < g_.outLength; t++) {
        const PositionTaps& taps = taps_[t];
        args.tapOffsets = rowsOfTaps + taps.first;
        args.taps = taps.count;
        args.panel = weights + taps.weight * width;
        args.panelStride = taps.perChannel * width;
        args.out = sums + t * width;
        kernel[rows - 1][vectors - 1](args);
      }
      for (int64_t item = 0; isStaged && item < rows; item++) {
        kernels_.interleaveRows(sums + item * args.outStride, width, g_.outLength, width, out + item * itemStride);
      }
    }
  }

  const Plan& plan_;
  const Geometry& g_;
  const Parameters& p_;
  const Kernels<T>& kernels_;
  const ForwardArgs<T>& args_;
  const Parts panels_;
  const int64_t mostRows_;
  PositionTaps* const taps_;
  int64_t* const sources_;  // of the taps; after them the tables of offsets
  T* const tile_;
  T* const staging_;
  const int64_t sourceCount_;
  int64_t rowsOfTable_[2] = {0, 0};
};

template <typename T>
void work(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch,
          TaskRange& tasks) noexcept {
  JoinedItems<T> items(plan, kernels, args, scratch);
  takeTasks(tasks, args, [&](int64_t task) { items.run(task); });
}

}  // namespace

template <typename T>
Algorithm<T> joinedItems() noexcept {
  return {"joined",
          "batch items in the rows, position by position",
          true,
          maySuit<T>,
          vectorPanels<T>,
          costOfConvolution<T>,
          plan<T>,
          work<T>};
}

template <typename T>
Algorithm<T> joinedPhases() noexcept {
  return {"joined phases",
          "transposed: batch items in the rows, position by position",
          true,
          maySuit<T>,
          vectorPhases<T>,
          costOfTransposed<T>,
          plan<T>,
          work<T>,
          true};
}

template Algorithm<float> joinedItems<float>() noexcept;
template Algorithm<double> joinedItems<double>() noexcept;
template Algorithm<float> joinedPhases<float>() noexcept;
template Algorithm<double> joinedPhases<double>() noexcept;

}  // namespace conv1d
