#include "core/norm/batch_statistics.h"

#include "core/reduce/fold_channels.h"
#include "core/reduce/reduce.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"

namespace conv1d {

template <typename T>
Status batchStatistics(const Kernels<T>& kernels, int64_t batch, int64_t channels, int64_t length, const T* x, T* means,
                       T* variances, int threads) noexcept {
  const ChannelsShape shape{batch, channels, length};
  if (channels == 0) return Status::kOk;
  if (shape.count() == 0) {
    const FoldShape nothing{1, 0, channels};
    reduce<T>(kernels, kReduceMean, nothing, 0, x, means, 1);
    return reduce<T>(kernels, kReduceMean, nothing, 0, x, variances, 1);
  }
  const StandardFloatMode mode;  // counts are rounded as well
  const auto count = static_cast<T>(shape.count());
  const auto divide = [&](T* sums) { kernels.binary[kDiv]({sums, &count, sums, channels, false, true}); };
  const Scratch scratch(1, static_cast<size_t>(foldChannelsScratch(shape)) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  T* const working = reinterpret_cast<T*>(scratch.of(0));
  foldChannels<T>(kernels, kFoldSum, shape, x, nullptr, working, means, threads);
  divide(means);
  foldChannels<T>(kernels, kFoldSquares, shape, x, means, working, variances, threads);
  divide(variances);
  return Status::kOk;
}

template Status batchStatistics<float>(const Kernels<float>&, int64_t, int64_t, int64_t, const float*, float*, float*,
                                       int) noexcept;
template Status batchStatistics<double>(const Kernels<double>&, int64_t, int64_t, int64_t, const double*, double*,
                                        double*, int) noexcept;

}  // namespace conv1d
