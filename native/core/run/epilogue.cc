#include "core/run/epilogue.h"

namespace conv1d {
namespace {

constexpr UnaryFunction kUnaryOf[kChannelFunctions] = {kAffine, kSnake, kLeakyRelu};

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
void Epilogue<T>::finish(int64_t item, int64_t channel, int64_t position, int64_t count) const noexcept {
  const int64_t offset = channel * length_ + position;
  for (const EpilogueStage<T>* stage = stages_; stage < stages_ + count_; stage++) {
    const bool isChannel = stage->kind == EpilogueStage<T>::Kind::kChannel;
    const T a = isChannel ? stage->as[channel] : stage->a;
    const T b = !isChannel ? stage->b : stage->bs == nullptr ? T{0} : stage->bs[channel];
    apply(*stage, item, offset, count, a, b);
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

template class Epilogue<float>;
template class Epilogue<double>;

}  // namespace conv1d
