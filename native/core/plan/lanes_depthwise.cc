// Depthwise with many taps or short signals: as many channels as a vector has lanes at a time, transposed on their way
// in and out (kernels/depthwise_lanes.h).
#include <algorithm>

#include "core/checked_math.h"
#include "core/parts.h"
#include "core/plan/algorithm.h"
#include "core/plan/dense.h"
#include "core/plan/tiling.h"
#include "core/run/take_tasks.h"

namespace conv1d {
namespace {

// Rows whose distance is a multiple of it fall on the same sets of the first cache.
constexpr int64_t kPage = 4096;

template <typename T>
bool maySuit(const Parameters& p, const Kernels<T>& kernels) noexcept {
  return kernels.blocks.hasLanes && isDepthwise(p) && p.groups % kernels.lanes == 0 && p.kernelSize <= kMaxTapsPerBlock;
}

// The columns of a tile, and the positions that they and their halo read.
struct LanesTile {
  int64_t columns;
  int64_t positions;
};

// No columns if the halo takes too much.
template <typename T>
LanesTile tileInLanes(const PlanRequest<T>& request) noexcept {
  const Parameters& p = request.geometry.parameters;
  const Blocks& blocks = request.kernels.blocks;
  const int64_t mostPositions = blocks.lanesBytes / (request.kernels.lanes * static_cast<int64_t>(sizeof(T)));
  if (p.dilation > mostPositions || p.stride > mostPositions) return {0, 0};
  const int64_t halo = (p.kernelSize - 1) * p.dilation + 1;  // of one output
  const int64_t longest = std::min(blocks.mostLanesColumns, request.geometry.outLength);
  const int64_t columns = halo > mostPositions ? 0 : std::min(longest, (mostPositions - halo) / p.stride + 1);
  if (columns < std::min(blocks.fewestLanesColumns, longest)) return {0, 0};
  return {columns, (columns - 1) * p.stride + halo};
}

template <typename T>
double cost(const PlanRequest<T>& request) noexcept {
  const Geometry& g = request.geometry;
  const Blocks& blocks = request.kernels.blocks;
  const LanesTile tile = tileInLanes(request);
  if (tile.columns < blocks.lanesOutputs) return kUnsuited;
  const double positions = static_cast<double>(tile.positions) / static_cast<double>(tile.columns);
  const double ofOutput =
      static_cast<double>(g.parameters.kernelSize) * blocks.costInLanes + (1 + positions) * blocks.costOfTransposing;
  return static_cast<double>(ceilDivide(g.outLength, request.kernels.lanes)) * ofOutput;
}

template <typename T>
void plan(const PlanRequest<T>& request, Plan* plan) noexcept {
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  const Blocks& blocks = request.kernels.blocks;
  const int64_t lanes = request.kernels.lanes;
  const LanesTile tile = tileInLanes(request);
  const int64_t rows = g.batch * (p.groups / lanes);
  const int64_t wanted = plan->threads > 1 ? blocks.tasksPerThread * plan->threads : 1;
  const int64_t shortest = std::min(blocks.fewestLanesColumns, tile.columns);
  plan->columns = tile.columns;
  while (plan->columns > shortest && rows * Parts(g.outLength, plan->columns).count() < wanted) {
    plan->columns = std::max(shortest, plan->columns / 2);
  }
  plan->tiles = Parts(g.outLength, plan->columns).count();
  plan->panels = 1;
  plan->panelsPerTask = 1;
  plan->tasks = rows * plan->tiles;
  plan->skipsPadding = false;
  plan->threads = static_cast<int>(std::clamp<int64_t>(plan->tasks, 1, plan->threads));
  plan->tileElements = tile.positions * lanes;
  plan->scratchBytes = static_cast<size_t>(plan->tileElements + (p.kernelSize + 1) * lanes) * sizeof(T);
}

template <typename T>
class LanesWorker {
 public:
  LanesWorker(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch) noexcept
      : g_(plan.geometry),
        p_(plan.geometry.parameters),
        kernels_(kernels),
        args_(args),
        tiles_(plan.geometry.outLength, plan.columns),
        tile_(reinterpret_cast<T*>(scratch)),
        weights_(tile_ + plan.tileElements),
        biases_(weights_ + p_.kernelSize * kernels.lanes) {}

  // Tasks in the order (channels, item, tile): neighbours share their weights.
  void run(int64_t task) noexcept {
    const int64_t tile = task % tiles_.count();
    const int64_t item = task / tiles_.count() % g_.batch;
    const int64_t channel = task / tiles_.count() / g_.batch * kernels_.lanes;
    takeWeights(channel);
    const int64_t row = item * p_.groups + channel;
    const int64_t column = tiles_.begin(tile);
    const int64_t columns = tiles_.size(tile);
    takeInputs(args_.input + row * g_.length, column * p_.stride - p_.padLeft,
               (columns - 1) * p_.stride + (p_.kernelSize - 1) * p_.dilation + 1);
    kernels_.depthwiseLanes({tile_, weights_, biases_, args_.out + row * g_.outLength + column, g_.outLength, columns,
                             p_.stride, p_.kernelSize, p_.dilation});
    args_.finish(item, channel, kernels_.lanes, column, columns);
  }

 private:
  void takeWeights(int64_t channel) noexcept {
    if (channel == weightChannel_) return;
    weightChannel_ = channel;
    transpose(args_.packedWeights + channel * p_.kernelSize, p_.kernelSize, p_.kernelSize, weights_);
    for (int64_t c = 0; c < kernels_.lanes; c++) biases_[c] = args_.bias == nullptr ? T{0} : args_.bias[channel + c];
  }

  // `count` positions of the padded signals, from `first` on.
  void takeInputs(const T* rows, int64_t first, int64_t count) noexcept {
    const int64_t inside = std::clamp<int64_t>(-first, 0, count);
    const int64_t behind = std::clamp<int64_t>(g_.length - first, inside, count);
    takePadding(rows, first, 0, inside);
    transpose(rows + (inside < behind ? first + inside : 0), g_.length, behind - inside,
              tile_ + inside * kernels_.lanes);
    takePadding(rows, first, behind, count);
  }

  // Some of those, which lie in the padding.
  void takePadding(const T* rows, int64_t first, int64_t begin, int64_t end) noexcept {
    T* to = tile_ + begin * kernels_.lanes;
    if (p_.mode == PaddingMode::kZeros) {
      std::fill(to, tile_ + end * kernels_.lanes, T{0});
      return;
    }
    for (int64_t i = begin; i < end; i++, to += kernels_.lanes) {
      const T* from = rows + sourcePosition(first + i, g_.length, p_.mode);
      for (int64_t c = 0; c < kernels_.lanes; c++) to[c] = from[c * g_.length];
    }
  }

  void transpose(const T* from, int64_t pitch, int64_t count, T* to) const noexcept {
    if (count >= kernels_.lanes) return kernels_.rowsToLanes(from, pitch, count, to);
    for (int64_t i = 0; i < count; i++) {
      for (int64_t c = 0; c < kernels_.lanes; c++) to[i * kernels_.lanes + c] = from[c * pitch + i];
    }
  }

  const Geometry& g_;
  const Parameters& p_;
  const Kernels<T>& kernels_;
  const ForwardArgs<T>& args_;
  const Parts tiles_;
  T* const tile_;
  T* const weights_;
  T* const biases_;
  int64_t weightChannel_ = -1;
};

template <typename T>
void work(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch,
          TaskRange& tasks) noexcept {
  LanesWorker<T> worker(plan, kernels, args, scratch);
  takeTasks(tasks, args, [&](int64_t task) { worker.run(task); });
}

}  // namespace

template <typename T>
Algorithm<T> lanesDepthwise() noexcept {
  return {"depthwise in lanes", "a channel in each lane", true, maySuit<T>, densePanels<T>, cost<T>, plan<T>, work<T>};
}

template Algorithm<float> lanesDepthwise<float>() noexcept;
template Algorithm<double> lanesDepthwise<double>() noexcept;

}  // namespace conv1d
