#include "core/spectra/frames.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/spectra/strips.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

// Computes strips of frames, which are counted from the first signal to the last. A strip of one signal is read and
// written in place; the frames of several are gathered, and their spectra spread, so that short signals fill vectors.
template <typename T>
class StripWorker {
 public:
  StripWorker(const Kernels<T>& kernels, const DftTables<T>& tables, const FrameShape& shape, const T* x,
              const T* window, const T* factors, T* spectra, T* scratch) noexcept
      : lanes_(kernels.lanes),
        realDft_(kernels.realDft),
        width_(framesOfStrip(kernels, shape.size)),
        shape_(shape),
        x_(x),
        spectra_(spectra) {
    args_.window = window;
    args_.size = shape.size;
    args_.passes = tables.dft.passes.data();
    args_.passCount = static_cast<int64_t>(tables.dft.passes.size());
    args_.places = tables.dft.places.data();
    args_.work = scratch;
    args_.sums = args_.work + (shape.size + 1) * width_;
    args_.values = tables.values.data();
    args_.signs = factors;
    args_.rows = static_cast<int64_t>(tables.values.size());
    frames_ = args_.sums + tables.sums * lanes_;
    rows_ = frames_ + shape.size * width_;
  }

  static int64_t scratch(const Kernels<T>& kernels, const DftTables<T>& tables) noexcept {
    const int64_t rows = static_cast<int64_t>(tables.values.size());
    return (2 * tables.size + 1 + rows) * framesOfStrip(kernels, tables.size) + tables.sums * kernels.lanes;
  }

  void run(int64_t strip) noexcept {
    const int64_t first = strip * width_;
    args_.columns = std::min(width_, shape_.signals * shape_.frames - first);
    const int64_t signal = first / shape_.frames;
    if (signal == (first + args_.columns - 1) / shape_.frames) {
      transformOne(signal, first % shape_.frames);
    } else {
      transformSeveral(first);
    }
  }

 private:
  void transformOne(int64_t signal, int64_t frame) noexcept {
    const T* const from = x_ + signal * shape_.length + frame * shape_.hop;
    const int64_t whole = roundUp(args_.columns, lanes_);
    const int64_t left = (shape_.signals - signal) * shape_.length - frame * shape_.hop;
    args_.frames = from;
    args_.pitch = shape_.hop;
    if (whole > args_.columns && (whole - 1) * shape_.hop + shape_.size > left) {
      // The vectors' last frames lie behind all signals. Those that overlap are copied as one stretch.
      args_.pitch = std::min(shape_.hop, shape_.size);
      args_.frames = frames_;
      for (int64_t j = 0; j < args_.columns; j++) copyFrame(from + j * shape_.hop, frames_ + j * args_.pitch);
      clearBehind(args_.columns, args_.pitch);
    }
    args_.out = spectra_ + signal * args_.rows * shape_.frames + frame;
    args_.outStride = shape_.frames;
    transform();
  }

  void transformSeveral(int64_t first) noexcept {
    args_.frames = frames_;
    args_.pitch = shape_.size;
    for (int64_t j = 0; j < args_.columns; j++) {
      const int64_t signal = (first + j) / shape_.frames;
      const int64_t frame = (first + j) % shape_.frames;
      copyFrame(x_ + signal * shape_.length + frame * shape_.hop, frames_ + j * shape_.size);
    }
    clearBehind(args_.columns, shape_.size);
    args_.out = rows_;
    args_.outStride = width_;
    transform();
    for (int64_t j = 0; j < args_.columns;) {
      const int64_t frame = (first + j) % shape_.frames;
      const int64_t count = std::min(args_.columns - j, shape_.frames - frame);
      T* const to = spectra_ + (first + j) / shape_.frames * args_.rows * shape_.frames + frame;
      for (int64_t row = 0; row < args_.rows; row++) {
        std::copy_n(rows_ + row * width_ + j, count, to + row * shape_.frames);
      }
      j += count;
    }
  }

  void transform() noexcept {
    realDft_(args_);
    // The imaginary parts of real bins: the kernel's product with zero is none of an infinite or missing sample.
    const int64_t bins = shape_.bins();
    std::fill_n(args_.out + bins * args_.outStride, args_.columns, T{0});
    if (shape_.size % 2 == 0) std::fill_n(args_.out + (2 * bins - 1) * args_.outStride, args_.columns, T{0});
  }

  void copyFrame(const T* from, T* to) const noexcept { std::copy_n(from, shape_.size, to); }

  void clearBehind(int64_t frames, int64_t pitch) noexcept {
    const int64_t whole = roundUp(frames, lanes_);
    const int64_t end = (whole - 1) * pitch + shape_.size;
    std::fill(frames_ + std::min((frames - 1) * pitch + shape_.size, end), frames_ + end, T{0});
  }

  const int64_t lanes_;
  const RealDftKernel<T> realDft_;
  const int64_t width_;
  const FrameShape& shape_;
  const T* const x_;
  T* const spectra_;
  T* frames_;  // copies of frames
  T* rows_;    // spectra of several signals
  RealDftArgs<T> args_{};
};

}  // namespace

template <typename T>
Status spectraOfFrames(const Kernels<T>& kernels, const DftTables<T>& tables, const FrameShape& shape,
                       const BinFactors& factors, const T* x, const T* window, T* spectra, int threads) noexcept {
  const int64_t frames = shape.signals * shape.frames;
  if (frames == 0) return Status::kOk;
  const int64_t strips = ceilDivide(frames, framesOfStrip(kernels, shape.size));
  const int workers = static_cast<int>(std::min<int64_t>(strips, usefulSpectraThreads(shape, threads)));
  const Scratch ofRows(1, tables.values.size() * sizeof(T));
  const Scratch scratch(workers, static_cast<size_t>(StripWorker<T>::scratch(kernels, tables)) * sizeof(T));
  if (!ofRows || !scratch) return Status::kOutOfMemory;
  const StandardFloatMode mode;
  T* const rowFactors = reinterpret_cast<T*>(ofRows.of(0));
  const int64_t bins = shape.bins();
  for (int64_t bin = 0; bin < bins; bin++) {
    const bool isEnd = bin == 0 || 2 * bin == shape.size;
    rowFactors[bin] = static_cast<T>(isEnd ? factors.ends : factors.inner);
    rowFactors[bins + bin] = isEnd ? T{0} : rowFactors[bin];
  }
  parallelFor(strips, workers, [&](int worker, TaskRange& tasks) {
    const StandardFloatMode ownMode;
    StripWorker<T> own(kernels, tables, shape, x, window, rowFactors, spectra,
                       reinterpret_cast<T*>(scratch.of(worker)));
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end; task++) own.run(task);
    }
  });
  return Status::kOk;
}

template Status spectraOfFrames<float>(const Kernels<float>&, const DftTables<float>&, const FrameShape&,
                                       const BinFactors&, const float*, const float*, float*, int) noexcept;
template Status spectraOfFrames<double>(const Kernels<double>&, const DftTables<double>&, const FrameShape&,
                                        const BinFactors&, const double*, const double*, double*, int) noexcept;

}  // namespace conv1d
