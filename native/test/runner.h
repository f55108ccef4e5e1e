// Runs the forward pass on problems, and tells how outputs differ.
#pragma once

#include <doctest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/checked_math.h"
#include "core/pack/pack_weights.h"
#include "core/plan/algorithm.h"
#include "core/run/forward.h"
#include "test/guarded_buffer.h"
#include "test/problem.h"

namespace conv1d::test {

// Whether a plan takes the algorithm of this name.
template <typename T>
bool takes(const Plan& plan, std::string_view name) {
  return algorithmOf<T>(plan).name == name;
}

// A problem's operands flush against guard pages, on one implementation.
template <typename T>
class Runner {
 public:
  Runner(const Problem& problem, const Values<T>& values, const Kernels<T>& kernels, Flush flush)
      : problem_(problem),
        kernels_(kernels),
        flush_(flush),
        weight_(values.weight),
        inputMemory_(problem.inputCount()),
        weightMemory_(packedCount(problem.geometry.parameters, kernels, {WeightLayout::Kind::kReversed, 1, kMaxLanes})),
        biasMemory_(problem.geometry.parameters.outChannels),
        outMemory_(problem.outputCount()) {
    const std::span<T> input = inputMemory_.place(problem.inputCount(), flush);
    std::copy(values.input.begin(), values.input.end(), input.begin());
    args_.input = input.data();
    if (!problem.bias) return;
    const std::span<T> bias = biasMemory_.place(problem.geometry.parameters.outChannels, flush);
    std::copy(values.bias.begin(), values.bias.end(), bias.begin());
    args_.bias = bias.data();
  }

  // The plan for these weights.
  Plan plan(int threads) const {
    const auto count = static_cast<int64_t>(weight_.size());
    return makePlan(PlanRequest<T>{problem_.geometry, kernels_, threads, allFinite(weight_.data(), count)});
  }

  // The outputs, valid until the next run.
  std::span<const T> run(const Plan& plan) {
    const Parameters& p = problem_.geometry.parameters;
    const std::span<T> packed = weightMemory_.place(packedCount(p, kernels_, plan.layout), flush_);
    REQUIRE(packWeights(p, kernels_, plan.layout, weightOf(p, weight_.data()), packed.data()));
    args_.packedWeights = packed.data();
    const std::span<T> out = outMemory_.place(problem_.outputCount(), flush_);
    args_.out = out.data();
    CHECK(forward(plan, kernels_, args_) == Status::kOk);
    CHECK(outMemory_.surroundingsUntouched());
    return out;
  }

  // As makePlan would do for these threads, were the work worth them: each row of panels a task.
  std::span<const T> run(int threads) {
    Plan shared = plan(threads);
    shared.threads = threads;
    if (threads > 1) {
      shared.tasks = shared.tasks / ceilDivide(shared.panels, shared.panelsPerTask) * shared.panels;
      shared.panelsPerTask = 1;
    }
    return run(shared);
  }

 private:
  const Problem& problem_;
  const Kernels<T>& kernels_;
  const Flush flush_;
  const std::vector<T> weight_;
  GuardedBuffer<T> inputMemory_, weightMemory_, biasMemory_, outMemory_;
  ForwardArgs<T> args_{};
};

// The first output that differs, as a sentence.
template <typename T>
std::optional<std::string> difference(std::span<const T> actual, std::span<const T> expected) {
  if (actual.size() != expected.size()) return "different sizes";
  for (size_t i = 0; i < actual.size(); i++) {
    if (sameBits(actual[i], expected[i])) continue;
    std::ostringstream text;
    text << "output " << i << " of " << actual.size() << " is " << actual[i] << " instead of " << expected[i]
         << std::hex << " (bits " << bitsOf(actual[i]) << ", " << bitsOf(expected[i]) << ")";
    return text.str();
  }
  return std::nullopt;
}

}  // namespace conv1d::test
