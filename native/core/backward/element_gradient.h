// The gradient of a function of each element.
#pragma once

#include "kernels/kernel_table.h"

namespace conv1d {

template <typename T>
void elementGradient(const Kernels<T>& kernels, ElementGradientFunction function, const ElementGradientArgs<T>& args,
                     int threads) noexcept;

}  // namespace conv1d
