#include "core/run/forward.h"

#include "core/run/worker.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {

template <typename T>
Status forward(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args) noexcept {
  if (plan.tasks == 0) return Status::kOk;
  const Scratch scratch(plan.threads, plan.scratchBytes);
  if (!scratch) return Status::kOutOfMemory;
  const auto isCancelled = [&] { return args.cancelled != nullptr && args.cancelled->load(std::memory_order_relaxed); };
  parallelFor(plan.tasks, plan.threads, [&](int index, TaskRange& tasks) {
    const StandardFloatMode mode;
    Worker<T> worker(plan, kernels, args, scratch.of(index));
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end && !isCancelled(); task++) worker.run(task);
    }
  });
  return isCancelled() ? Status::kCancelled : Status::kOk;
}

template Status forward<float>(const Plan&, const Kernels<float>&, const ForwardArgs<float>&) noexcept;
template Status forward<double>(const Plan&, const Kernels<double>&, const ForwardArgs<double>&) noexcept;

}  // namespace conv1d
