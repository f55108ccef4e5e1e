#include "core/run/epilogue.h"

#include <algorithm>

namespace conv1d {
namespace {

constexpr UnaryFunction kUnaryOf[kChannelFunctions] = {kAffine, kSnake, kLeakyRelu};

// What all functions are applied to before they come to what follows: with other operands and second outputs beside it,
// it stays in the first cache.
template <typename T>
constexpr int64_t kPiece = 4096 / static_cast<int64_t>(sizeof(T));

}  // namespace

template <typename T>
void Epilogue<T>::apply(const EpilogueStage<T>& stage, int64_t item, int64_t offset, int64_t count, T a,
                        T b) const noexcept {
  const T* const in = find(stage.in, item, offset);
  T* const out = const_cast<T*>(find(stage.out, item, offset));
  if (stage.kind == EpilogueStage<T>::Kind::kBinary) {
    const bool isNumber = stage.other.data == nullptr;
    const T* const other = isNumber ? &stage.a : stage.other.data + item * stage.other.itemStride + offset;
    const T* const left = stage.otherIsLeft ? other : in;
    const T* const right = stage.otherIsLeft ? in : other;
    kernels_.binary[stage.function](
        {left, right, out, count, isNumber && stage.otherIsLeft, isNumber && !stage.otherIsLeft});
    return;
  }
  const int function =
      stage.kind == EpilogueStage<T>::Kind::kUnary ? stage.function : static_cast<int>(kUnaryOf[stage.function]);
  kernels_.unary[function]({in, out, count, a, b});
}

template <typename T>
void Epilogue<T>::applyToChannel(const EpilogueStage<T>& stage, int64_t item, int64_t channel, int64_t position,
                                 int64_t count) const noexcept {
  const bool isChannel = stage.kind == EpilogueStage<T>::Kind::kChannel;
  const T a = isChannel ? stage.as[channel] : stage.a;
  const T b = !isChannel ? stage.b : stage.bs == nullptr ? T{0} : stage.bs[channel];
  apply(stage, item, channel * length_ + position, count, a, b);
}

template <typename T>
void Epilogue<T>::finish(int64_t item, int64_t channel, int64_t position, int64_t count) const noexcept {
  for (const int64_t end = position + count; position < end; position += kPiece<T>) {
    const int64_t piece = std::min(kPiece<T>, end - position);
    for (const EpilogueStage<T>* stage = stages_; stage < stages_ + count_; stage++) {
      applyToChannel(*stage, item, channel, position, piece);
    }
  }
}

template <typename T>
void Epilogue<T>::finishChannels(int64_t item, int64_t channel, int64_t count) const noexcept {
  for (const EpilogueStage<T>* stage = stages_; stage < stages_ + count_; stage++) {
    if (stage->kind != EpilogueStage<T>::Kind::kChannel) {
      apply(*stage, item, channel, count, stage->a, stage->b);
      continue;
    }
    const T* const bs = stage->bs == nullptr ? stage->as : stage->bs;  // those of a slope are not read
    kernels_.lanewise[stage->function]({find(stage->in, item, channel), stage->as + channel, bs + channel,
                                        const_cast<T*>(find(stage->out, item, channel)), count});
  }
}

// Rows that lie one after the other are one stretch for functions that do not ask for the channel.
template <typename T>
void Epilogue<T>::finishWholeRows(int64_t item, int64_t channel, int64_t rows) const noexcept {
  for (const EpilogueStage<T>* stage = stages_; stage < stages_ + count_; stage++) {
    if (stage->kind != EpilogueStage<T>::Kind::kChannel) {
      apply(*stage, item, channel * length_, rows * length_, stage->a, stage->b);
      continue;
    }
    for (int64_t row = 0; row < rows; row++) applyToChannel(*stage, item, channel + row, 0, length_);
  }
}

template <typename T>
void Epilogue<T>::finishRows(int64_t item, int64_t channel, int64_t rows, int64_t position,
                             int64_t count) const noexcept {
  if (length_ == 1) return finishChannels(item, channel, rows);
  const int64_t together = count == length_ ? kPiece<T> / length_ : 0;
  for (int64_t row = 0; row < rows; row += std::max<int64_t>(together, 1)) {
    if (together > 1) {
      finishWholeRows(item, channel + row, std::min(together, rows - row));
    } else {
      finish(item, channel + row, position, count);
    }
  }
}

template class Epilogue<float>;
template class Epilogue<double>;

}  // namespace conv1d
