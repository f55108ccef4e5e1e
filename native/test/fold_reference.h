// The order of every sum, written to be read (core/reduce/fold.h).
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/kernel_table.h"

namespace conv1d::test {

// Blocks of kFoldBlock, 32 chains each, the chains in pairs, the blocks in pairs.
template <typename T, typename Step, typename Merge>
T foldInOrder(const std::vector<T>& values, T identity, const Step& step, const Merge& merge) {
  std::vector<T> blocks;
  const auto count = static_cast<int64_t>(values.size());
  for (int64_t first = 0; first < count; first += kFoldBlock) {
    std::array<T, 32> chains;
    chains.fill(identity);
    for (int64_t i = first; i < std::min(count, first + kFoldBlock); i++) {
      T& chain = chains[static_cast<size_t>(i % 32)];
      chain = step(chain, values[static_cast<size_t>(i)]);
    }
    for (size_t half = 16; half > 0; half /= 2) {
      for (size_t j = 0; j < half; j++) chains[j] = merge(chains[j], chains[j + half]);
    }
    blocks.push_back(chains[0]);
  }
  while (blocks.size() > 1) {
    std::vector<T> pairs;
    for (size_t b = 0; b < blocks.size(); b += 2) {
      pairs.push_back(b + 1 < blocks.size() ? merge(blocks[b], blocks[b + 1]) : blocks[b]);
    }
    blocks = pairs;
  }
  return blocks[0];
}

template <typename T>
T sumInOrder(const std::vector<T>& values) {
  const auto add = [](T a, T b) { return a + b; };
  return foldInOrder<T>(values, T{0}, add, add);
}

template <typename T>
T squaresInOrder(const std::vector<T>& values, T center) {
  const auto step = [&](T chain, T x) { return std::fma(x - center, x - center, chain); };
  return foldInOrder<T>(values, T{0}, step, [](T a, T b) { return a + b; });
}

template <typename T>
T productInOrder(const std::vector<T>& values) {
  const auto multiply = [](T a, T b) { return a * b; };
  return foldInOrder<T>(values, T{1}, multiply, multiply);
}

}  // namespace conv1d::test
