#include "core/pointwise/pow_scalar.h"

#include <algorithm>
#include <iterator>

#include "core/pointwise/broadcast.h"
#include "core/pointwise/pointwise.h"
#include "runtime/float_mode.h"

namespace conv1d {
namespace {

struct Power {
  double exponent;
  UnaryFunction function;
};

constexpr Power kPowers[] = {{0.5, kSqrt}, {-0.5, kRsqrt}, {-1, kReciprocal}, {2, kSquare}, {3, kCube}};

}  // namespace

template <typename T>
void powScalar(const Kernels<T>& kernels, double exponent, const T* x, T* out, int64_t count, int threads) noexcept {
  const auto* const power = std::find_if(std::begin(kPowers), std::end(kPowers),
                                         [exponent](const Power& p) { return p.exponent == exponent; });
  if (power != std::end(kPowers)) {
    applyUnary<T>(kernels, power->function, {x, out, count, T{0}, T{0}}, threads);
    return;
  }
  const StandardFloatMode mode;  // the exponent is rounded
  const auto y = static_cast<T>(exponent);
  forEachBlock(count, threads, [&](int64_t begin, int64_t elements) {
    kernels.binary[kPow]({x + begin, &y, out + begin, elements, false, true});
  });
}

template void powScalar<float>(const Kernels<float>&, double, const float*, float*, int64_t, int) noexcept;
template void powScalar<double>(const Kernels<double>&, double, const double*, double*, int64_t, int) noexcept;

}  // namespace conv1d
