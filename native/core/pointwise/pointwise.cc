#include "core/pointwise/pointwise.h"

namespace conv1d {

template <typename T>
void applyUnary(const Kernels<T>& kernels, UnaryFunction function, const UnaryArgs<T>& args, int threads) noexcept {
  const auto kernel = kernels.unary[function];
  forEachBlock(args.count, threads, [&](int64_t begin, int64_t count) {
    kernel({args.x + begin, args.out + begin, count, args.a, args.b});
  });
}

template <typename T>
void applyBinary(const Kernels<T>& kernels, BinaryFunction function, std::span<const int64_t> shape,
                 const StridedInput<T>& x, const StridedInput<T>& y, T* out, int threads) noexcept {
  const auto kernel = kernels.binary[function];
  forEachRowPair(shape, x, y, threads, [&](const RowPair<T>& row) {
    kernel({row.x, row.y, out + row.element, row.count, row.xStride == 0, row.yStride == 0});
  });
}

#define CONV1D_INSTANTIATE(T)                                                                                       \
  template void applyUnary<T>(const Kernels<T>&, UnaryFunction, const UnaryArgs<T>&, int) noexcept;                 \
  template void applyBinary<T>(const Kernels<T>&, BinaryFunction, std::span<const int64_t>, const StridedInput<T>&, \
                               const StridedInput<T>&, T*, int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
