#include "core/backward/softmax_gradient.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/reduce/fold.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

constexpr int64_t kLeastPerThread = 16384;  // elements
constexpr int64_t kCachedElements = 8192;   // of the rows that are read several times

// Up to kMaxLanes rows.
template <typename T>
void gradientOfRows(const Kernels<T>& kernels, bool isLog, int64_t rows, int64_t count, const T* y, const T* g,
                    T* out) noexcept {
  T sums[kMaxLanes];
  const int64_t elements = rows * count;
  if (!isLog) kernels.binary[kMul]({g, y, out, elements, false, false});
  foldRows<T>(kernels, kFoldSum, isLog ? g : out, rows, count, nullptr, nullptr, sums);
  if (isLog) kernels.unary[kExp]({y, out, elements, T{0}, T{0}});
  for (int64_t row = 0; row < rows; row++) {
    T* const to = out + row * count;
    if (isLog) {
      kernels.binary[kMul]({to, sums + row, to, count, false, true});
    } else {
      kernels.binary[kSub]({g + row * count, sums + row, to, count, false, true});
    }
  }
  if (isLog) {
    kernels.binary[kSub]({g, out, out, elements, false, false});
  } else {
    kernels.binary[kMul]({out, y, out, elements, false, false});
  }
}

}  // namespace

template <typename T>
void softmaxGradient(const Kernels<T>& kernels, bool isLog, int64_t rows, int64_t count, const T* y, const T* gradient,
                     T* out, int threads) noexcept {
  if (rows == 0 || count == 0) return;
  const int workers = static_cast<int>(std::clamp<int64_t>(rows * count / kLeastPerThread, 1, threads));
  const int64_t group = std::clamp<int64_t>(kCachedElements / count, 1, kMaxLanes);
  parallelFor(ceilDivide(rows, group), workers, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      for (int64_t row = begin * group; row < std::min(rows, end * group); row += group) {
        const int64_t first = row * count;
        gradientOfRows<T>(kernels, isLog, std::min(group, rows - row), count, y + first, gradient + first, out + first);
      }
    }
  });
}

#define CONV1D_INSTANTIATE(T) \
  template void softmaxGradient<T>(const Kernels<T>&, bool, int64_t, int64_t, const T*, const T*, T*, int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
