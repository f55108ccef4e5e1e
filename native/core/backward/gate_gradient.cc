#include "core/backward/gate_gradient.h"

#include <algorithm>

#include "core/checked_math.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

constexpr int64_t kStretch = 1024;          // elements at a time: they stay in the first cache
constexpr int64_t kLeastPerThread = 16384;  // elements

// A stretch of both halves.
template <typename T>
void gateStretch(const Kernels<T>& kernels, int64_t count, const T* values, const T* gates, const T* g, T* ofValues,
                 T* ofGates) noexcept {
  T sigmoids[kStretch];
  kernels.unary[kSigmoid]({gates, sigmoids, count, T{0}, T{0}});
  kernels.binary[kMul]({g, sigmoids, ofValues, count, false, false});
  kernels.binary[kMul]({g, values, ofGates, count, false, false});
  kernels.elementGradients[kSigmoidSlope]({sigmoids, ofGates, ofGates, count, T{0}, T{0}});
}

}  // namespace

template <typename T>
void gateGradient(const Kernels<T>& kernels, int64_t outer, int64_t size, const T* x, const T* gradient, T* out,
                  int threads) noexcept {
  if (outer == 0 || size == 0) return;
  const int64_t stretches = ceilDivide(size, kStretch);
  const auto workers = static_cast<int>(std::clamp<int64_t>(outer * size / kLeastPerThread, 1, threads));
  parallelFor(outer * stretches, workers, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end; task++) {
        const int64_t item = task / stretches;
        const int64_t begin = task % stretches * kStretch;
        const int64_t first = item * 2 * size + begin;
        gateStretch(kernels, std::min(kStretch, size - begin), x + first, x + first + size,
                    gradient + item * size + begin, out + first, out + first + size);
      }
    }
  });
}

#define CONV1D_INSTANTIATE(T) \
  template void gateGradient<T>(const Kernels<T>&, int64_t, int64_t, const T*, const T*, T*, int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
