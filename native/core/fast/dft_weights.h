// Weights that are a windowed DFT, as every short-time Fourier transform has them that is written as a convolution:
//
//   weight[o][k] = sign * window[k] * cos(2 pi bin k / kernelSize)      or sin
//
// Each output channel has its own bin, part and sign: any of them, in any order.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/geometry.h"
#include "core/pack/weight_layout.h"

namespace conv1d {

// An output channel.
struct DftRow {
  enum class Part { kCosine, kSine };
  int64_t bin = 0;  // 0 .. size / 2
  Part part = Part::kSine;
  int sign = 1;  // or -1

  bool operator==(const DftRow&) const noexcept = default;
};

template <typename T>
struct DftWeights {
  std::vector<T> window;     // [kernelSize]
  std::vector<DftRow> rows;  // of the output channels of all groups; zeros are the sine of bin 0
};

// Bounds of the window's largest element: for inputs up to 2^64 nothing overflows, and of ordinary ones nothing that
// counts underflows.
constexpr double kLargestWindow = 0x1p32;
constexpr double kSmallestWindow = 0x1p-32;

// What the weights say. Nothing when some weight differs from its cosine or sine by more than its rounding, or the size
// has no fast algorithm (core/fast/dft_size.h), or there is no other bin than 0 and kernelSize / 2 (then any weights
// would do), or there is no memory. The layer has one input channel in each group and no dilation; groups share the
// window.
template <typename T>
std::optional<DftWeights<T>> recogniseDft(const Parameters& parameters, const WeightView<T>& weight) noexcept;

}  // namespace conv1d
