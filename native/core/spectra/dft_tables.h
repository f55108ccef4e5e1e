// What spectra of frames of one size look up, made once for all who need it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/fast/dft_size.h"
#include "core/fast/real_dft_tables.h"

namespace conv1d {

template <typename T>
struct DftTables {
  int64_t size;
  RealDftTables<T> dft;
  std::vector<int32_t>
      values;    // of the real parts of all bins, then of their imaginary parts (kernels/real_dft_args.h)
  int64_t sums;  // vectors that the passes of large primes need

  explicit DftTables(int64_t size);
  int64_t bins() const noexcept { return size / 2 + 1; }
};

// For a size from 1 to kMostDftSamples. Those of the sizes in use are kept. May throw std::bad_alloc.
template <typename T>
std::shared_ptr<const DftTables<T>> dftTables(int64_t size);

}  // namespace conv1d
