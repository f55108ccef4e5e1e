// A layer: its parameters, a snapshot of its weights where one was taken, its plans, and the one way to run it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/fast/windowed_dft.h"
#include "core/geometry.h"
#include "core/pack/packed_weights.h"
#include "core/plan/plan_cache.h"
#include "core/run/epilogue.h"
#include "core/status.h"
#include "kernels/kernel_table.h"
#include "runtime/aligned_buffer.h"

namespace conv1d {

// One call: what is read, where the result goes, and by how many threads.
template <typename T>
struct Call {
  Geometry geometry;  // of this layer, or of a step of its stream
  const T* input;     // (batch, inChannels, length)
  T* out;             // (batch, outChannels, outLength); may overlap nothing else
  int threads;
  const std::atomic<bool>* cancelled = nullptr;  // read before every panel, unless null
  const Epilogue<T>* epilogue = nullptr;         // of `out`; null for none
};

// Weights that are packed for the call alone.
template <typename T>
struct PlainWeights {
  const T* weight;  // (outChannels, inChannels / groups, kernelSize)
  const T* bias;    // (outChannels), or null
};

template <typename T>
class Convolution {
 public:
  Convolution(const Parameters& parameters, const Kernels<T>& kernels, const Allowed& allowed = {}) noexcept
      : parameters_(parameters), kernels_(kernels), allowed_(allowed) {}

  const Parameters& parameters() const noexcept { return parameters_; }
  const Kernels<T>& kernels() const noexcept { return kernels_; }
  const Allowed& allowed() const noexcept { return allowed_; }

  // A layer with the same parameters and the same snapshot, for another owner; of one that nobody writes to, any
  // thread. Throws std::bad_alloc.
  std::shared_ptr<Convolution> twin() const;

  // A snapshot of weights, for run(); null without memory.
  std::shared_ptr<const PackedWeights> pack(const PlainWeights<T>& weights) const noexcept;

  // The snapshot that calls read, or null for none; calls that run go on with the one they have. The owner's thread
  // only.
  std::shared_ptr<const PackedWeights> snapshot;

  // With the snapshot, which must be there; its last plans are kept. The owner's thread only.
  Status run(const Call<T>& call) noexcept;

  // With a snapshot of this layer. Any thread.
  Status run(const Call<T>& call, const PackedWeights& weights) const noexcept;

  // The same by a plan that was made before, for the same geometry and threads.
  Plan plan(const Geometry& geometry, int threads, const PackedWeights& weights) const noexcept;
  Status run(const Call<T>& call, const Plan& plan, const PackedWeights& weights) const noexcept;

  // What plans ask about weights that are not packed, in `request` and `dft`, to which it may point; the largest sum of
  // an output channel's magnitudes where fast algorithms are allowed.
  double look(const T* weight, PlanRequest<T>* request, std::optional<WindowedDft<T>>* dft) const noexcept;

  // With weights as they are now; `panels` is grown to hold them packed. Any thread, with panels of its own.
  Status run(const Call<T>& call, const PlainWeights<T>& weights, AlignedBuffer* panels) const noexcept;

 private:
  // Fast algorithms need weights that bear them.
  Allowed allowedWith(const PackedWeights& weights) const noexcept {
    return {allowed_.fast && weights.isTame(), allowed_.maxWeightBytes};
  }

  const Parameters parameters_;
  const Kernels<T>& kernels_;
  const Allowed allowed_;
  PlanCache plans_;
};

}  // namespace conv1d
