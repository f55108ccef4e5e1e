// Cosines and sines of fractions of a turn, the same bits on every machine: those of C libraries differ in the last
// one.
#pragma once

#include <cstdint>
#include <vector>

namespace conv1d {

struct UnitPoint {
  double cos;
  double sin;
};

// The largest number of parts a turn may be cut into.
constexpr int64_t kMostParts = int64_t{1} << 24;

// cos and sin of 2 pi part / parts, each less than an ulp off, and exact where they are 0, 1 or -1.
// 0 <= part < parts <= kMostParts.
UnitPoint unitPoint(int64_t part, int64_t parts) noexcept;

// All of them, part by part. May throw std::bad_alloc.
std::vector<UnitPoint> unitCircle(int64_t parts);

}  // namespace conv1d
