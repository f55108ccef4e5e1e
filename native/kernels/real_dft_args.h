// The contract between the core and the kernels of windowed real DFTs (real_dft.h has the algorithm, inverse_dft.h the
// way back).
#pragma once

#include <stdint.h>

namespace conv1d {

// One pass: it makes the spectra of `radix * length` samples out of those of `length`.
template <typename T>
struct RealDftPass {
  int64_t radix;   // 2, 3, 4, 5, 7, 8, or a larger prime
  int64_t length;  // odd where the radix is a larger prime
  // cos and sin of 2 pi i j / (radix * length) for i in 1 .. length / 2, for j in 1 .. radix - 1.
  const T* twiddles;
  const T* roots;  // of a larger prime: cos and sin of 2 pi n / radix for n < radix
};

// The DFTs of `columns` frames of `size` samples times a window, and those of their values that some row asks for.
template <typename T>
struct RealDftArgs {
  // Sample k of frame j is frames[j * pitch + k], readable for `columns` rounded up to whole vectors.
  const T* frames;
  int64_t pitch;

  const T* window;  // [size]
  int64_t size;
  const RealDftPass<T>* passes;  // the first one's length is 1
  int64_t passCount;
  const int32_t* places;  // [size]; the first pass reads sample k at value places[k]

  T* work;  // size + 1 vectors for every vector of columns
  T* sums;  // two vectors for each unit of the largest radix, where that is a larger prime

  // Row m is bias[m] + signs[m] * value values[m] of the spectrum: the real part of bin b is value b, its imaginary
  // part value size - b.
  const int32_t* values;
  const T* signs;
  int64_t rows;
  const T* bias;  // or null for zeros
  T* out;         // row m begins at out + m * outStride
  int64_t outStride;
  int64_t columns;  // any number
};

// The frames of `columns` spectra of real samples, times a window. Sample k of a frame is
//
//   window[k] * sum over bins b of factor(b) (re(b) cos(2 pi b k / size) - im(b) sin(2 pi b k / size))
template <typename T>
struct InverseDftArgs {
  // The parts of bin b of column j are re[b * rowStride + j] and im[b * rowStride + j], b = 0 .. size / 2. The
  // imaginary parts of bins 0 and size / 2 have no sine, and are not read.
  const T* re;
  const T* im;
  int64_t rowStride;
  int64_t columns;  // any number
  T factorOfEnds;   // of bins 0 and size / 2
  T halfOfInner;    // half the factor of those between

  const T* window;  // [size]
  int64_t size;
  const RealDftPass<T>* passes;
  int64_t passCount;
  const int32_t* places;

  T* work;  // size + 1 vectors
  T* sums;  // as above

  // Sample k of column j goes to frames[j * pitch + k], for `columns` rounded up to whole vectors; the samples up to
  // the next multiple of 4 are written as well.
  T* frames;
  int64_t pitch;
};

template <typename T>
using RealDftKernel = void (*)(const RealDftArgs<T>&);
template <typename T>
using InverseDftKernel = void (*)(const InverseDftArgs<T>&);

}  // namespace conv1d
