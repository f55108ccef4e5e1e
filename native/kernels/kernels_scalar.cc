#include "kernels/kernels.h"
#include "kernels/simd_scalar.h"
// The simd type comes first: the kernels are written over it.
#include "kernels/microkernel.h"

namespace {
bool anywhere() { return true; }
}  // namespace

constinit const conv1d::KernelTable conv1d::kScalarKernels = {
    "scalar", "portable C++", anywhere, makeKernels<ScalarSimd<float>>(), makeKernels<ScalarSimd<double>>(),
};
