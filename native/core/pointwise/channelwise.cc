#include "core/pointwise/channelwise.h"

#include <algorithm>

#include "core/pointwise/broadcast.h"

namespace conv1d {
namespace {

// Rows below this many elements leave vectors mostly empty, and a call for each costs more than its work.
constexpr int64_t kShortRow = 16;

// What is spread out at a time: parameters for as many elements, in the first cache beside the data.
constexpr int64_t kSpread = 1024;

constexpr UnaryFunction kUnaryOf[kChannelFunctions] = {kAffine, kSnake, kLeakyRelu};

// A call of the kernel for each row, or for its part in a block.
template <typename T>
void alongRows(const Kernels<T>& kernels, ChannelFunction function, const ChannelArgs<T>& args, int threads) noexcept {
  const auto kernel = kernels.unary[kUnaryOf[function]];
  forEachBlock(args.rows * args.length, threads, [&](int64_t first, int64_t elements) {
    const int64_t end = first + elements;
    for (int64_t at = first; at < end;) {
      const int64_t row = at / args.length;
      const int64_t channel = row % args.channels;
      const int64_t count = std::min(end, (row + 1) * args.length) - at;
      kernel({args.x + at, args.out + at, count, args.a[channel], args.b == nullptr ? T{0} : args.b[channel]});
      at += count;
    }
  });
}

// Parameters of some neighbouring channels, each as often as a row has elements.
template <typename T>
class Spread {
 public:
  Spread(const ChannelArgs<T>& args, int64_t firstChannel, int64_t channels) noexcept {
    const T* const b = args.b == nullptr ? args.a : args.b;
    if (args.length == 1) {
      a_ = args.a + firstChannel;
      b_ = b + firstChannel;
      return;
    }
    for (int64_t channel = 0; channel < channels; channel++) {
      std::fill_n(values_[0] + channel * args.length, args.length, args.a[firstChannel + channel]);
      std::fill_n(values_[1] + channel * args.length, args.length, b[firstChannel + channel]);
    }
  }

  const T* a() const noexcept { return a_; }
  const T* b() const noexcept { return b_; }

 private:
  T values_[2][kSpread];
  const T* a_ = values_[0];
  const T* b_ = values_[1];
};

// Elements of several rows in the lanes, with their parameters beside them: a task is one block of channels in one
// stretch of the batch, for which parameters are spread out once.
template <typename T>
void acrossRows(const Kernels<T>& kernels, ChannelFunction function, const ChannelArgs<T>& args, int threads) noexcept {
  const auto kernel = kernels.lanewise[function];
  const int64_t batch = args.rows / args.channels;
  const int64_t channelsAtOnce = kSpread / args.length;
  const int64_t blocks = ceilDivide(args.channels, channelsAtOnce);
  const int64_t itemsAtOnce = std::max<int64_t>(1, kBlock / (std::min(args.channels, channelsAtOnce) * args.length));
  const auto workers = static_cast<int>(std::clamp<int64_t>(args.rows * args.length / kLeastPerThread, 1, threads));
  parallelFor(blocks * ceilDivide(batch, itemsAtOnce), workers, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end; task++) {
        const int64_t channel = task % blocks * channelsAtOnce;
        const int64_t channels = std::min(channelsAtOnce, args.channels - channel);
        const int64_t item = task / blocks * itemsAtOnce;
        const Spread<T> spread(args, channel, channels);
        for (int64_t n = item; n < std::min(batch, item + itemsAtOnce); n++) {
          const int64_t at = (n * args.channels + channel) * args.length;
          kernel({args.x + at, spread.a(), spread.b(), args.out + at, channels * args.length});
        }
      }
    }
  });
}

}  // namespace

template <typename T>
void applyChannelwise(const Kernels<T>& kernels, ChannelFunction function, const ChannelArgs<T>& args,
                      int threads) noexcept {
  if (args.rows == 0 || args.length == 0) return;
  if (args.channels == 1) {
    alongRows(kernels, function, {args.x, args.a, args.b, args.out, 1, 1, args.rows * args.length}, threads);
  } else if (args.length >= kShortRow) {
    alongRows(kernels, function, args, threads);
  } else {
    acrossRows(kernels, function, args, threads);
  }
}

template void applyChannelwise<float>(const Kernels<float>&, ChannelFunction, const ChannelArgs<float>&, int) noexcept;
template void applyChannelwise<double>(const Kernels<double>&, ChannelFunction, const ChannelArgs<double>&,
                                       int) noexcept;

}  // namespace conv1d
