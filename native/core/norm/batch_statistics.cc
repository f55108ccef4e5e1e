#include "core/norm/batch_statistics.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/reduce/fold.h"
#include "core/reduce/reduce.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

// The blocks of a channel, whose elements lie apart: a block is copied together where it crosses batch items.
template <typename T>
class Channels {
 public:
  Channels(const Kernels<T>& kernels, int64_t batch, int64_t channels, int64_t length, const T* x) noexcept
      : kernels_(kernels), channels_(channels), length_(length), count_(batch * length), x_(x) {}

  int64_t blockCount() const noexcept { return ceilDivide(count_, kFoldBlock); }

  // Blocks [first, end) of a channel, to a number each.
  void fold(FoldFunction function, int64_t channel, int64_t first, int64_t end, T center, T* blocks) const noexcept {
    alignas(64) T together[kFoldBlock];
    for (int64_t block = first; block < end; block++) {
      const int64_t begin = block * kFoldBlock;
      const int64_t count = std::min(kFoldBlock, count_ - begin);
      const bool isTogether = begin % length_ + count <= length_;
      const T* const from = isTogether ? at(channel, begin) : together;
      if (!isTogether) copy(channel, begin, count, together);
      kernels_.foldRows[function]({from, count, count, 1, &center, 0, nullptr, blocks + block});
    }
  }

 private:
  const T* at(int64_t channel, int64_t element) const noexcept {
    return x_ + (element / length_ * channels_ + channel) * length_ + element % length_;
  }
  void copy(int64_t channel, int64_t begin, int64_t count, T* to) const noexcept {
    for (int64_t done = 0; done < count;) {
      const int64_t run = std::min(count - done, length_ - (begin + done) % length_);
      std::copy_n(at(channel, begin + done), run, to + done);
      done += run;
    }
  }

  const Kernels<T>& kernels_;
  const int64_t channels_;
  const int64_t length_;
  const int64_t count_;
  const T* const x_;
};

// One pass over all blocks of all channels: results, a number for each channel, over the count.
template <typename T>
void pass(const Kernels<T>& kernels, const Channels<T>& source, FoldFunction function, int64_t channels, T count,
          const T* centers, T* blocks, T* results, int threads) noexcept {
  const int64_t blockCount = source.blockCount();
  parallelFor(channels * blockCount, threads, [&](int, TaskRange& tasks) {
    const StandardFloatMode workerMode;
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      for (int64_t task = begin; task < end; task++) {
        const int64_t channel = task / blockCount;
        const int64_t block = task % blockCount;
        source.fold(function, channel, block, block + 1, centers == nullptr ? T{0} : centers[channel],
                    blocks + channel * blockCount);
      }
    }
  });
  for (int64_t channel = 0; channel < channels; channel++) {
    T* const from = blocks + channel * blockCount;
    foldBlocks<T>(kernels, function, from, blockCount, 1);
    results[channel] = *from;
  }
  kernels.binary[kDiv]({results, &count, results, channels, false, true});
}

}  // namespace

template <typename T>
Status batchStatistics(const Kernels<T>& kernels, int64_t batch, int64_t channels, int64_t length, const T* x, T* means,
                       T* variances, int threads) noexcept {
  const int64_t count = batch * length;
  if (channels == 0) return Status::kOk;
  if (count == 0) {
    const FoldShape nothing{1, 0, channels};
    reduce<T>(kernels, kReduceMean, nothing, 0, x, means, 1);
    return reduce<T>(kernels, kReduceMean, nothing, 0, x, variances, 1);
  }
  const StandardFloatMode mode;  // counts are rounded as well
  const Channels<T> source(kernels, batch, channels, length, x);
  const Scratch scratch(1, static_cast<size_t>(channels * source.blockCount()) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  T* const blocks = reinterpret_cast<T*>(scratch.of(0));
  const int workers = usefulFoldThreads(channels * count, threads);
  pass<T>(kernels, source, kFoldSum, channels, static_cast<T>(count), nullptr, blocks, means, workers);
  pass<T>(kernels, source, kFoldSquares, channels, static_cast<T>(count), means, blocks, variances, workers);
  return Status::kOk;
}

template Status batchStatistics<float>(const Kernels<float>&, int64_t, int64_t, int64_t, const float*, float*, float*,
                                       int) noexcept;
template Status batchStatistics<double>(const Kernels<double>&, int64_t, int64_t, int64_t, const double*, double*,
                                        double*, int) noexcept;

}  // namespace conv1d
