#include "core/reduce/fold_channels.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/reduce/fold.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

// The blocks of a channel, whose elements lie apart: a block is copied together where it crosses batch items.
template <typename T>
class Channels {
 public:
  Channels(const Kernels<T>& kernels, const ChannelsShape& shape, const T* x) noexcept
      : kernels_(kernels), shape_(shape), x_(x) {}

  // A block of a channel, to a number.
  void fold(FoldFunction function, int64_t channel, int64_t block, T center, T* out) const noexcept {
    alignas(64) T together[kFoldBlock];
    const int64_t begin = block * kFoldBlock;
    const int64_t count = std::min(kFoldBlock, shape_.count() - begin);
    const bool isTogether = begin % shape_.length + count <= shape_.length;
    const T* const from = isTogether ? at(channel, begin) : together;
    if (!isTogether) copy(channel, begin, count, together);
    kernels_.foldRows[function]({from, count, count, 1, &center, 0, nullptr, out});
  }

 private:
  const T* at(int64_t channel, int64_t element) const noexcept {
    return x_ + (element / shape_.length * shape_.channels + channel) * shape_.length + element % shape_.length;
  }
  void copy(int64_t channel, int64_t begin, int64_t count, T* to) const noexcept {
    for (int64_t done = 0; done < count;) {
      const int64_t run = std::min(count - done, shape_.length - (begin + done) % shape_.length);
      std::copy_n(at(channel, begin + done), run, to + done);
      done += run;
    }
  }

  const Kernels<T>& kernels_;
  const ChannelsShape& shape_;
  const T* const x_;
};

}  // namespace

int64_t foldChannelsScratch(const ChannelsShape& shape) noexcept {
  return shape.channels * ceilDivide(shape.count(), kFoldBlock);
}

template <typename T>
void foldChannels(const Kernels<T>& kernels, FoldFunction function, const ChannelsShape& shape, const T* x,
                  const T* centers, T* scratch, T* out, int threads) noexcept {
  const Channels<T> source(kernels, shape, x);
  const int64_t blockCount = ceilDivide(shape.count(), kFoldBlock);
  parallelFor(shape.channels * blockCount, usefulFoldThreads(shape.channels * shape.count(), threads),
              [&](int, TaskRange& tasks) {
                const StandardFloatMode mode;
                for (int64_t task, end; tasks.take(&task, &end);) {
                  for (; task < end; task++) {
                    const int64_t channel = task / blockCount;
                    source.fold(function, channel, task % blockCount, centers == nullptr ? T{0} : centers[channel],
                                scratch + task);
                  }
                }
              });
  const StandardFloatMode mode;
  for (int64_t channel = 0; channel < shape.channels; channel++) {
    T* const from = scratch + channel * blockCount;
    foldBlocks<T>(kernels, function, from, blockCount, 1);
    out[channel] = *from;
  }
}

template <typename T>
Status sumChannels(const Kernels<T>& kernels, const ChannelsShape& shape, const T* x, T* out, int threads) noexcept {
  if (shape.count() == 0) {
    std::fill_n(out, shape.channels, T{0});
    return Status::kOk;
  }
  const Scratch scratch(1, static_cast<size_t>(foldChannelsScratch(shape)) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  foldChannels<T>(kernels, kFoldSum, shape, x, nullptr, reinterpret_cast<T*>(scratch.of(0)), out, threads);
  const StandardFloatMode mode;
  const T zero{0};
  kernels.binary[kAdd]({out, &zero, out, shape.channels, false, true});
  return Status::kOk;
}

#define CONV1D_INSTANTIATE(T)                                                                                      \
  template void foldChannels<T>(const Kernels<T>&, FoldFunction, const ChannelsShape&, const T*, const T*, T*, T*, \
                                int) noexcept;                                                                     \
  template Status sumChannels<T>(const Kernels<T>&, const ChannelsShape&, const T*, T*, int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
