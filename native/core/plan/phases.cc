// Transposed convolutions, phase by phase: the outputs of one phase are a small convolution over a tile that all phases
// share, with output channels in the rows and columns in the lanes. They wait in the staging block, and are interleaved
// into the output rows.
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

template <typename T>
bool maySuit(const Parameters&, const Kernels<T>&) noexcept {
  return true;
}

template <typename T>
WeightLayout layout(const Parameters&, const Kernels<T>& kernels) noexcept {
  return {WeightLayout::Kind::kPhases, kernels.blocks.maxRows, 0};
}

template <typename T>
double cost(const PlanRequest<T>& request) noexcept {
  const Geometry& g = request.geometry;
  const double vectors = static_cast<double>(g.parameters.groupOutChannels()) *
                         static_cast<double>(ceilDivide(longestPhase(g), request.kernels.lanes));
  return vectors * productsPerOutput(g.parameters);
}

template <typename T>
void plan(const PlanRequest<T>& request, Plan* plan) noexcept {
  const Parameters& p = request.geometry.parameters;
  const Blocks& blocks = request.kernels.blocks;
  const int64_t lanes = request.kernels.lanes;
  const int64_t rows = std::min<int64_t>(blocks.maxRows, p.groupOutChannels());
  // The staging block holds all phases, unless that would leave few columns.
  constexpr int64_t kFewColumns = 32;
  const int64_t columns = stagingBudget<T>() / rows - lanes;  // of all phases together
  plan->phases = p.stride;
  int64_t longest = blocks.maxColumns;
  if (columns / p.stride >= kFewColumns) {
    longest = std::min(longest, columns / p.stride / lanes * lanes);
  } else {
    longest = roundUp(kFewColumns, lanes);
    plan->phases = std::min(p.stride, columns / (longest + 2 * lanes));
  }
  cutPhaseColumns(request, longest, plan);
  cutRows(plan);
  plan->skipsPadding = request.finiteWeights;
  plan->readsInput = plan->panels < blocks.minPanelsToPack && plan->channelsPerBlock <= blocks.mostRowsInPlace &&
                     !rowsAlias(request, plan->channelsPerBlock);
  // An odd number of vectors, so that the rows of several phases do not share the sets of a cache.
  plan->stagingPitch = roundUp(plan->columns, lanes);
  if (plan->stagingPitch / lanes % 2 == 0) plan->stagingPitch += lanes;
  sizePhaseScratch<T>(plan->phases * rows * plan->stagingPitch, plan);
}

template <typename T>
class Phases {
 public:
  Phases(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch) noexcept
      : plan_(plan), worker_(plan, kernels, args, scratch), stride_(plan.geometry.parameters.stride) {}

  void run(int64_t index) noexcept {
    const Task task = worker_.locate(index);
    for (int64_t panel = task.firstPanel; panel < task.endPanel; panel++) {
      for (int64_t phase = 0; phase < stride_; phase += plan_.phases) {
        const int64_t count = std::min(plan_.phases, stride_ - phase);
        worker_.forEachBlock(
            [&](const Block& block) { compute(task, block, worker_.provide(task, block), panel, phase, count); });
        if (worker_.isCancelled()) return;
      }
      if (plan_.phases < stride_) finish(task, panel, {task.firstColumn, task.firstColumn + task.columns});
    }
  }

 private:
  int64_t phasePitch(int64_t panel) const noexcept { return worker_.panels().size(panel) * plan_.stagingPitch; }

  // Some phases of a panel. All phases of a strip of columns come before the next strip, while its inputs are near.
  void compute(const Task& task, const Block& block, const Source<T>& source, int64_t panel, int64_t firstPhase,
               int64_t phases) noexcept {
    const Kernels<T>& kernels = worker_.kernels();
    const int64_t lanes = kernels.lanes;
    const int64_t rows = worker_.panels().size(panel);
    const int64_t* residues = worker_.residues(firstPhase, phases);
    const int64_t longest = std::min(task.columns, longestPhase(plan_.geometry));
    const Parts strips(ceilDivide(longest, lanes), kernels.blocks.maxVectors[rows]);
    for (int64_t strip = 0; strip < strips.count(); strip++) {
      for (int64_t i = 0; i < phases; i++) {
        const ColumnRange range = worker_.columnsOfPhase(task, firstPhase + i);
        const int64_t column = range.begin + strips.begin(strip) * lanes;
        const int64_t count = std::min(strips.size(strip) * lanes, range.end - column);
        if (count <= 0) continue;
        T* const staging = worker_.staging() + i * phasePitch(panel);
        MicrokernelArgs<T> args = worker_.panelArgs(task, block, source, panel, residues[i]);
        args.outStride = plan_.stagingPitch;
        worker_.forEachStretch(task, block, source, residues[i], column, count, args,
                               [&](MicrokernelArgs<T>& stretch, int64_t first, int64_t columns) {
                                 stretch.columns = columns;
                                 stretch.out = staging + (first - task.firstColumn);
                                 const int64_t vectors = ceilDivide(columns, lanes);
                                 const auto& kernel = columns == vectors * lanes ? kernels.full : kernels.partial;
                                 kernel[rows - 1][vectors - 1](stretch);
                               });
      }
      if (!block.last) continue;
      // At once, so that the stores of a strip overlap with the products of the next (128 -> 64, K 4, stride 2: 0.98).
      const bool isLast = strip + 1 == strips.count();
      const int64_t end = isLast ? task.columns : (strips.begin(strip) + strips.size(strip)) * lanes;
      const ColumnRange range{task.firstColumn + strips.begin(strip) * lanes, task.firstColumn + end};
      write(task, panel, range, firstPhase, phases);
      if (phases == stride_) finish(task, panel, range);
    }
  }

  // Columns that have all phases. If the padding cuts off the first phases of the first column, their
  // strips are one column ahead.
  void write(const Task& task, int64_t panel, const ColumnRange& range, int64_t firstPhase,
             int64_t phases) const noexcept {
    for (int64_t row = 0; row < worker_.panels().size(panel); row++) {
      worker_.interleave(task, worker_.panels().begin(panel) + row, range, worker_.staging() + row * plan_.stagingPitch,
                         phasePitch(panel), firstPhase, phases);
    }
  }

  void finish(const Task& task, int64_t panel, const ColumnRange& range) const noexcept {
    worker_.finish(task, worker_.panels().begin(panel), worker_.panels().size(panel), range);
  }

  const Plan& plan_;
  PhaseWorker<T> worker_;
  const int64_t stride_;
};

template <typename T>
void work(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch,
          TaskRange& tasks) noexcept {
  Phases<T> phases(plan, kernels, args, scratch);
  takeTasks(tasks, args, [&](int64_t task) { phases.run(task); });
}

}  // namespace

template <typename T>
Algorithm<T> phases() noexcept {
  return {"phases",  "transposed: each phase of the outputs a convolution, positions in the lanes",
          true,      maySuit<T>,
          layout<T>, cost<T>,
          plan<T>,   work<T>,
          true};
}

template Algorithm<float> phases<float>() noexcept;
template Algorithm<double> phases<double>() noexcept;

}  // namespace conv1d
