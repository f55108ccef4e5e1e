#include "core/backward/upsample_gradient.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/upsample/sources.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

// Elements that are worth a thread.
constexpr double kLeastWork = 32768;

// Rows that share what is known of their sources.
constexpr int64_t kRows = 16;

// find(begin, count) gives the sources of a stretch; add(sources, count, g, to) adds the parts of a row.
template <typename T, typename Find, typename Add>
Status forEachStretch(const Kernels<T>& kernels, const UpsampleShape& shape, const T* gradient, T* out, int threads,
                      const Find& find, const Add& add) noexcept {
  if (!isValid(shape)) return Status::kInvalidArgument;
  const double work = static_cast<double>(shape.rows) * static_cast<double>(shape.outLength + shape.length);
  const auto workers = static_cast<int>(std::clamp(work / kLeastWork, 1.0, static_cast<double>(threads)));
  parallelFor(ceilDivide(shape.rows, kRows), workers, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end; task++) {
        const int64_t firstRow = task * kRows;
        const int64_t lastRow = std::min(shape.rows, firstRow + kRows);
        T* const to = out + firstRow * shape.length;
        const int64_t elements = (lastRow - firstRow) * shape.length;
        std::fill_n(to, elements, T{0});
        for (int64_t begin = 0; begin < shape.outLength; begin += kSourcesAtOnce) {
          const int64_t count = std::min(kSourcesAtOnce, shape.outLength - begin);
          const auto sources = find(begin, count);
          for (int64_t row = firstRow; row < lastRow; row++) {
            add(sources, count, gradient + row * shape.outLength + begin, out + row * shape.length);
          }
        }
        const T zero{0};
        kernels.binary[kAdd]({to, &zero, to, elements, false, true});  // as chains end
      }
    }
  });
  return Status::kOk;
}

struct Nearest {
  int64_t source[kSourcesAtOnce];
};

}  // namespace

template <typename T>
Status upsampleNearestGradient(const Kernels<T>& kernels, const UpsampleShape& shape, const T* gradient, T* out,
                               int threads) noexcept {
  return forEachStretch(
      kernels, shape, gradient, out, threads,
      [&](int64_t begin, int64_t count) {
        Nearest nearest;
        findNearest<T>(shape, begin, count, nearest.source);
        return nearest;
      },
      [](const Nearest& nearest, int64_t count, const T* g, T* to) {
        for (int64_t i = 0; i < count; i++) to[nearest.source[i]] += g[i];
      });
}

template <typename T>
Status upsampleLinearGradient(const Kernels<T>& kernels, const UpsampleShape& shape, bool alignCorners,
                              const T* gradient, T* out, int threads) noexcept {
  if (isValid(shape) && shape.length == shape.outLength) {  // whatever the scale is
    std::copy_n(gradient, shape.rows * shape.length, out);
    return Status::kOk;
  }
  return forEachStretch(
      kernels, shape, gradient, out, threads,
      [&](int64_t begin, int64_t count) {
        Sources<T> sources;
        findSources(shape, alignCorners, begin, count, &sources);
        return sources;
      },
      [&](const Sources<T>& sources, int64_t count, const T* g, T* to) {
        for (int64_t i = 0; i < count; i++) {
          const int64_t left = sources.left[i];
          to[left] += sources.leftWeight[i] * g[i];
          to[std::min(left + 1, shape.length - 1)] += sources.rightWeight[i] * g[i];
        }
      });
}

#define CONV1D_INSTANTIATE(T)                                                                                      \
  template Status upsampleNearestGradient<T>(const Kernels<T>&, const UpsampleShape&, const T*, T*, int) noexcept; \
  template Status upsampleLinearGradient<T>(const Kernels<T>&, const UpsampleShape&, bool, const T*, T*, int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
