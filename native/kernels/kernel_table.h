// The contract between the core and the kernels: plain structs, no functions (README.md draws the picture).
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace conv1d {

constexpr int kMaxRows = 8;     // MR: output channels a micro-kernel may take
constexpr int kMaxVectors = 8;  // NR / lanes: vectors of output columns a micro-kernel may take
constexpr int kMaxLanes = 16;   // elements in the widest vector

// One MR x NR block of outputs, accumulated over `channels` x `taps` products for each output, in that order.
template <typename T>
struct MicrokernelArgs {
  const T* tile;              // input of channel 0; channel c begins at tile + c * rowStride
  int64_t rowStride;          // elements
  const int64_t* tapOffsets;  // [taps] elements; column j of tap k is tile[c * rowStride + tapOffsets[k] + j]
  const T* panel;             // [channels][taps][MR] weights
  int64_t channels;
  int64_t taps;
  int64_t columns;  // 1 .. NR; nothing beyond is read or written
  const T* bias;    // [MR], or null for zeros; read only when `first`
  T* out;           // row m begins at out + m * outStride
  int64_t outStride;
  bool first;  // the chain starts here: from the bias; otherwise it goes on from `out`
  bool last;   // the chain ends here: -0 becomes +0 and every NaN the same NaN
};

// A row of outputs that depends on one input channel only.
template <typename T>
struct DepthwiseArgs {
  const T* row;               // column j of tap k is row[tapOffsets[k] + j]
  const int64_t* tapOffsets;  // [taps]
  const T* weights;           // [taps]
  int64_t taps;
  int64_t columns;  // any number
  T bias;           // used only when `first`
  T* out;
  bool first;
  bool last;
};

template <typename T>
using Microkernel = void (*)(const MicrokernelArgs<T>&);

template <typename T>
using DepthwiseKernel = void (*)(const DepthwiseArgs<T>&);

// FMAs and nothing else, to measure the peak (fma_probe.h): returns the operations done, writes a vector to `sink`.
template <typename T>
using FmaProbe = int64_t (*)(int64_t iterations, T* sink);

// The kernels of one element type on one ISA, with the block sizes that suit it.
template <typename T>
struct Kernels {
  int lanes;                     // elements in a vector
  int maxRows;                   // the widest panel, <= kMaxRows
  int maxVectors[kMaxRows + 1];  // by rows: the widest strip, in vectors, that the registers hold

  // [rows - 1][vectors - 1]; `full` needs columns == vectors * lanes, `partial` takes fewer in its last vector.
  Microkernel<T> full[kMaxRows][kMaxVectors];
  Microkernel<T> partial[kMaxRows][kMaxVectors];
  DepthwiseKernel<T> depthwise;
  FmaProbe<T> fmaProbe;

  int64_t tileBytes;   // what a packed tile may take: about half of a common L2 cache
  int64_t maxColumns;  // the longest tile, in columns
};

// One implementation, as simdjson lists them: a name, what it needs, what it offers.
struct KernelTable {
  const char* name;
  const char* description;
  bool (*supported)();
  Kernels<float> f32;
  Kernels<double> f64;
};

}  // namespace conv1d
