// The loop of the algorithms whose rows are output channels: panel by panel, strip by strip.
#pragma once

#include <algorithm>

#include "core/run/worker.h"

namespace conv1d {

template <typename T, typename Sink>
void runPanels(Worker<T>& worker, const Task& task, const Block& block, const Source<T>& source) noexcept {
  const Kernels<T>& kernels = worker.kernels();
  const int64_t lanes = kernels.lanes;
  for (int64_t panel = task.firstPanel; panel < task.endPanel && !worker.isCancelled(); panel++) {
    const int64_t rows = worker.panels().size(panel);
    const T* weights = worker.panelWeights(task, block, panel);
    const Sink sink(worker, task, panel);
    MicrokernelArgs<T> args = worker.panelArgs(task, block, source, panel);
    // The tile's columns in strips of nearly equal width, as wide as the registers hold.
    const Parts strips(ceilDivide(task.columns, lanes), kernels.blocks.maxVectors[rows]);
    for (int64_t strip = 0; strip < strips.count(); strip++) {
      const int64_t column = strips.begin(strip) * lanes;
      const int64_t vectors = strips.size(strip);
      args.tile = source.rows + column;
      args.columns = std::min(vectors * lanes, task.columns - column);
      const Taps taps = worker.liveTaps(block, task.firstColumn + column, args.columns);
      args.tapOffsets = source.tapOffsets + taps.begin;
      args.taps = taps.end - taps.begin;
      args.panel = weights + taps.begin * rows;
      args.out = sink.begin(column);
      args.outStride = sink.stride();
      const auto& kernel = args.columns == vectors * lanes ? kernels.full : kernels.partial;
      kernel[rows - 1][vectors - 1](args);
      sink.end(column, args.columns);
    }
    if (block.last) worker.finish(task, worker.panels().begin(panel), rows);
  }
}

}  // namespace conv1d
