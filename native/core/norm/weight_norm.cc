#include "core/norm/weight_norm.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>

#include "core/checked_math.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

constexpr int64_t kTogether = 8;  // norms whose chains run beside each other: an addition waits for the one before it
constexpr int64_t kPerThread = 32768;  // elements, at least

// `count` norms from `first` on.
template <typename T>
bool foldTogether(const WeightNormShape& shape, int64_t first, int64_t count, const double* g, const T* v,
                  T* w) noexcept {
  double sums[kTogether] = {};
  for (int64_t before = 0; before < shape.before; before++) {
    const T* const line = v + (before * shape.size + first) * shape.after;
    const auto add = [&](int64_t i, int64_t norm) {
      const auto value = static_cast<double>(line[norm * shape.after + i]);
      sums[norm] += value * value;
    };
    for (int64_t i = 0; i < shape.after; i++) {
      if (count == kTogether) {
        for (int64_t norm = 0; norm < kTogether; norm++) add(i, norm);
      } else {
        for (int64_t norm = 0; norm < count; norm++) add(i, norm);
      }
    }
  }
  bool hasChanged = false;
  for (int64_t norm = 0; norm < count; norm++) {
    const double scale = g[first + norm] / std::sqrt(sums[norm]);
    for (int64_t before = 0; before < shape.before; before++) {
      const int64_t begin = (before * shape.size + first + norm) * shape.after;
      for (int64_t i = begin; i < begin + shape.after; i++) {
        const T value = static_cast<T>(static_cast<double>(v[i]) * scale);
        hasChanged |= std::memcmp(&value, w + i, sizeof(T)) != 0;
        w[i] = value;
      }
    }
  }
  return hasChanged;
}

}  // namespace

template <typename T>
bool foldWeightNorm(const WeightNormShape& shape, const double* g, const T* v, T* w, int threads) noexcept {
  const int64_t elements = shape.before * shape.size * shape.after;
  const int workers = static_cast<int>(std::clamp<int64_t>(elements / kPerThread, 1, threads));
  std::atomic<bool> hasChanged{false};
  parallelFor(ceilDivide(shape.size, kTogether), workers, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      for (int64_t task = begin; task < end; task++) {
        const int64_t first = task * kTogether;
        if (foldTogether(shape, first, std::min(kTogether, shape.size - first), g, v, w)) hasChanged = true;
      }
    }
  });
  return hasChanged;
}

template bool foldWeightNorm<float>(const WeightNormShape&, const double*, const float*, float*, int) noexcept;
template bool foldWeightNorm<double>(const WeightNormShape&, const double*, const double*, double*, int) noexcept;

}  // namespace conv1d
