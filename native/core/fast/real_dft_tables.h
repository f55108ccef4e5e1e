// What the kernel of real DFTs (kernels/real_dft.h) looks up for one size.
#pragma once

#include <cstdint>
#include <vector>

#include "core/fast/dft_size.h"
#include "kernels/real_dft_args.h"

namespace conv1d {

template <typename T>
struct RealDftTables {
  std::vector<RealDftPass<T>> passes;
  std::vector<T> twiddles;  // of all passes, which point into it
  std::vector<T> roots;     // of the passes whose radix is a prime above 7
  std::vector<int32_t> places;

  // May throw std::bad_alloc.
  RealDftTables(int64_t size, const DftRadices& radices);

  RealDftTables(RealDftTables&&) noexcept = default;
  RealDftTables& operator=(RealDftTables&&) noexcept = default;
};

}  // namespace conv1d
