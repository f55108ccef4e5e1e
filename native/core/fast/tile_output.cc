#include "core/fast/tile_output.h"

namespace conv1d {

template <typename T>
void TileOutput<T>::distribute(const TileTask& task, int64_t channel) const noexcept {
  strips_.forEachSegment(task, [&](const Segment& segment) {
    T* to = outputRow(segment.item, task.group, channel);
    if (form_.step == 1) {
      std::memcpy(to + segment.firstTile * form_.hop, row_ + segment.column * form_.hop,
                  static_cast<size_t>(strips_.outputsOf(segment)) * sizeof(T));
    } else if (segment.phase == task.firstPhase) {
      interleave(task, segment, to);
    }
  });
}

// All phases of a strip's stretch of an item; `first` is the segment of the first of them.
template <typename T>
void TileOutput<T>::interleave(const TileTask& task, const Segment& first, T* out) const noexcept {
  const int64_t pitch = (first.tiles + t_.halo) * form_.hop;
  T* const rows = row_ + first.column * form_.hop;
  T* to = out + first.firstTile * form_.hop * form_.step + first.phase;
  Segment last = first;
  last.phase += task.phases - 1;
  const int64_t shortest =
      task.phases == form_.step ? strips_.outputsOf(last) : 0;  // of the phases, which differ by one
  kernels_.interleaveRows(rows, pitch, task.phases, shortest, to);
  for (int64_t r = 0; r < task.phases; r++) {
    Segment segment = first;
    segment.phase += r;
    const int64_t count = strips_.outputsOf(segment);
    for (int64_t i = shortest; i < count; i++) to[i * form_.step + r] = rows[r * pitch + i];
  }
}

template <typename T>
void TileOutput<T>::sumDirectly(const TileTask& task, const TileInput<T>& input, const DirectTile<T>& direct,
                                int64_t begin, int64_t end, T* sums) const noexcept {
  strips_.forEachSegment(task, [&](const Segment& segment) {
    for (int64_t tile = 0; tile < segment.tiles; tile++) {
      if (!input.isBad(segment.column + tile) || direct.isCancelled()) continue;
      Segment one = segment;
      one.firstTile += tile;
      one.tiles = 1;
      const int64_t count = strips_.outputsOf(one);
      if (count == 0) continue;
      direct.sum({one.item, task.group, one.phase, form_.step, one.firstTile * form_.hop, count}, begin, end, sums);
    }
  });
}

template class TileOutput<float>;
template class TileOutput<double>;

}  // namespace conv1d
