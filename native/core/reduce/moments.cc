#include "core/reduce/moments.h"

#include "core/reduce/fold.h"

namespace conv1d {

template <typename T>
void momentsOfRows(const Kernels<T>& kernels, const T* x, int64_t rows, int64_t count, T* means, T* squares) noexcept {
  const T divisor = static_cast<T>(count);
  // Long rows one by one: the second pass finds them in the cache.
  const int64_t group = count <= kFoldBlock ? rows : 1;
  for (int64_t row = 0; row < rows; row += group) {
    const T* const from = x + row * count;
    foldRows<T>(kernels, kFoldSum, from, group, count, nullptr, nullptr, means + row);
    kernels.binary[kDiv]({means + row, &divisor, means + row, group, false, true});
    foldRows<T>(kernels, kFoldSquares, from, group, count, means + row, nullptr, squares + row);
  }
}

template void momentsOfRows<float>(const Kernels<float>&, const float*, int64_t, int64_t, float*, float*) noexcept;
template void momentsOfRows<double>(const Kernels<double>&, const double*, int64_t, int64_t, double*, double*) noexcept;

}  // namespace conv1d
