#include "core/run/forward.h"

#include "core/plan/algorithm.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
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
  return args.isCancelled() ? Status::kCancelled : Status::kOk;
}

template Status forward<float>(const Plan&, const Kernels<float>&, const ForwardArgs<float>&) noexcept;
template Status forward<double>(const Plan&, const Kernels<double>&, const ForwardArgs<double>&) noexcept;

}  // namespace conv1d
