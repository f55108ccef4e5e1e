// Sums and their like over a batch of signals, channel by channel.
#pragma once

#include <cstdint>

#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// x is (batch, channels, length).
struct ChannelsShape {
  int64_t batch;
  int64_t channels;
  int64_t length;

  int64_t count() const noexcept { return batch * length; }  // elements of a channel
};

// Elements of working memory.
int64_t foldChannelsScratch(const ChannelsShape& shape) noexcept;

// Element n * length + l of a channel is x[n][channel][l], one or more, in the order of core/reduce/fold; not yet as a
// chain ends. `centers` (channels), or null for zeros; `out` (channels) is apart from both.
template <typename T>
void foldChannels(const Kernels<T>& kernels, FoldFunction function, const ChannelsShape& shape, const T* x,
                  const T* centers, T* scratch, T* out, int threads) noexcept;

// The sum of each channel: the gradient of a convolution's bias. Writes nothing when it fails.
template <typename T>
Status sumChannels(const Kernels<T>& kernels, const ChannelsShape& shape, const T* x, T* out, int threads) noexcept;

}  // namespace conv1d
