#include "core/backward/channel_gradients.h"

#include <algorithm>

#include "core/backward/gradient_lines.h"
#include "runtime/scratch.h"

namespace conv1d {
namespace {

constexpr int64_t kShort = 16;  // rows below this length lie side by side in the lanes

// The chains of a block, merged as kernels/reductions.h does it.
template <typename T>
T mergeChains(T* chains) noexcept {
  for (int half = kFoldChains / 2; half > 0; half /= 2) {
    for (int j = 0; j < half; j++) chains[j] += chains[j + half];
  }
  return chains[0];
}

// A block of a row in a task; `sums` are (rows, blocks).
template <typename T>
void alongRows(const Kernels<T>& kernels, ChannelGradient function, const ChannelGradientShape& shape,
               const ChannelGradientOperands<T>& operands, T* sums, int threads) noexcept {
  const Lines lines{shape.rows, shape.length};
  const int64_t blocks = lines.blocks();
  forEachTask(lines.count * blocks, threads, [&](int64_t task) {
    const int64_t row = task / blocks;
    const int64_t channel = row % shape.channels;
    const int64_t begin = task % blocks * kFoldBlock;
    const int64_t at = row * shape.length + begin;
    alignas(64) T chains[kFoldChains] = {};
    kernels.channelGradients[function]({operands.gradient + at, operands.x + at,
                                        std::min(kFoldBlock, shape.length - begin), operands.a + channel,
                                        operands.b == nullptr ? nullptr : operands.b + channel, false,
                                        operands.ofX == nullptr ? nullptr : operands.ofX + at, chains});
    sums[task] = mergeChains(chains);
  });
  if (operands.ofA == nullptr) return;
  const StandardFloatMode mode;
  for (int64_t channel = 0; channel < shape.channels; channel++) {
    double sum = 0;
    for (int64_t row = channel; row < shape.rows; row += shape.channels) {
      sum += sumOfBlocks(sums + row * blocks, blocks);
    }
    operands.ofA[channel] = rounded<T>(sum);
  }
}

// Elements of several rows in the lanes, with their parameters beside them; `scratch` has both, then the sums (item
// blocks, columns).
template <typename T>
void acrossRows(const Kernels<T>& kernels, ChannelGradient function, const ChannelGradientShape& shape,
                const ChannelGradientOperands<T>& operands, T* scratch, int threads) noexcept {
  const int64_t columns = shape.channels * shape.length;
  const int64_t batch = shape.rows / shape.channels;
  T* const a = scratch;
  T* const b = a + columns;
  T* const sums = b + columns;
  for (int64_t channel = 0; channel < shape.channels; channel++) {
    std::fill_n(a + channel * shape.length, shape.length, operands.a[channel]);
    std::fill_n(b + channel * shape.length, shape.length, (operands.b == nullptr ? operands.a : operands.b)[channel]);
  }
  const int64_t strips = ceilDivide(columns, kColumnStrip);
  const int64_t blocks = ceilDivide(batch, kColumnRows);
  forEachTask(blocks * strips, threads, [&](int64_t task) {
    const int64_t block = task / strips;
    const int64_t first = task % strips * kColumnStrip;
    const int64_t count = std::min(kColumnStrip, columns - first);
    T* const sum = sums + block * columns + first;
    std::fill_n(sum, count, T{0});
    for (int64_t n = block * kColumnRows; n < std::min(batch, (block + 1) * kColumnRows); n++) {
      const int64_t at = n * columns + first;
      kernels.channelGradients[function]({operands.gradient + at, operands.x + at, count, a + first, b + first, true,
                                          operands.ofX == nullptr ? nullptr : operands.ofX + at, sum});
    }
  });
  if (operands.ofA == nullptr) return;
  const StandardFloatMode mode;
  for (int64_t channel = 0; channel < shape.channels; channel++) {
    double sum = 0;
    for (int64_t block = 0; block < blocks; block++) {
      sum += sumOfBlocks(sums + block * columns + channel * shape.length, shape.length);
    }
    operands.ofA[channel] = rounded<T>(sum);
  }
}

}  // namespace

template <typename T>
Status channelGradients(const Kernels<T>& kernels, ChannelGradient function, const ChannelGradientShape& shape,
                        const ChannelGradientOperands<T>& operands, int threads) noexcept {
  const int workers = gradientThreads(shape.rows * shape.length, threads);
  const bool isAcross = shape.length < kShort;
  const int64_t columns = shape.channels * shape.length;
  const int64_t needed = isAcross ? (2 + ceilDivide(shape.rows / shape.channels, kColumnRows)) * columns
                                  : shape.rows * ceilDivide(shape.length, kFoldBlock);
  const Scratch scratch(1, static_cast<size_t>(needed) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  T* const memory = reinterpret_cast<T*>(scratch.of(0));
  (isAcross ? acrossRows<T> : alongRows<T>)(kernels, function, shape, operands, memory, workers);
  return Status::kOk;
}

template Status channelGradients<float>(const Kernels<float>&, ChannelGradient, const ChannelGradientShape&,
                                        const ChannelGradientOperands<float>&, int) noexcept;
template Status channelGradients<double>(const Kernels<double>&, ChannelGradient, const ChannelGradientShape&,
                                         const ChannelGradientOperands<double>&, int) noexcept;

}  // namespace conv1d
