// Signals as frames of `size` samples that begin `hop` apart, and their spectra: the short-time Fourier transform, and
// the way back. Signals are (signals, length); spectra are (signals, 2, bins, frames), real parts before imaginary
// parts, with the bins 0 .. size / 2.
#pragma once

#include <cstdint>

#include "core/spectra/dft_tables.h"
#include "core/status.h"
#include "kernels/kernel_table.h"

namespace conv1d {

struct FrameShape {
  int64_t signals;
  int64_t length;
  int64_t frames;
  int64_t size;
  int64_t hop;

  int64_t bins() const noexcept { return size / 2 + 1; }
};

// Factors of bins: of 0 and size / 2, which are real, and of those between.
struct BinFactors {
  double ends;
  double inner;
};

// spectra = factor * DFT(window * frame). The frames lie in the signals: (frames - 1) * hop + size <= length. Fails
// with kOutOfMemory. The bits depend on nothing but a frame, whatever is computed beside it.
template <typename T>
Status spectraOfFrames(const Kernels<T>& kernels, const DftTables<T>& tables, const FrameShape& shape,
                       const BinFactors& factors, const T* x, const T* window, T* spectra, int threads) noexcept;

struct OverlapAdd {
  BinFactors factors;
  int64_t first;          // the sample at which the results begin, of those that frames make
  bool dividesByWindows;  // ... by the sum of the squares of all windows at a sample
};

// The transposed operation: x[i] = sum over frames t of frame(t)[first + i - t * hop], in the order of the frames, with
//
//   frame(t)[k] = window[k] * sum over bins b of factor(b) (re(b) cos(2 pi b k / size) - im(b) sin(2 pi b k / size))
//
// Behind the last frame there are zeros. Fails with kOutOfMemory.
template <typename T>
Status overlapAddFrames(const Kernels<T>& kernels, const DftTables<T>& tables, const FrameShape& shape,
                        const OverlapAdd& how, const T* spectra, const T* window, T* x, int threads) noexcept;

}  // namespace conv1d
