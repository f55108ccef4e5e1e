#include "kernels/kernels.h"
#include "kernels/simd_avx512.h"
// The simd type comes first: the kernels are written over it.
#include "kernels/microkernel.h"

// constinit: nothing compiled for this ISA may run before the CPU is known to have it.
constinit const conv1d::KernelTable conv1d::kAvx512Kernels = {
    "avx512", "AVX-512F", conv1d::cpuHasAvx512, makeKernels<Avx512F32>(), makeKernels<Avx512F64>(),
};
