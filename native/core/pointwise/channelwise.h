// Functions whose parameters belong to a channel: batch norm in evaluation, snake, PReLU.
#pragma once

#include <cstdint>

#include "kernels/kernel_table.h"

namespace conv1d {

// Row i takes a[i % channels] and b[i % channels].
template <typename T>
struct ChannelArgs {
  const T* x;  // [rows][length]
  const T* a;  // [channels]
  const T* b;  // [channels], or null where the function has one parameter
  T* out;      // x itself, or apart from all
  int64_t rows;
  int64_t channels;  // rows is a multiple of it
  int64_t length;
};

// Elements are independent: how they are shared out changes no bits. rows * length and channels * length do not
// overflow.
template <typename T>
void applyChannelwise(const Kernels<T>& kernels, ChannelFunction function, const ChannelArgs<T>& args,
                      int threads) noexcept;

}  // namespace conv1d
