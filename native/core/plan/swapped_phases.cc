// Transposed convolutions of short signals: output channels in the lanes, columns in the rows. As in swapped.cc, a few
// input channels come at a time, whose weights stay in the first cache. Meanwhile the sums of all outputs wait in the
// staging block, [output][channels of the panel]; it transposes them when they are complete.
#include <algorithm>

#include "core/checked_math.h"
#include "core/plan/algorithm.h"
#include "core/plan/dense.h"
#include "core/plan/phase_tiling.h"
#include "core/plan/swapped.h"
#include "core/plan/tiling.h"
#include "core/run/phase_worker.h"
#include "core/run/prefetch.h"
#include "core/run/take_tasks.h"

namespace conv1d {
namespace {

template <typename T>
bool maySuit(const Parameters& p, const Kernels<T>&) noexcept {
  return p.groupOutChannels() > 1;
}

// Vectors that panels of this many channels compute.
int64_t vectorsOf(int64_t channels, int64_t panelWidth, int64_t lanes) noexcept {
  const Parts panels(channels, panelWidth);
  return panels.count() * ceilDivide(panels.size(0), lanes);
}

template <typename T>
void plan(const PlanRequest<T>& request, Plan* plan) noexcept {
  const Parameters& p = request.geometry.parameters;
  const ColumnRange range = columnsOf(request.geometry);
  plan->phases = p.stride;
  plan->columns = range.end - range.begin;
  plan->tiles = 1;
  plan->tileColumns = plan->columns;
  plan->channelsPerBlock = p.groupInChannels();
  plan->tapsPerBlock = p.kernelSize;
  plan->rowStride = phaseRowStride<T>(p, p.kernelSize, plan->columns);
  cutRows(plan);
  plan->skipsPadding = request.finiteWeights;
  const int64_t widest = std::min(plan->layout.panelWidth, p.groupOutChannels());
  sizePhaseScratch<T>(plan->columns * p.stride * widest, plan);
}

template <typename T>
class SwappedPhases {
 public:
  SwappedPhases(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch) noexcept
      : worker_(plan, kernels, args, scratch), p_(plan.geometry.parameters) {}

  void run(int64_t index) noexcept {
    const Task task = worker_.locate(index);
    worker_.forEachBlock([&](const Block& block) {  // there is one
      const Source<T> source = worker_.provide(task, block);
      for (int64_t panel = task.firstPanel; panel < task.endPanel; panel++) {
        compute(task, block, source, panel);
        if (worker_.isCancelled()) return;
        write(task, panel);
        worker_.finish(task, worker_.panels().begin(panel), worker_.panels().size(panel), worker_.columns());
      }
    });
  }

 private:
  void compute(const Task& task, const Block& block, const Source<T>& source, int64_t panel) noexcept {
    const Kernels<T>& kernels = worker_.kernels();
    const int64_t width = worker_.panels().size(panel);
    const int64_t vectors = ceilDivide(width, kernels.lanes);
    const auto& kernel = width == vectors * kernels.lanes ? kernels.swappedFull : kernels.swappedPartial;
    const int64_t* residues = worker_.residues(0, p_.stride);
    const int64_t mostTaps = worker_.taps().tapsOf(0);
    const int64_t channelBytes = mostTaps * width * static_cast<int64_t>(sizeof(T));
    const Parts chunks(block.channels, std::max<int64_t>(1, kernels.blocks.swappedWeightBytes / channelBytes));
    for (int64_t chunk = 0; chunk < chunks.count() && !worker_.isCancelled(); chunk++) {
      Block part = block;
      part.firstChannel = chunks.begin(chunk);
      part.channels = chunks.size(chunk);
      part.first = chunk == 0;
      part.last = chunk + 1 == chunks.count();
      Source<T> rows = source;
      rows.rows += part.firstChannel * source.rowStride;
      for (int64_t phase = 0; phase < p_.stride; phase++) {
        const ColumnRange range = worker_.columnsOfPhase(task, phase);
        if (range.begin >= range.end) continue;
        const Parts strips(range.end - range.begin, rowsFor(kernels.blocks, vectors));
        MicrokernelArgs<T> args = worker_.panelArgs(task, part, rows, panel, residues[phase]);
        args.columns = width;
        args.outStride = p_.stride * width;
        T* const staging = worker_.staging() + phase * width;
        // The next weights lie after those of this chunk for the same phase; the processor does not prefetch
        // them.
        const int64_t weights = residues[phase] < 0 || part.last ? 0 : part.channels * args.panelStride;
        const T* next = args.panel + weights;
        for (int64_t strip = 0; strip < strips.count(); strip++) {
          worker_.forEachStretch(task, part, rows, residues[phase], range.begin + strips.begin(strip),
                                 strips.size(strip), args,
                                 [&](MicrokernelArgs<T>& stretch, int64_t column, int64_t columns) {
                                   stretch.out = staging + (column - task.firstColumn) * args.outStride;
                                   kernel[columns - 1][vectors - 1](stretch);
                                 });
          const int64_t share = weights / strips.count();
          if (share > 0) prefetchToSecondCache(next + strip * share, share);
        }
      }
    }
  }

  void write(const Task& task, int64_t panel) const noexcept {
    const int64_t width = worker_.panels().size(panel);
    const T* first = worker_.staging() + (p_.padLeft - task.firstColumn * p_.stride) * width;
    T* const out = worker_.output(task, worker_.panels().begin(panel));
    worker_.kernels().interleaveRows(first, width, worker_.geometry().outLength, width, out);
  }

  PhaseWorker<T> worker_;
  const Parameters& p_;
};

template <typename T>
void work(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch,
          TaskRange& tasks) noexcept {
  SwappedPhases<T> phases(plan, kernels, args, scratch);
  takeTasks(tasks, args, [&](int64_t task) { phases.run(task); });
}

}  // namespace

// The panels that fill their vectors best, of those whose kernels reach the peak: from the narrowest to half of the
// rows, which takes as many loads for each FMA.
template <typename T>
WeightLayout vectorPhases(const Parameters& p, const Kernels<T>& kernels) noexcept {
  const Blocks& blocks = kernels.blocks;
  const int64_t lanes = kernels.lanes;
  const int64_t channels = p.groupOutChannels();
  int64_t best = blocks.maxVectors[blocks.maxRows];
  for (int64_t vectors = best + 1; vectors <= blocks.maxVectors[(blocks.maxRows + 1) / 2]; vectors++) {
    if (vectorsOf(channels, vectors * lanes, lanes) < vectorsOf(channels, best * lanes, lanes)) best = vectors;
  }
  return {WeightLayout::Kind::kPhases, best * lanes, 0};
}

template <typename T>
double costOfSwappedPhases(const PlanRequest<T>& request) noexcept {
  const Geometry& g = request.geometry;
  const Parameters& p = g.parameters;
  const Blocks& blocks = request.kernels.blocks;
  const ColumnRange range = columnsOf(g);
  const int64_t columns = range.end - range.begin;
  const int64_t channels = p.groupOutChannels();
  const int64_t panelWidth = vectorPhases(p, request.kernels).panelWidth;
  if (longestPhase(g) > blocks.longestShort || p.kernelSize > kMaxTapsPerBlock) return kUnsuited;
  if (p.stride > stagingBudget<T>() / (columns * std::min(panelWidth, channels))) return kUnsuited;
  const int64_t budget = blocks.tileBytes / static_cast<int64_t>(sizeof(T));
  if (phaseRowStride<T>(p, p.kernelSize, columns) > budget / p.groupInChannels()) return kUnsuited;
  const double vectors = static_cast<double>(vectorsOf(channels, panelWidth, request.kernels.lanes)) *
                         static_cast<double>(longestPhase(g));
  return vectors / blocks.clearlyFewer * productsPerOutput(p);
}

template <typename T>
Algorithm<T> swappedPhases() noexcept {
  return {"swapped phases",
          "transposed: each phase of the outputs a convolution, output channels in the lanes",
          true,
          maySuit<T>,
          vectorPhases<T>,
          costOfSwappedPhases<T>,
          plan<T>,
          work<T>,
          true};
}

template Algorithm<float> swappedPhases<float>() noexcept;
template Algorithm<double> swappedPhases<double>() noexcept;
template WeightLayout vectorPhases<float>(const Parameters&, const Kernels<float>&) noexcept;
template WeightLayout vectorPhases<double>(const Parameters&, const Kernels<double>&) noexcept;
template double costOfSwappedPhases<float>(const PlanRequest<float>&) noexcept;
template double costOfSwappedPhases<double>(const PlanRequest<double>&) noexcept;

}  // namespace conv1d
