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
  const Merged<2> merged(shape, {x.strides, y.strides});
  const int64_t xStride = merged.lastStride(0);
  const int64_t yStride = merged.lastStride(1);
  forEachBlock(countOf(shape), threads, [&](int64_t begin, int64_t count) {
    forEachRow<2>(merged.sizes(), merged.allStrides(), begin, count,
                  [&](int64_t element, int64_t column, int64_t columns, const std::array<int64_t, 2>& at) {
                    kernel({x.data + at[0] + column * xStride, y.data + at[1] + column * yStride, out + element,
                            columns, xStride == 0, yStride == 0});
                  });
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
