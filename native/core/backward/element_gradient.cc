#include "core/backward/element_gradient.h"

#include "core/pointwise/broadcast.h"

namespace conv1d {

template <typename T>
void elementGradient(const Kernels<T>& kernels, ElementGradientFunction function, const ElementGradientArgs<T>& args,
                     int threads) noexcept {
  const auto kernel = kernels.elementGradients[function];
  forEachBlock(args.count, threads, [&](int64_t begin, int64_t count) {
    kernel({args.saved + begin, args.gradient + begin, args.out + begin, count, args.a, args.b});
  });
}

#define CONV1D_INSTANTIATE(T)                                                                                 \
  template void elementGradient<T>(const Kernels<T>&, ElementGradientFunction, const ElementGradientArgs<T>&, \
                                   int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
