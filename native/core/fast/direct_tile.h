// A few outputs by the direct sum, in its order and so with its bits: what fast algorithms fall back to.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/geometry.h"
#include "core/pack/tile_layout.h"
#include "core/run/forward.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// Outputs (first + i) * step + phase of a row, i < count.
struct OutputRange {
  int64_t item;
  int64_t group;
  int64_t phase;
  int64_t step;
  int64_t first;
  int64_t count;
};

// Bytes of the arrays below.
inline std::size_t directTileArrays(int64_t taps) noexcept {
  return static_cast<std::size_t>(taps) * (sizeof(Piece) + sizeof(int64_t) + sizeof(double));
}

template <typename T>
class DirectTile {
 public:
  // `taps` at a time, from rows of directTileRow(...) elements; `arrays` holds directTileArrays(taps).
  DirectTile(const Geometry& geometry, const Kernels<T>& kernels, const ForwardArgs<T>& args, int64_t taps, T* row,
             std::byte* arrays) noexcept
      : g_(geometry), kernels_(kernels), args_(args), taps_(taps), row_(row), arrays_(arrays) {}

  // Output channels [begin, end) of the group, unless the call is cancelled meanwhile; `sums` holds
  // (end - begin) * count.
  void sum(const OutputRange& range, int64_t begin, int64_t end, T* sums) const noexcept;

  bool isCancelled() const noexcept { return args_.isCancelled(); }

 private:
  const Geometry& g_;
  const Kernels<T>& kernels_;
  const ForwardArgs<T>& args_;
  const int64_t taps_;
  T* const row_;
  std::byte* const arrays_;
};

// The layer whose outputs are those of one phase.
Parameters ofPhase(const Parameters& parameters, int64_t phase, int64_t step) noexcept;

// The elements of a row from which sum() takes `taps` taps of `count` outputs.
int64_t directTileRow(const Parameters& parameters, int64_t step, int64_t taps, int64_t count) noexcept;

}  // namespace conv1d
