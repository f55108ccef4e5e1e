// A snapshot of a layer's weights in every layout that a plan may ask for, so that no call has to pack them, and the
// bias.
#pragma once

#include <array>
#include <cstddef>

#include "core/geometry.h"
#include "core/pack/weight_layout.h"
#include "kernels/kernel_table.h"
#include "runtime/aligned_buffer.h"

namespace conv1d {

class PackedWeights {
 public:
  // Copies weight (outChannels, inChannels / groups, kernelSize) and bias (outChannels), or null for none. Without
  // memory the result is empty.
  template <typename T>
  static PackedWeights pack(const Parameters& parameters, const Kernels<T>& kernels, const T* weight,
                            const T* bias) noexcept;

  explicit operator bool() const noexcept { return count_ > 0; }
  std::size_t bytes() const noexcept;

  // Whether every weight is finite (core/plan/plan.h).
  bool finite() const noexcept { return finite_; }

  // The weights in a layout, or null when the snapshot lacks it.
  template <typename T>
  const T* in(const WeightLayout& layout) const noexcept {
    for (std::size_t i = 0; i < count_; i++) {
      if (packings_[i].layout == layout) return reinterpret_cast<const T*>(packings_[i].memory.data());
    }
    return nullptr;
  }

  // Null without one.
  template <typename T>
  const T* bias() const noexcept {
    return reinterpret_cast<const T*>(bias_.data());
  }

 private:
  struct Packing {
    WeightLayout layout;
    AlignedBuffer memory;
  };

  static constexpr std::size_t kMostLayouts = 4;
  std::array<Packing, kMostLayouts> packings_;
  std::size_t count_ = 0;
  AlignedBuffer bias_;
  bool finite_ = false;
};

}  // namespace conv1d
