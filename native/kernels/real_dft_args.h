// The contract between the core and the kernel of windowed real DFTs (real_dft.h has the algorithm).
#pragma once

#include <stdint.h>

namespace conv1d {

// One pass: it makes the spectra of `radix * length` samples out of those of `length`.
template <typename T>
struct RealDftPass {
  int64_t radix;  // 2, 3, 4, 5, 7 or 8
  int64_t length;
  // cos and sin of 2 pi i j / (radix * length) for i in 1 .. length / 2, for j in 1 .. radix - 1.
  const T* twiddles;
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

template <typename T>
using RealDftKernel = void (*)(const RealDftArgs<T>&);

}  // namespace conv1d
