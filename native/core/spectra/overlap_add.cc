#include <algorithm>

#include "core/checked_math.h"
#include "core/finished.h"
#include "core/spectra/frames.h"
#include "core/spectra/strips.h"
#include "core/spectra/window_sums.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

// A stretch of the results of one signal.
struct Stretch {
  int64_t signal;
  int64_t begin;
  int64_t end;
};

template <typename T>
class AddWorker {
 public:
  AddWorker(const Kernels<T>& kernels, const DftTables<T>& tables, const FrameShape& shape, const OverlapAdd& how,
            const T* spectra, const T* window, T* x, T* scratch) noexcept
      : inverseDft_(kernels.inverseDft),
        width_(framesOfStrip(kernels, shape.size)),
        pitch_(pitchOf(kernels, shape.size)),
        shape_(shape),
        how_(how),
        spectra_(spectra),
        x_(x),
        rows_(scratch),
        sums_(shape, window, rows_ + 2 * shape.bins() * width_) {
    T* const work = rows_ + 2 * shape.bins() * width_ + WindowSums<T>::scratch(shape);
    args_.factorOfEnds = static_cast<T>(how.factors.ends);
    args_.halfOfInner = static_cast<T>(how.factors.inner / 2);
    args_.window = window;
    args_.size = shape.size;
    args_.passes = tables.dft.passes.data();
    args_.passCount = static_cast<int64_t>(tables.dft.passes.size());
    args_.places = tables.dft.places.data();
    args_.work = work;
    args_.sums = work + (shape.size + 1) * kernels.lanes;
    args_.frames = args_.sums + tables.sums * kernels.lanes;
    args_.pitch = pitch_;
  }

  static int64_t scratch(const Kernels<T>& kernels, const DftTables<T>& tables, const FrameShape& shape) noexcept {
    const int64_t width = framesOfStrip(kernels, shape.size);
    return 2 * shape.bins() * width + WindowSums<T>::scratch(shape) + (shape.size + 1 + tables.sums) * kernels.lanes +
           pitchOf(kernels, shape.size) * width;
  }

  // The frames that it needs are computed strip by strip, and added.
  void run(const Stretch& stretch) noexcept {
    const int64_t begin = stretch.begin + how_.first;
    const int64_t end = stretch.end + how_.first;
    T* const out = outOf(stretch.signal);
    std::fill(out + stretch.begin, out + stretch.end, T{0});
    const int64_t earliest = begin < shape_.size ? 0 : (begin - shape_.size) / shape_.hop + 1;
    const int64_t last = std::min(shape_.frames, (end - 1) / shape_.hop + 1);
    const int64_t first = std::min(earliest, last);
    args_.re = spectraOf(stretch.signal) + first;
    args_.im = args_.re + shape_.bins() * shape_.frames;
    args_.rowStride = shape_.frames;
    for (int64_t frame = first; frame < last; frame += width_) {
      args_.columns = std::min(width_, last - frame);
      inverseDft_(args_);
      add(stretch, frame, args_.frames);
      args_.re += width_;
      args_.im += width_;
    }
    finish(stretch);
  }

  // Whole signals of so few frames that several fill a strip.
  void runSeveral(int64_t firstSignal, int64_t signals) noexcept {
    const int64_t rows = 2 * shape_.bins();
    for (int64_t signal = 0; signal < signals; signal++) {
      const T* const from = spectraOf(firstSignal + signal);
      for (int64_t row = 0; row < rows; row++) {
        std::copy_n(from + row * shape_.frames, shape_.frames, rows_ + row * width_ + signal * shape_.frames);
      }
    }
    args_.re = rows_;
    args_.im = rows_ + shape_.bins() * width_;
    args_.rowStride = width_;
    args_.columns = signals * shape_.frames;
    inverseDft_(args_);
    for (int64_t signal = 0; signal < signals; signal++) {
      const Stretch whole = {firstSignal + signal, 0, shape_.length};
      std::fill_n(outOf(whole.signal), shape_.length, T{0});
      args_.columns = shape_.frames;
      add(whole, 0, args_.frames + signal * shape_.frames * pitch_);
      finish(whole);
    }
  }

 private:
  // The kernel writes whole vectors.
  static int64_t pitchOf(const Kernels<T>& kernels, int64_t size) noexcept { return roundUp(size, kernels.lanes); }

  const T* spectraOf(int64_t signal) const noexcept { return spectra_ + signal * 2 * shape_.bins() * shape_.frames; }
  T* outOf(int64_t signal) const noexcept { return x_ + signal * shape_.length; }

  void add(const Stretch& stretch, int64_t firstFrame, const T* frames) const noexcept {
    T* const out = outOf(stretch.signal);
    for (int64_t j = 0; j < args_.columns; j++, frames += pitch_) {
      const int64_t at = (firstFrame + j) * shape_.hop - how_.first;
      const int64_t begin = std::max(at, stretch.begin);
      const int64_t end = std::min(at + shape_.size, stretch.end);
      for (int64_t i = begin; i < end; i++) out[i] += frames[i - at];
    }
  }

  void finish(const Stretch& stretch) const noexcept {
    T* const out = outOf(stretch.signal);
    const int64_t made = (shape_.frames - 1) * shape_.hop + shape_.size - how_.first;
    const int64_t divided = how_.dividesByWindows ? std::clamp(made, stretch.begin, stretch.end) : stretch.begin;
    sums_.divide(stretch.begin + how_.first, divided + how_.first, out + stretch.begin);
    for (int64_t i = divided; i < stretch.end; i++) out[i] = finished(out[i]);
  }

  const InverseDftKernel<T> inverseDft_;
  const int64_t width_;
  const int64_t pitch_;
  const FrameShape& shape_;
  const OverlapAdd& how_;
  const T* const spectra_;
  T* const x_;
  T* const rows_;  // spectra of several signals side by side
  const WindowSums<T> sums_;
  InverseDftArgs<T> args_{};
};

// Results of a task: of frames on its edge each neighbour computes its own.
int64_t stretchOf(const FrameShape& shape, int workers) noexcept {
  constexpr int64_t kLeastFrames = 8;  // as long as so many
  if (workers == 1) return shape.length;
  const int64_t share = ceilDivide(shape.signals * shape.length, int64_t{2} * workers);
  return std::min(shape.length, std::max(share, kLeastFrames * shape.size));
}

}  // namespace

template <typename T>
Status overlapAddFrames(const Kernels<T>& kernels, const DftTables<T>& tables, const FrameShape& shape,
                        const OverlapAdd& how, const T* spectra, const T* window, T* x, int threads) noexcept {
  if (shape.signals == 0 || shape.length == 0) return Status::kOk;
  if (shape.frames == 0) {
    std::fill_n(x, shape.signals * shape.length, T{0});
    return Status::kOk;
  }
  const int useful = usefulSpectraThreads(shape, threads);
  const int64_t together = framesOfStrip(kernels, shape.size) / shape.frames;
  const int64_t stretch = stretchOf(shape, useful);
  const int64_t stretches = ceilDivide(shape.length, stretch);
  const bool isShort = together > 1 && shape.signals > 1;
  const int64_t tasks = isShort ? ceilDivide(shape.signals, together) : shape.signals * stretches;
  const int workers = static_cast<int>(std::min<int64_t>(tasks, useful));
  const Scratch scratch(workers, static_cast<size_t>(AddWorker<T>::scratch(kernels, tables, shape)) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  parallelFor(tasks, workers, [&](int worker, TaskRange& range) {
    const StandardFloatMode mode;
    AddWorker<T> own(kernels, tables, shape, how, spectra, window, x, reinterpret_cast<T*>(scratch.of(worker)));
    for (int64_t task, end; range.take(&task, &end);) {
      for (; task < end; task++) {
        if (isShort) {
          const int64_t first = task * together;
          own.runSeveral(first, std::min(together, shape.signals - first));
        } else {
          const int64_t begin = task % stretches * stretch;
          own.run({task / stretches, begin, std::min(shape.length, begin + stretch)});
        }
      }
    }
  });
  return Status::kOk;
}

template Status overlapAddFrames<float>(const Kernels<float>&, const DftTables<float>&, const FrameShape&,
                                        const OverlapAdd&, const float*, const float*, float*, int) noexcept;
template Status overlapAddFrames<double>(const Kernels<double>&, const DftTables<double>&, const FrameShape&,
                                         const OverlapAdd&, const double*, const double*, double*, int) noexcept;

}  // namespace conv1d
