// Each ISA's table, defined in a translation unit of its own (kernels_*.cc), the only ones compiled for that ISA.
#pragma once

#include "kernels/cpu_features.h"
#include "kernels/kernel_table.h"

namespace conv1d {

extern const KernelTable kAvx512Kernels;
extern const KernelTable kAvx2Kernels;
extern const KernelTable kNeonKernels;
extern const KernelTable kScalarKernels;

}  // namespace conv1d
