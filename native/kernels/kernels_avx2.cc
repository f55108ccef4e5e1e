#include "kernels/kernels.h"
#include "kernels/simd_avx2.h"
// The simd type comes first: the kernels are written over it.
#include "kernels/microkernel.h"

// constinit: nothing compiled for this ISA may run before the CPU is known to have it.
constinit const conv1d::KernelTable conv1d::kAvx2Kernels = {
    "avx2", "AVX2 with FMA3", conv1d::cpuHasAvx2, makeKernels<Avx2F32>(), makeKernels<Avx2F64>(),
};
