#include "core/backward/weight_norm_gradients.h"

#include <algorithm>
#include <cmath>

#include "core/backward/gradient_lines.h"
#include "runtime/scratch.h"

namespace conv1d {
namespace {

struct Sums {
  double squares;
  double products;
};

// Of one block.
template <typename T>
Sums sumsOf(const T* gradient, const T* v, int64_t count) noexcept {
  constexpr int64_t kChains = 8;
  double squares[kChains] = {};
  double products[kChains] = {};
  const auto add = [&](int64_t i, int64_t chain) {
    const auto value = static_cast<double>(v[i]);
    squares[chain] += value * value;
    products[chain] += static_cast<double>(gradient[i]) * value;
  };
  int64_t i = 0;
  for (; i + kChains <= count; i += kChains) {
    for (int64_t j = 0; j < kChains; j++) add(i + j, j);
  }
  for (int64_t j = 0; i + j < count; j++) add(i + j, j);
  for (int64_t half = kChains / 2; half > 0; half /= 2) {
    for (int64_t j = 0; j < half; j++) {
      squares[j] += squares[j + half];
      products[j] += products[j + half];
    }
  }
  return {squares[0], products[0]};
}

}  // namespace

template <typename T>
Status weightNormGradients(const Kernels<T>& kernels, const WeightNormShape& shape, const T* gradient, const T* g,
                           const T* v, T* ofG, T* ofV, int threads) noexcept {
  const Lines lines{shape.before * shape.size, shape.after};
  const int64_t blocks = lines.blocks();
  // The blocks' sums of each line, then those of each norm.
  const Scratch scratch(1, static_cast<size_t>(lines.count * blocks + shape.size) * sizeof(Sums));
  if (!scratch) return Status::kOutOfMemory;
  Sums* const sums = reinterpret_cast<Sums*>(scratch.of(0));
  Sums* const norms = sums + lines.count * blocks;
  const int workers = gradientThreads(lines.count * lines.length, threads);
  const auto forEachBlock = [&](const auto& body) {
    forEachTask(lines.count * blocks, workers, [&](int64_t task) {
      const int64_t begin = task % blocks * kFoldBlock;
      body(task, task / blocks * lines.length + begin, std::min(kFoldBlock, lines.length - begin));
    });
  };
  forEachBlock([&](int64_t task, int64_t at, int64_t count) { sums[task] = sumsOf(gradient + at, v + at, count); });
  {
    const StandardFloatMode mode;
    for (int64_t j = 0; j < shape.size; j++) {
      norms[j] = {0, 0};
      for (int64_t line = j; line < lines.count; line += shape.size) {
        for (int64_t block = line * blocks; block < (line + 1) * blocks; block++) {
          norms[j].squares += sums[block].squares;
          norms[j].products += sums[block].products;
        }
      }
      if (ofG != nullptr) ofG[j] = rounded<T>(norms[j].products / std::sqrt(norms[j].squares));
    }
  }
  if (ofV == nullptr) return Status::kOk;
  forEachBlock([&](int64_t task, int64_t at, int64_t count) {
    const int64_t j = task / blocks % shape.size;
    const double scale = static_cast<double>(g[j]) / std::sqrt(norms[j].squares);
    const T zero = 0;
    const T ofGradient = rounded<T>(scale);
    const T ofDirection = rounded<T>(-scale * norms[j].products / norms[j].squares);
    kernels.normGradient({gradient + at, v + at, count, &zero, &ofGradient, &ofDirection, &zero, false, nullptr,
                          ofV + at, nullptr, nullptr});
  });
  return Status::kOk;
}

template Status weightNormGradients<float>(const Kernels<float>&, const WeightNormShape&, const float*, const float*,
                                           const float*, float*, float*, int) noexcept;
template Status weightNormGradients<double>(const Kernels<double>&, const WeightNormShape&, const double*,
                                            const double*, const double*, double*, double*, int) noexcept;

}  // namespace conv1d
