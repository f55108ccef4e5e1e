// How much of spectra is computed at a time, and by how many threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/checked_math.h"
#include "core/spectra/frames.h"

namespace conv1d {

// Frames side by side: as many as the windowed DFT takes of each row, fewer where they are long, so that they and their
// spectra stay in a common second cache.
template <typename T>
int64_t framesOfStrip(const Kernels<T>& kernels, int64_t size) noexcept {
  constexpr int64_t kBytes = 512 << 10;
  const int64_t fitting = kBytes / (size * static_cast<int64_t>(sizeof(T))) / kernels.lanes * kernels.lanes;
  const int64_t widest = roundUp(kernels.blocks.dftRowBytes / static_cast<int64_t>(sizeof(T)), kernels.lanes);
  return std::clamp<int64_t>(fitting, kernels.lanes, widest);
}

inline int usefulSpectraThreads(const FrameShape& shape, int threads) noexcept {
  constexpr double kLeastSamples = 32768;  // of all frames, that are worth a thread (AVX-512: 20 us)
  const double samples =
      static_cast<double>(shape.signals) * static_cast<double>(shape.frames) * static_cast<double>(shape.size);
  return static_cast<int>(std::clamp(samples / kLeastSamples, 1.0, static_cast<double>(threads)));
}

}  // namespace conv1d
