// The weights of a layer in both orders that plans may ask for, so that no call has to pack them, and the bias.
#pragma once

#include "core/plan.h"
#include "runtime/aligned_buffer.h"

namespace conv1d {

class PackedWeights {
 public:
  // Copies weight (outChannels, inChannels / groups, kernelSize) and bias (outChannels), or null for none. Without
  // memory the result is empty.
  template <typename T>
  static PackedWeights pack(const Parameters& parameters, const Kernels<T>& kernels, const T* weight,
                            const T* bias) noexcept;

  explicit operator bool() const noexcept { return static_cast<bool>(usual_); }
  std::size_t bytes() const noexcept { return usual_.size() + swapped_.size() + bias_.size(); }

  // Whether every weight is finite (core/plan.h).
  bool finite() const noexcept { return finite_; }

  template <typename T>
  const T* of(const Plan& plan) const noexcept {
    return reinterpret_cast<const T*>((plan.swapped ? swapped_ : usual_).data());
  }

  template <typename T>
  const T* bias() const noexcept {
    return reinterpret_cast<const T*>(bias_.data());
  }

 private:
  AlignedBuffer usual_;
  AlignedBuffer swapped_;  // empty where no plan swaps the roles
  AlignedBuffer bias_;
  bool finite_ = false;
};

}  // namespace conv1d
