#include "core/reduce/softmax.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/reduce/fold.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

constexpr int64_t kLeastPerThread = 16384;  // elements
constexpr int64_t kCachedElements = 32768;  // of the rows that are read three times

// Up to kMaxLanes rows.
template <typename T>
void softmaxOfRows(const Kernels<T>& kernels, bool isLog, int64_t rows, int64_t count, const T* x, T* out) noexcept {
  T most[kMaxLanes];
  T sums[kMaxLanes];
  foldRows<T>(kernels, kFoldMaximum, x, rows, count, nullptr, nullptr, most);
  foldRows<T>(kernels, kExponentials, x, rows, count, most, isLog ? nullptr : out, sums);
  if (isLog) kernels.unary[kLog]({sums, sums, rows, T{0}, T{0}});
  for (int64_t row = 0; row < rows; row++) {
    T* const to = out + row * count;
    if (isLog) {
      kernels.normaliseRow({x + row * count, count, most[row], T{1}, -sums[row], nullptr, nullptr, to});
    } else {
      kernels.binary[kDiv]({to, sums + row, to, count, false, true});
    }
  }
}

}  // namespace

template <typename T>
void softmax(const Kernels<T>& kernels, bool isLog, int64_t rows, int64_t count, const T* x, T* out,
             int threads) noexcept {
  if (rows == 0 || count == 0) return;
  const int workers = static_cast<int>(std::clamp<int64_t>(rows * count / kLeastPerThread, 1, threads));
  const int64_t group = std::clamp<int64_t>(kCachedElements / count, 1, kMaxLanes);
  parallelFor(ceilDivide(rows, group), workers, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      for (int64_t row = begin * group; row < std::min(rows, end * group); row += group) {
        const int64_t first = row * count;
        softmaxOfRows<T>(kernels, isLog, std::min(group, rows - row), count, x + first, out + first);
      }
    }
  });
}

template void softmax<float>(const Kernels<float>&, bool, int64_t, int64_t, const float*, float*, int) noexcept;
template void softmax<double>(const Kernels<double>&, bool, int64_t, int64_t, const double*, double*, int) noexcept;

}  // namespace conv1d
