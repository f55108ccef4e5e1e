#include "core/network/pointwise_step.h"

#include <algorithm>

#include "core/pointwise/broadcast.h"
#include "core/pointwise/channelwise.h"

namespace conv1d {
namespace {

// The bytes of a stretch, in each of the two or three arrays that a stage reads and writes.
constexpr int64_t kStretchBytes = 8192;

// Applies a function of channels to elements [begin, end) of (items, channels, length).
template <typename T>
class ChannelStretch {
 public:
  ChannelStretch(const Kernels<T>& kernels, const EpilogueStage<T>& stage, const T* in, T* out, int64_t channels,
                 int64_t length) noexcept
      : kernels_(kernels), stage_(stage), in_(in), out_(out), channels_(channels), length_(length) {}

  // Parts of rows by themselves, and between them whole rows: the rest of an item, whole items, the beginning of
  // one.
  void run(int64_t begin, int64_t end) const noexcept {
    for (int64_t at = begin; at < end;) {
      const int64_t channel = at / length_ % channels_;
      const int64_t column = at % length_;
      const int64_t rows = (end - at) / length_;
      if (column > 0 || rows == 0) {
        const int64_t count = std::min(end - at, length_ - column);
        apply(at, channel, 1, 1, count);
        at += count;
        continue;
      }
      const bool areItems = channel == 0 && rows >= channels_;
      const int64_t taken = areItems ? rows / channels_ * channels_ : std::min(rows, channels_ - channel);
      apply(at, channel, taken, areItems ? channels_ : taken, length_);
      at += taken * length_;
    }
  }

 private:
  void apply(int64_t at, int64_t channel, int64_t rows, int64_t channels, int64_t length) const noexcept {
    const T* const bs = stage_.bs == nullptr ? nullptr : stage_.bs + channel;
    applyChannelwise<T>(kernels_, static_cast<ChannelFunction>(stage_.function),
                        {in_ + at, stage_.as + channel, bs, out_ + at, rows, channels, length}, 1);
  }

  const Kernels<T>& kernels_;
  const EpilogueStage<T>& stage_;
  const T* const in_;
  T* const out_;
  const int64_t channels_;
  const int64_t length_;
};

}  // namespace

template <typename T>
Status PointwiseStep<T>::run(const Memory<T>& memory, int threads, const std::atomic<bool>*) const noexcept {
  const int64_t total = shape_.items * shape_.channels * shape_.length;
  T* const out = memory.write(out_);
  ResolvedStages<T> stages(stages_, memory, total);
  const auto apply = [&](const EpilogueStage<T>& stage, int64_t begin, int64_t end) {
    if (stage.kind == EpilogueStage<T>::Kind::kChannel) {
      const ChannelStretch<T> stretch(kernels_, stage, stage.in.data == nullptr ? out : stage.in.data,
                                      stage.out.data == nullptr ? out : stage.out.data, shape_.channels, shape_.length);
      stretch.run(begin, end);
    } else {
      // The values lie one after the other, so they are one row, however short the rows are.
      Epilogue<T>(kernels_, &stage, 1, out, 1, total).finish(0, 0, begin, end - begin);
    }
  };
  constexpr int64_t kStretch = kStretchBytes / static_cast<int64_t>(sizeof(T));
  forEachBlock(total, threads, [&](int64_t first, int64_t count) {
    for (int64_t begin = first; begin < first + count;) {
      const int64_t end = std::min(begin + kStretch, first + count);
      for (int i = 0; i < stages.count(); i++) apply(stages.data()[i], begin, end);
      begin = end;
    }
  });
  return Status::kOk;
}

template class PointwiseStep<float>;
template class PointwiseStep<double>;

}  // namespace conv1d
