// A convolution with the weights that its layer had when the step was made, and the epilogue of its outputs.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/convolution.h"
#include "core/network/stages.h"
#include "core/network/step.h"

namespace conv1d {

// Whether the snapshot has the weights in a layout for these parameters, which may differ from its layer's in padding.
bool suits(const PackedWeights& weights, const Parameters& ofLayer, const Parameters& ofStep) noexcept;

template <typename T>
class ConvolutionStep final : public Step<T> {
 public:
  ConvolutionStep(std::shared_ptr<const Convolution<T>> layer, std::shared_ptr<const PackedWeights> weights,
                  const Geometry& geometry, int x, int out, std::vector<Stage<T>> stages)
      : layer_(std::move(layer)),
        weights_(std::move(weights)),
        geometry_(geometry),
        x_(x),
        out_(out),
        stages_(std::move(stages)),
        ofOneThread_(layer_->plan(geometry, 1, *weights_)) {}

  Status prepare(int threads) const noexcept override;
  Status run(const Memory<T>& memory, int threads, const std::atomic<bool>* cancelled) const noexcept override;
  std::size_t scratchBytes(int threads) const noexcept override;

 private:
  // Calls use(plan), which returns a Status; kOutOfMemory if there is no memory for a plan.
  template <typename Use>
  Status withPlan(int threads, const Use& use) const noexcept;

  const std::shared_ptr<const Convolution<T>> layer_;
  const std::shared_ptr<const PackedWeights> weights_;
  const Geometry geometry_;
  const int x_;
  const int out_;
  const std::vector<Stage<T>> stages_;
  const Plan ofOneThread_;  // a member, so that units in parallel share no lock and no count of owners

  // The plan for the number of threads of the last run that had several.
  mutable std::mutex mutex_;
  mutable int threads_ = 1;
  mutable std::shared_ptr<const Plan> ofThreads_;
};

}  // namespace conv1d
