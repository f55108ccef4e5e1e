// How the work of a recurrent layer is shared: batch items go in groups of as many rows as a micro-kernel takes, each
// of which walks through the steps by itself. Threads take groups; where there is one group and its steps are large,
// they share the panels of every product of a step.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/checked_math.h"
#include "core/parts.h"
#include "core/recurrent/recurrent.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d {

struct Groups {
  Parts parts;       // of batch items
  int threads;       // that take groups
  int panelThreads;  // that share each product

  int64_t mostRows() const noexcept { return parts.size(0); }
};

// Of a batch of one item or more.
template <typename T>
Groups groupsOf(const RecurrentShape& shape, const Kernels<T>& kernels, int64_t steps, int64_t batch,
                int threads) noexcept {
  // Products of a step from which on sharing it pays: the threads meet twice in each (several microseconds).
  constexpr double kLeastSharedStep = 1 << 20;
  // Rows of a group below which a step takes no less time.
  constexpr int64_t kFewestRows = 4;
  const double perStep = static_cast<double>(shape.gates() * shape.hiddenSize) *
                         static_cast<double>(shape.inputSize + shape.hiddenSize) * static_cast<double>(batch);
  const int useful = static_cast<int>(std::clamp(
      perStep * static_cast<double>(steps) / kernels.blocks.minProductsPerThread, 1.0, static_cast<double>(threads)));
  const int64_t shared = std::max(ceilDivide(batch, useful), std::min(batch, kFewestRows));
  Groups groups{Parts(batch, std::min<int64_t>(kernels.blocks.maxRows, shared)), 1, 1};
  groups.threads = static_cast<int>(std::min<int64_t>(useful, groups.parts.count()));
  if (groups.threads == 1 && perStep >= kLeastSharedStep) groups.panelThreads = useful;
  return groups;
}

// Calls body(worker, firstPanel, endPanel) for all panels of a product.
template <typename Body>
void forEachPart(const Parts& panels, int threads, const Body& body) noexcept {
  if (threads == 1) return body(0, int64_t{0}, panels.count());
  parallelFor(panels.count(), threads, [&](int worker, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t panel, end; tasks.take(&panel, &end);) body(worker, panel, end);
  });
}

}  // namespace conv1d
