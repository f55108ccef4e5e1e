#include "core/backward/fold_padding.h"

#include <algorithm>

#include "core/reduce/fold.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d {

template <typename T>
void foldPadding(const Kernels<T>& kernels, const Geometry& g, const T* padded, T* out, int threads) noexcept {
  const Parameters& p = g.parameters;
  const int64_t whole = p.padLeft + g.length + p.padRight;
  const int64_t rows = g.batch * p.inChannels;
  parallelFor(rows, usefulFoldThreads(rows * whole, threads), [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t row, end; tasks.take(&row, &end);) {
      for (; row < end; row++) {
        const T* const from = padded + row * whole;
        T* const to = out + row * g.length;
        std::copy_n(from + p.padLeft, g.length, to);
        const auto repeat = [&](int64_t first, int64_t last) {
          for (int64_t i = first; i < last; i++) to[sourcePosition(i, g.length, p.mode)] += from[p.padLeft + i];
        };
        repeat(-p.padLeft, 0);
        repeat(g.length, g.length + p.padRight);
        const T zero{0};
        kernels.binary[kAdd]({to, &zero, to, g.length, false, true});
      }
    }
  });
}

template void foldPadding<float>(const Kernels<float>&, const Geometry&, const float*, float*, int) noexcept;
template void foldPadding<double>(const Kernels<double>&, const Geometry&, const double*, double*, int) noexcept;

}  // namespace conv1d
