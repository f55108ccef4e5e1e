#include "core/run/forward.h"

#include "core/plan/algorithm.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

// For algorithms that do not finish their outputs themselves.
template <typename T>
void finishRows(const Plan& plan, const Epilogue<T>& epilogue) noexcept {
  const Geometry& g = plan.geometry;
  const int64_t channels = g.parameters.outChannels;
  const bool isAcross = g.outLength == 1;
  parallelFor(isAcross ? g.batch : g.batch * channels, plan.threads, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end; task++) {
        if (isAcross)
          epilogue.finishChannels(task, 0, channels);
        else
          epilogue.finish(task / channels, task % channels, 0, g.outLength);
      }
    }
  });
}

}  // namespace

template <typename T>
Status forward(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args) noexcept {
  if (plan.tasks == 0) return Status::kOk;
  const Scratch scratch(plan.threads, plan.scratchBytes);
  if (!scratch) return Status::kOutOfMemory;
  const Algorithm<T>& algorithm = algorithmOf<T>(plan);
  parallelFor(plan.tasks, plan.threads, [&](int index, TaskRange& tasks) {
    const StandardFloatMode mode;
    algorithm.work(plan, kernels, args, scratch.of(index), tasks);
  });
  if (args.isCancelled()) return Status::kCancelled;
  if (args.epilogue != nullptr && !algorithm.finishes) finishRows(plan, *args.epilogue);
  return Status::kOk;
}

template Status forward<float>(const Plan&, const Kernels<float>&, const ForwardArgs<float>&) noexcept;
template Status forward<double>(const Plan&, const Kernels<double>&, const ForwardArgs<double>&) noexcept;

}  // namespace conv1d
