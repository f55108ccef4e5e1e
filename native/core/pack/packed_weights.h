// A snapshot of a layer's weights in the layouts that plans ask for, and the bias.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>

#include "core/fast/windowed_dft.h"
#include "core/geometry.h"
#include "core/pack/weight_layout.h"
#include "kernels/kernel_table.h"
#include "runtime/aligned_buffer.h"

namespace conv1d {

class PackedWeights {
 public:
  // Copies weight (outChannels, inChannels / groups, kernelSize) and bias (outChannels), or null for none: into every
  // layout that an exact algorithm may ask for, so that no call has to pack; or, `lazily`, as they are, and each layout
  // when the first call needs it: those of fast algorithms are large, and few are used. Null without memory.
  template <typename T>
  static std::shared_ptr<const PackedWeights> pack(const Parameters& parameters, const Kernels<T>& kernels,
                                                   const T* weight, const T* bias, bool lazily = false) noexcept;

  // The bytes of all that is there.
  std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

  // Whether every weight is finite (core/plan/plan.h), and of a lazy snapshot, neither too large nor too small for fast
  // algorithms.
  bool finite() const noexcept { return finite_; }
  bool isTame() const noexcept { return isTame_; }

  // The weights in a layout. Null when the snapshot lacks it, or has no memory to make it. Any thread.
  template <typename T>
  const T* in(const Kernels<T>& kernels, const WeightLayout& layout) const noexcept;

  // Whether they are there as they were given, so that any layout can be made of them.
  bool isPlain() const noexcept { return static_cast<bool>(plain_); }

  // Whether a plan may ask for the layout.
  bool offers(const WeightLayout& layout) const noexcept { return isPlain() || find(layout) != nullptr; }

  // What a lazy snapshot recognised in the weights; null for anything else.
  template <typename T>
  const WindowedDft<T>* dft() const noexcept {
    return static_cast<const WindowedDft<T>*>(dft_.get());
  }

  // As they were given; null unless the snapshot is lazy.
  template <typename T>
  const T* plain() const noexcept {
    return reinterpret_cast<const T*>(plain_.data());
  }
  double largestGain() const noexcept { return largestGain_; }

  // The weights as they were given, bit for bit, into memory for all of them. False without working memory.
  template <typename T>
  bool unpack(const Kernels<T>& kernels, T* weight) const noexcept;

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

  const std::byte* find(const WeightLayout& layout) const noexcept;
  template <typename T>
  const T* add(const Kernels<T>& kernels, const WeightLayout& layout, const T* weight) const noexcept;

  // Grows only, under the lock; what is there never changes.
  static constexpr std::size_t kMostLayouts = 32;  // more than algorithms may be listed
  mutable std::mutex mutex_;
  mutable std::array<Packing, kMostLayouts> packings_;
  mutable std::atomic<std::size_t> count_{0};
  mutable std::atomic<std::size_t> bytes_{0};
  Parameters parameters_;
  AlignedBuffer plain_;
  AlignedBuffer bias_;
  std::shared_ptr<const void> dft_;  // of the snapshot's element type
  double largestGain_ = 0;
  bool finite_ = false;
  bool isTame_ = false;
};

}  // namespace conv1d
