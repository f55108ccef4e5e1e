// Element-wise functions one after the other, for one stretch at a time, which stays in the first cache.
#pragma once

#include <utility>
#include <vector>

#include "core/network/stages.h"
#include "core/network/step.h"
#include "kernels/kernel_table.h"

namespace conv1d {

// Values (items, channels, length); their number fits in 64 bits.
struct PointwiseShape {
  int64_t items;
  int64_t channels;
  int64_t length;
};

template <typename T>
class PointwiseStep final : public Step<T> {
 public:
  // The first stage reads x if it has no `in`. Without stages, nothing happens.
  PointwiseStep(const Kernels<T>& kernels, const PointwiseShape& shape, int x, int out, std::vector<Stage<T>> stages)
      : kernels_(kernels), shape_(shape), out_(out), stages_(std::move(stages)) {
    if (!stages_.empty() && stages_.front().in == kNoPlace) stages_.front().in = x;
  }

  Status run(const Memory<T>& memory, int threads, const std::atomic<bool>* cancelled) const noexcept override;

 private:
  const Kernels<T>& kernels_;
  const PointwiseShape shape_;
  const int out_;
  std::vector<Stage<T>> stages_;
};

}  // namespace conv1d
