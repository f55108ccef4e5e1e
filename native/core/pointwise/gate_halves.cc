#include "core/pointwise/gate_halves.h"

#include <array>

#include "core/pointwise/pointwise.h"
#include "runtime/scratch.h"

namespace conv1d {

template <typename T>
Status gateHalves(const Kernels<T>& kernels, int64_t outer, int64_t size, const T* x, T* out, int threads) noexcept {
  if (size > 1) {
    const std::array<int64_t, 2> shape = {outer, size};
    const std::array<int64_t, 2> strides = {2 * size, 1};
    applyBinary<T>(kernels, kGate, shape, {x, strides}, {x + size, strides}, out, threads);
    return Status::kOk;
  }
  // The kernels take neighbours only, and halves of one element are none: all of the first, then all of the others.
  const Scratch scratch(1, static_cast<size_t>(outer) * 2 * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  T* const columns = reinterpret_cast<T*>(scratch.of(0));
  kernels.stridedCopy(x, 2, outer, columns);
  kernels.stridedCopy(x + 1, 2, outer, columns + outer);
  const std::array<int64_t, 1> shape = {outer};
  const std::array<int64_t, 1> strides = {1};
  applyBinary<T>(kernels, kGate, shape, {columns, strides}, {columns + outer, strides}, out, threads);
  return Status::kOk;
}

template Status gateHalves<float>(const Kernels<float>&, int64_t, int64_t, const float*, float*, int) noexcept;
template Status gateHalves<double>(const Kernels<double>&, int64_t, int64_t, const double*, double*, int) noexcept;

}  // namespace conv1d
