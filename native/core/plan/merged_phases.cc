// Transposed convolutions with one or two output channels per group, whose phases have taps with the same lags: a
// kernel that is a multiple of the stride, dilation 1. One panel has rows of several phases, [channel][phase];
// `phases` would have only one or two rows, which wait for their loads.
#include <algorithm>

#include "core/checked_math.h"
#include "core/plan/algorithm.h"
#include "core/plan/dense.h"
#include "core/plan/phase_tiling.h"
#include "core/plan/tiling.h"
#include "core/run/phase_worker.h"
#include "core/run/take_tasks.h"

namespace conv1d {
namespace {

// With fewer columns strips are narrow.
constexpr int64_t kFewestColumns = 32;

// The columns for which the staging block has room.
template <typename T>
int64_t longestTile(const Parameters& p, const Kernels<T>& kernels) noexcept {
  const int64_t columns = stagingBudget<T>() / p.groupOutChannels() / p.stride - kernels.lanes;
  return std::min(kernels.blocks.maxColumns, columns / kernels.lanes * kernels.lanes);
}

template <typename T>
bool maySuit(const Parameters& p, const Kernels<T>& kernels) noexcept {
  return p.groupOutChannels() <= 2 && p.dilation == 1 && p.stride > 1 && p.kernelSize % p.stride == 0 &&
         p.kernelSize <= kMaxTapsPerBlock && longestTile<T>(p, kernels) >= kFewestColumns;
}

template <typename T>
WeightLayout layout(const Parameters&, const Kernels<T>& kernels) noexcept {
  return {WeightLayout::Kind::kMergedPhases, kernels.blocks.maxRows, 0};
}

template <typename T>
double cost(const PlanRequest<T>& request) noexcept {
  // As part of the time of `phases`: 1024 -> 1 channels, K 512, stride 256.
  constexpr double kShare = 0.6;
  const Geometry& g = request.geometry;
  const int64_t budget = request.kernels.blocks.tileBytes / static_cast<int64_t>(sizeof(T));
  if (phaseRowStride<T>(g.parameters, g.parameters.kernelSize, kFewestColumns) > budget) return kUnsuited;
  const double vectors = static_cast<double>(g.parameters.groupOutChannels()) *
                         static_cast<double>(ceilDivide(longestPhase(g), request.kernels.lanes));
  return vectors * productsPerOutput(g.parameters) * kShare;
}

template <typename T>
void plan(const PlanRequest<T>& request, Plan* plan) noexcept {
  const Parameters& p = request.geometry.parameters;
  cutPhaseColumns(request, longestTile<T>(p, request.kernels), plan);
  plan->tapsPerBlock = p.kernelSize;
  cutRows(plan);
  plan->skipsPadding = request.finiteWeights;
  plan->readsInput = !rowsAlias(request, plan->channelsPerBlock);
  plan->stagingPitch = roundUp(plan->columns, request.kernels.lanes);
  sizePhaseScratch<T>(p.groupOutChannels() * p.stride * plan->stagingPitch, plan);
}

template <typename T>
class MergedPhases {
 public:
  MergedPhases(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch) noexcept
      : plan_(plan),
        p_(plan.geometry.parameters),
        worker_(plan, kernels, args, scratch),
        rows_(p_.groupOutChannels() * p_.stride, plan.layout.panelWidth) {}

  void run(int64_t index) noexcept {
    const Task task = worker_.locate(index);
    worker_.forEachBlock([&](const Block& block) {
      const Source<T> source = worker_.provide(task, block);
      for (int64_t panel = 0; panel < rows_.count(); panel++) compute(task, block, source, panel);
    });
    if (worker_.isCancelled()) return;
    const ColumnRange all{task.firstColumn, task.firstColumn + task.columns};
    for (int64_t channel = 0; channel < p_.groupOutChannels(); channel++) {
      worker_.interleave(task, channel, all, worker_.staging() + channel * p_.stride * plan_.stagingPitch,
                         plan_.stagingPitch, 0, p_.stride);
      worker_.finish(task, channel, 1, all);
    }
  }

 private:
  void compute(const Task& task, const Block& block, const Source<T>& source, int64_t panel) const noexcept {
    const Kernels<T>& kernels = worker_.kernels();
    const int64_t lanes = kernels.lanes;
    const int64_t first = rows_.begin(panel);
    const int64_t rows = rows_.size(panel);
    T biases[kMaxRows];
    for (int64_t row = 0; row < rows; row++) biases[row] = worker_.biasOf(task, (first + row) / p_.stride);
    const int64_t taps = p_.kernelSize / p_.stride;
    MicrokernelArgs<T> args{};
    args.rowStride = source.rowStride;
    args.panelWidth = rows;
    args.panelStride = taps * rows;
    args.panel = worker_.packedWeights() +
                 (task.group * p_.groupOutChannels() * p_.stride + first) * p_.groupInChannels() * taps +
                 block.firstChannel * args.panelStride;
    args.channels = block.channels;
    args.bias = biases;
    args.outStride = plan_.stagingPitch;
    args.first = block.first;
    args.last = block.last;
    T* const staging = worker_.staging() + first * plan_.stagingPitch;
    const Parts strips(ceilDivide(task.columns, lanes), kernels.blocks.maxVectors[rows]);
    for (int64_t strip = 0; strip < strips.count(); strip++) {
      const int64_t column = strips.begin(strip) * lanes;
      const int64_t count = std::min(strips.size(strip) * lanes, task.columns - column);
      // The taps of the first phase have the lags of all.
      worker_.forEachStretch(task, block, source, 0, task.firstColumn + column, count, args,
                             [&](MicrokernelArgs<T>& stretch, int64_t begin, int64_t columns) {
                               stretch.columns = columns;
                               stretch.out = staging + (begin - task.firstColumn);
                               const int64_t vectors = ceilDivide(columns, lanes);
                               const auto& kernel = columns == vectors * lanes ? kernels.full : kernels.partial;
                               kernel[rows - 1][vectors - 1](stretch);
                             });
    }
  }

  const Plan& plan_;
  const Parameters& p_;
  PhaseWorker<T> worker_;
  const Parts rows_;  // [channel][phase]
};

template <typename T>
void work(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch,
          TaskRange& tasks) noexcept {
  MergedPhases<T> phases(plan, kernels, args, scratch);
  takeTasks(tasks, args, [&](int64_t task) { phases.run(task); });
}

}  // namespace

template <typename T>
Algorithm<T> mergedPhases() noexcept {
  return {"merged phases",
          "transposed: several phases of few output channels in one panel",
          true,
          maySuit<T>,
          layout<T>,
          cost<T>,
          plan<T>,
          work<T>,
          true};
}

template Algorithm<float> mergedPhases<float>() noexcept;
template Algorithm<double> mergedPhases<double>() noexcept;

}  // namespace conv1d
