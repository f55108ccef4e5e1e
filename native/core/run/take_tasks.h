// A thread's part of a call.
#pragma once

#include <cstdint>

#include "core/run/forward.h"
#include "runtime/thread_pool.h"

namespace conv1d {

// Calls run(task) for one task after the other, until there are none, or for no further one once the call is cancelled.
template <typename T, typename Run>
void takeTasks(TaskRange& tasks, const ForwardArgs<T>& args, Run run) noexcept {
  for (int64_t task, end; tasks.take(&task, &end);) {
    for (; task < end && !args.isCancelled(); task++) run(task);
  }
}

}  // namespace conv1d
