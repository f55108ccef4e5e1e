// The sizes of DFTs that have a fast algorithm, and the radices of their passes.
#pragma once

#include <array>
#include <cstdint>

namespace conv1d {

// Below it the direct sum is about as fast (60 samples, every bin: 0.28 of its time on AVX-512; 32: 0.33).
constexpr int64_t kSmallestDft = 32;
// Spectra of a strip of columns have to stay in a common second cache.
constexpr int64_t kLargestDft = 4096;

// The largest size there are tables for: a turn may be cut into no more parts (core/fast/unit_circle.h).
constexpr int64_t kMostDftSamples = int64_t{1} << 22;

constexpr int kMostDftPasses = 16;  // 3^13 is below 2^22

struct DftRadices {
  std::array<int64_t, kMostDftPasses> radix{};
  int count = 0;  // 0: no such size
};

// In the order of the passes, for a size within the bounds whose prime factors are 2, 3, 5 and 7. Odd ones first: then
// few of the spectra have a bin in their middle, which costs twice. 8 wherever possible: 512 as 8 * 8 * 8 takes 0.87 of
// the time of 2 * 4 * 4 * 4 * 4.
DftRadices dftRadices(int64_t size) noexcept;

// Of any size from 1 to kMostDftSamples, whose larger prime factors are radices as well, the first ones: a pass of p
// takes as long as p / 4 others.
DftRadices allDftRadices(int64_t size) noexcept;

}  // namespace conv1d
