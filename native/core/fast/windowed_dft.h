// A layer whose weights are a windowed DFT (core/fast/dft_weights.h), computed by a fast one: a real FFT of each frame,
// frames in the lanes (kernels/real_dft.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/fast/dft_weights.h"
#include "core/fast/real_dft_tables.h"
#include "core/geometry.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// Some columns of one batch item and group.
template <typename T>
struct WindowedDftCall {
  const Geometry& geometry;
  int64_t group = 0;
  const T* input;  // the group's channel; finite, and no element above 2^64 (core/fast/dft_weights.h)
  const T* bias;   // of the group's output channels, or null
  T* out;          // the group's first output channel, from its first column; rows are outLength apart
  int64_t firstColumn;
  int64_t columns;
  std::byte* scratch;  // scratchBytes(), aligned to a cache line
};

template <typename T>
class WindowedDft {
 public:
  // Null without memory.
  static std::optional<WindowedDft> make(const DftWeights<T>& weights) noexcept;

  int64_t size() const noexcept { return static_cast<int64_t>(window_.size()); }
  std::size_t bytes() const noexcept;

  int64_t passes() const noexcept { return static_cast<int64_t>(tables_.passes.size()); }

  std::size_t scratchBytes(const Kernels<T>& kernels) const noexcept;

  // The bits depend on neither the columns of the call nor the kernels.
  void run(const Kernels<T>& kernels, const WindowedDftCall<T>& call) const noexcept;

 private:
  struct Frames {
    const T* samples;
    int64_t pitch;
  };

  explicit WindowedDft(const DftWeights<T>& weights);
  Frames provide(const Kernels<T>& kernels, const WindowedDftCall<T>& call, T* copy) const noexcept;

  std::vector<T> window_;
  RealDftTables<T> tables_;
  std::vector<int32_t> values_;  // of the output channels of all groups, as kernels/real_dft_args.h says
  std::vector<T> signs_;
};

// What the weights are recognised as, if anything.
template <typename T>
std::optional<WindowedDft<T>> windowedDft(const Parameters& parameters, const WeightView<T>& weight) noexcept;

}  // namespace conv1d
