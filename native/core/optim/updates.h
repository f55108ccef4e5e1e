// Steps of optimisers on all threads. Elements are independent: how they are shared out changes no bits.
#pragma once

#include "kernels/kernel_table.h"

namespace conv1d {

template <typename T>
void stepSgd(const Kernels<T>& kernels, const SgdArgs<T>& args, int threads) noexcept;

template <typename T>
void stepAdam(const Kernels<T>& kernels, const AdamArgs<T>& args, int threads) noexcept;

}  // namespace conv1d
