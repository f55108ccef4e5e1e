#include "kernels/kernels.h"
#include "kernels/simd_neon.h"
// The simd type comes first: the kernels are written over it.
#include "kernels/microkernel.h"

// constinit: nothing compiled for this ISA may run before the CPU is known to have it.
constinit const conv1d::KernelTable conv1d::kNeonKernels = {
    "neon", "NEON (Advanced SIMD)", conv1d::cpuHasNeon, makeKernels<NeonF32>(), makeKernels<NeonF64>(),
};
