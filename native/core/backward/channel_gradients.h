// Gradients of functions with parameters of a channel, of x and of what is learned (kernels/channel_gradients.h has the
// formulas). What the elements of a channel add to the latter is summed up in 32 chains for each block of kFoldBlock
// elements of a row, or of rows below 16 elements in a chain for each of them down 128 rows; then in float64, in
// ascending order.
#pragma once

#include <cstdint>

#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// x is (rows, length), of which row i has the parameters i % channels; rows are a multiple of channels. No size is 0.
struct ChannelGradientShape {
  int64_t rows;
  int64_t channels;
  int64_t length;
};

template <typename T>
struct ChannelGradientOperands {
  const T* gradient;
  const T* x;
  const T* a;  // [channels]
  const T* b;  // [channels]; null where the function has none
  T* ofX;      // null where nobody wants it, as
  T* ofA;      // [channels]
};

// Writes nothing when it fails.
template <typename T>
Status channelGradients(const Kernels<T>& kernels, ChannelGradient function, const ChannelGradientShape& shape,
                        const ChannelGradientOperands<T>& operands, int threads) noexcept;

}  // namespace conv1d
