// Which implementation runs.
#pragma once

#include "kernels/kernel_table.h"

namespace conv1d {

// The implementations this machine can run, best first, ended by a null.
const KernelTable* const* supportedKernels();

// The supported implementation of that name, or null.
const KernelTable* findKernels(const char* name);

// The implementation for new convolutions: the best one unless selectKernels chose another.
const KernelTable& activeKernels();
void selectKernels(const KernelTable& kernels);

// The kernels of a table for one element type.
template <typename T>
const Kernels<T>& kernelsFor(const KernelTable& table);

}  // namespace conv1d
