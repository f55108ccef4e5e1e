// Layers whose weights are a windowed DFT: a real FFT of each frame.
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/checked_math.h"
#include "core/fast/cost.h"
#include "core/fast/direct_tile.h"
#include "core/fast/windowed_dft.h"
#include "core/plan/algorithm.h"
#include "core/run/take_tasks.h"

namespace conv1d {
namespace {

// Frames that a task takes, and looks through for values that are not finite.
constexpr int64_t kFrames = 256;

// Larger elements might overflow (core/fast/dft_weights.h); 2^64.
template <typename T>
constexpr T kLargestInput = T{18446744073709551616.0};

// What the weights are decides, not the parameters alone: the snapshot says so (PlanRequest::dft).
template <typename T>
bool maySuit(const Parameters& p, const Kernels<T>&) noexcept {
  return p.groupInChannels() == 1 && p.dilation == 1;
}

template <typename T>
WeightLayout layout(const Parameters&, const Kernels<T>&) noexcept {
  return {WeightLayout::Kind::kNone, 1, 0};
}

template <typename T>
double cost(const PlanRequest<T>& request) noexcept {
  return request.dft == nullptr ? kUnsuited : dftCost(request.geometry, request.dft->passes());
}

template <typename T>
void plan(const PlanRequest<T>& request, Plan* plan) noexcept {
  const Geometry& g = plan->geometry;
  const Parameters& p = g.parameters;
  plan->columns = std::min(kFrames, std::max<int64_t>(1, g.outLength));
  const int64_t rows = g.batch * p.groups;
  if (plan->threads > 1 && rows * ceilDivide(g.outLength, plan->columns) < plan->threads) {
    plan->columns = roundUp(ceilDivide(g.outLength, plan->threads), kMaxLanes);
  }
  plan->tiles = ceilDivide(g.outLength, plan->columns);
  plan->panels = 1;
  plan->panelsPerTask = 1;
  plan->tasks = rows * plan->tiles;
  plan->threads = static_cast<int>(std::clamp<int64_t>(plan->tasks, 1, plan->threads));
  TilePlan& t = plan->fast;
  t.fallbackTaps = std::min<int64_t>(p.kernelSize, request.kernels.blocks.fastFallbackTaps);
  t.fallbackElements = roundUp(directTileRow(p, 1, t.fallbackTaps, 1) + p.groupOutChannels(), kMaxLanes);
  plan->scratchBytes =
      static_cast<size_t>(roundUp(static_cast<int64_t>(request.dft->scratchBytes(request.kernels)), 64)) +
      static_cast<size_t>(t.fallbackElements) * sizeof(T) + directTileArrays(t.fallbackTaps);
}

template <typename T>
class FrameWorker {
 public:
  FrameWorker(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch) noexcept
      : plan_(plan),
        g_(plan.geometry),
        p_(plan.geometry.parameters),
        kernels_(kernels),
        args_(args),
        scratch_(scratch) {}

  void run(int64_t index) const noexcept {
    const int64_t first = index % plan_.tiles * plan_.columns;
    const int64_t group = index / plan_.tiles % p_.groups;
    const int64_t item = index / plan_.tiles / p_.groups;
    const int64_t count = std::min(plan_.columns, g_.outLength - first);
    const int64_t outputs = p_.groupOutChannels();
    const T* input = args_.input + (item * p_.inChannels + group) * g_.length;
    T* out = args_.out + (item * p_.outChannels + group * outputs) * g_.outLength;
    const T* bias = args_.bias == nullptr ? nullptr : args_.bias + group * outputs;
    args_.dft->run(kernels_, {g_, group, input, bias, out, first, count, scratch_});
    if (!isTame(input, first, count)) sumDirectly(input, item, group, first, count);
    args_.finish(item, group * outputs, outputs, first, count);
  }

 private:
  // Whether all that the frames may read is finite and small enough; false as well where their padding repeats inputs
  // from elsewhere, and where they lie far apart: each frame is looked at by itself then.
  bool isTame(const T* input, int64_t first, int64_t count) const noexcept {
    const int64_t begin = first * p_.stride - p_.padLeft;
    const int64_t end = begin + (count - 1) * p_.stride + p_.kernelSize;
    if (p_.mode != PaddingMode::kZeros && (begin < 0 || end > g_.length)) return false;
    if (p_.stride > 4 * p_.kernelSize) return false;
    const int64_t from = std::clamp<int64_t>(begin, 0, g_.length);
    const int64_t to = std::clamp<int64_t>(end, from, g_.length);
    return kernels_.allFinite(input + from, to - from, std::numeric_limits<T>::max() / kLargestInput<T>);
  }

  bool isFrameTame(const T* input, int64_t frame) const noexcept {
    for (int64_t k = 0; k < p_.kernelSize; k++) {
      const int64_t position = sourcePosition(frame * p_.stride + k - p_.padLeft, g_.length, p_.mode);
      if (position >= 0 && !(std::abs(input[position]) <= kLargestInput<T>)) return false;
    }
    return true;
  }

  void sumDirectly(const T* input, int64_t item, int64_t group, int64_t first, int64_t count) const noexcept {
    const int64_t outputs = p_.groupOutChannels();
    T* const sums =
        reinterpret_cast<T*>(scratch_ + roundUp(static_cast<int64_t>(args_.dft->scratchBytes(kernels_)), 64));
    T* const row = sums + outputs;
    auto* const arrays = reinterpret_cast<std::byte*>(sums + plan_.fast.fallbackElements);
    const DirectTile<T> direct(g_, kernels_, args_, plan_.fast.fallbackTaps, row, arrays);
    for (int64_t frame = first; frame < first + count && !args_.isCancelled(); frame++) {
      if (!isFrameTame(input, frame)) direct.sum({item, group, 0, 1, frame, 1}, 0, outputs, sums);
    }
  }

  const Plan& plan_;
  const Geometry& g_;
  const Parameters& p_;
  const Kernels<T>& kernels_;
  const ForwardArgs<T>& args_;
  std::byte* const scratch_;
};

template <typename T>
void work(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch,
          TaskRange& tasks) noexcept {
  const FrameWorker<T> worker(plan, kernels, args, scratch);
  takeTasks(tasks, args, [&](int64_t task) { worker.run(task); });
}

}  // namespace

template <typename T>
Algorithm<T> dftFrames() noexcept {
  return {"windowed dft", "a real FFT of each frame", false, maySuit<T>, layout<T>, cost<T>, plan<T>, work<T>};
}

template Algorithm<float> dftFrames<float>() noexcept;
template Algorithm<double> dftFrames<double>() noexcept;

}  // namespace conv1d
