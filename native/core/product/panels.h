// The right side of a product of matrices as the kernels read it: columns in panels of whole vectors.
#pragma once

#include <cstdint>

#include "core/parts.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// A panel: row c begins at data + c * stride.
template <typename T>
struct Panel {
  const T* data;
  int64_t stride;
};

// Columns in panels; all but the last one are whole vectors.
template <typename T>
Parts columnPanels(const Kernels<T>& kernels, int64_t columns) noexcept {
  return {columns, kernels.blocks.widestPanel(kernels.lanes), kernels.lanes};
}

// (depth, columns), packed: for each panel [c][columns of the panel], as WeightLayout's kPanels; or in rows `stride`
// apart, in place.
template <typename T>
class Panels {
 public:
  static Panels packed(const T* data, const Parts& parts, int64_t depth) noexcept { return {data, parts, depth, 0}; }
  static Panels inRows(const T* data, const Parts& parts, int64_t stride) noexcept { return {data, parts, 1, stride}; }

  const Parts& parts() const noexcept { return parts_; }

  // A panel from row c on.
  Panel<T> at(int64_t panel, int64_t c) const noexcept {
    const int64_t stride = stride_ == 0 ? parts_.size(panel) : stride_;
    return {data_ + parts_.begin(panel) * depth_ + c * stride, stride};
  }

 private:
  Panels(const T* data, const Parts& parts, int64_t depth, int64_t stride) noexcept
      : data_(data), parts_(parts), depth_(depth), stride_(stride) {}

  const T* data_;
  Parts parts_;
  int64_t depth_;   // elements from a column's panel to the next column's, where panels are packed
  int64_t stride_;  // 0: packed
};

}  // namespace conv1d
