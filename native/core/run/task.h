// What the workers of a call share out, and what they compute it from.
#pragma once

#include <cstdint>

namespace conv1d {

// Some panels of one tile.
struct Task {
  int64_t firstItem;
  int64_t items;  // above 1 only in a folded tile
  int64_t group;
  int64_t firstColumn;
  int64_t columns;  // of the kernel's loop, the halos between folded items included
  int64_t firstPanel;
  int64_t endPanel;
};

// A part of the reduction: all taps of some channels, or some taps of one.
struct Block {
  int64_t firstChannel;
  int64_t channels;
  int64_t firstTap;
  int64_t taps;
  bool first;
  bool last;
};

// Taps of a block, counted within it.
struct Taps {
  int64_t begin;
  int64_t end;
};

// What the kernels read: a packed tile, or the input in place.
template <typename T>
struct Source {
  const T* rows;
  int64_t rowStride;
  const int64_t* tapOffsets;
};

}  // namespace conv1d
