// Where the outputs of a strip's tiles go.
#pragma once

#include <cstdint>
#include <cstring>

#include "core/fast/direct_tile.h"
#include "core/fast/tile_input.h"
#include "core/fast/tile_strips.h"
#include "core/run/forward.h"
#include "core/run/prefetch.h"
#include "kernels/kernel_table.h"

namespace conv1d {

template <typename T>
class TileOutput {
 public:
  // `row` holds the plan's rowElements.
  TileOutput(const Plan& plan, const TileStrips& strips, const Kernels<T>& kernels, const ForwardArgs<T>& args,
             T* row) noexcept
      : t_(plan.fast),
        form_(plan.fast.form),
        g_(plan.geometry),
        p_(plan.geometry.parameters),
        strips_(strips),
        kernels_(kernels),
        args_(args),
        row_(row) {}

  T biasOf(int64_t group, int64_t channel) const noexcept {
    return args_.bias == nullptr ? T{0} : args_.bias[group * p_.groupOutChannels() + channel];
  }

  // Calls produce(column, to) for each vector of tiles; it writes their outputs, and kTileSlack elements more at most.
  template <typename Produce>
  void write(const TileTask& task, int64_t channel, Produce produce) const noexcept {
    if (form_.step == 1 && strips_.isOneSegment(task)) {
      strips_.forEachSegment(task, [&](const Segment& segment) { writeInOrder(task, segment, channel, produce); });
      return;
    }
    const int64_t columns = strips_.columnsOf(task) - t_.halo;
    for (int64_t column = 0; column < columns; column += kernels_.lanes) produce(column, row_ + column * form_.hop);
    distribute(task, channel);
  }

  // The outputs of channels [begin, end), when nothing writes there any more.
  void finish(const TileTask& task, int64_t begin, int64_t end) const noexcept {
    if (args_.epilogue == nullptr) return;
    const int64_t channel = task.group * p_.groupOutChannels() + begin;
    strips_.forEachStretch(task, [&](int64_t item, int64_t position, int64_t count) {
      args_.finish(item, channel, end - begin, position, count);
    });
  }

  // The outputs of channels [begin, end) of tiles that the input calls bad; `sums` holds those of one tile.
  void sumDirectly(const TileTask& task, const TileInput<T>& input, const DirectTile<T>& direct, int64_t begin,
                   int64_t end, T* sums) const noexcept;

 private:
  // The tiles of a strip make one stretch of a row: each vector of them goes where it belongs, but for the last, which
  // might write too far. The same stretch of the next row is fetched meanwhile: stores would wait for it.
  template <typename Produce>
  void writeInOrder(const TileTask& task, const Segment& segment, int64_t channel, Produce produce) const noexcept {
    const int64_t outputs = strips_.outputsOf(segment);
    const int64_t step = kernels_.lanes * form_.hop;
    T* to = outputRow(segment.item, task.group, channel) + segment.firstTile * form_.hop;
    for (int64_t column = 0, done = 0; done < outputs; column += kernels_.lanes, done += step, to += step) {
      const int64_t count = std::min(step, outputs - done);
      if (channel + 1 < p_.groupOutChannels()) prefetchToWrite(to + g_.outLength, count);
      const bool hasRoom = done + step + kTileSlack <= outputs;
      produce(column, hasRoom ? to : row_);
      if (!hasRoom) std::memcpy(to, row_, static_cast<size_t>(count) * sizeof(T));
    }
  }

  // From the row to where they belong.
  void distribute(const TileTask& task, int64_t channel) const noexcept;
  void interleave(const TileTask& task, const Segment& first, T* out) const noexcept;

  T* outputRow(int64_t item, int64_t group, int64_t channel) const noexcept {
    return args_.out + ((item * p_.outChannels) + group * p_.groupOutChannels() + channel) * g_.outLength;
  }

  const TilePlan& t_;
  const TileForm& form_;
  const Geometry& g_;
  const Parameters& p_;
  const TileStrips& strips_;
  const Kernels<T>& kernels_;
  const ForwardArgs<T>& args_;
  T* const row_;
};

}  // namespace conv1d
