// What the kernel of real DFTs (kernels/real_dft.h) looks up for one size.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/real_dft_args.h"

namespace conv1d {

template <typename T>
struct RealDftTables {
  std::vector<RealDftPass<T>> passes;
  std::vector<T> twiddles;  // of all passes, which point into it
  std::vector<int32_t> places;

  // For a size that has a fast algorithm (core/fast/dft_size.h). May throw std::bad_alloc.
  explicit RealDftTables(int64_t size);

  RealDftTables(RealDftTables&&) noexcept = default;
  RealDftTables& operator=(RealDftTables&&) noexcept = default;
};

}  // namespace conv1d
