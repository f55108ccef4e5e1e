// The stages of an epilogue as steps keep them: with places, which become pointers when the step runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "core/network/memory.h"
#include "core/run/epilogue.h"

namespace conv1d {

template <typename T>
struct Stage {
  using Kind = typename EpilogueStage<T>::Kind;
  Kind kind = Kind::kUnary;
  int function = 0;
  int in = kNoPlace;   // kNoPlace: the outputs
  int out = kNoPlace;  // likewise
  int as = kNoPlace;   // kChannel
  int bs = kNoPlace;
  int other = kNoPlace;  // kBinary; kNoPlace: the number a
  T a{};
  T b{};
  bool otherIsLeft = false;
};

constexpr std::size_t kMostStages = 32;

// The stages of one run, on the stack.
template <typename T>
class ResolvedStages {
 public:
  ResolvedStages(const std::vector<Stage<T>>& stages, const Memory<T>& memory, int64_t itemStride) noexcept
      : count_(static_cast<int>(stages.size())) {
    EpilogueStage<T>* to = data();
    for (const Stage<T>& stage : stages) {
      new (to++) EpilogueStage<T>{stage.kind,
                                  stage.function,
                                  {memory.write(stage.in), itemStride},
                                  {memory.write(stage.out), itemStride},
                                  stage.a,
                                  stage.b,
                                  memory.read(stage.as),
                                  memory.read(stage.bs),
                                  {memory.read(stage.other), itemStride},
                                  stage.otherIsLeft};
    }
  }
  ResolvedStages(const ResolvedStages&) = delete;
  ResolvedStages& operator=(const ResolvedStages&) = delete;

  EpilogueStage<T>* data() noexcept { return reinterpret_cast<EpilogueStage<T>*>(storage_); }
  int count() const noexcept { return count_; }

 private:
  alignas(EpilogueStage<T>) std::byte storage_[kMostStages * sizeof(EpilogueStage<T>)];
  const int count_;
};

}  // namespace conv1d
