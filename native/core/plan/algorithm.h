// The ways of computing a convolution, as a list. Each is one file of this folder and one line in algorithms.cc; no
// other file tells them apart.
#pragma once

#include <cstddef>
#include <limits>
#include <span>

#include "core/plan/plan.h"
#include "core/run/forward.h"
#include "runtime/thread_pool.h"

namespace conv1d {

// The cost of a call that an algorithm cannot compute.
constexpr double kUnsuited = std::numeric_limits<double>::infinity();

template <typename T>
struct Algorithm {
  const char* name;
  const char* description;

  // Whether it keeps the order of the sum, and with it the bits of the direct convolution.
  bool isExact;

  // Whether it suits the layer for some batch and length, so that a snapshot must hold its layout.
  bool (*maySuit)(const Parameters& parameters, const Kernels<T>& kernels) noexcept;

  // The layout of weights that it reads.
  WeightLayout (*layout)(const Parameters& parameters, const Kernels<T>& kernels) noexcept;

  // The cost per batch item and group, in FMAs of whole vectors; kUnsuited if it does not apply. Algorithms that are
  // not exact count in FMAs of one element, whatever the machine and the batch (core/fast/cost.h).
  double (*cost)(const PlanRequest<T>& request) noexcept;

  // Fills in all but geometry, algorithm, cost, layout, threads and skipsPadding, which the plan has already.
  void (*plan)(const PlanRequest<T>& request, Plan* plan) noexcept;

  // One thread's part of a call: takes tasks until there are none. `scratch` holds plan.scratchBytes. It finishes each
  // output (ForwardArgs::finish) once.
  void (*work)(const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch,
               TaskRange& tasks) noexcept;

  // Whether it computes transposed convolutions; the others compute convolutions.
  bool isTransposed = false;
};

template <typename T>
bool suits(const Algorithm<T>& algorithm, const Parameters& parameters, const Kernels<T>& kernels) noexcept {
  return algorithm.isTransposed == parameters.transposed && algorithm.maySuit(parameters, kernels);
}

// The first of equal cost wins.
template <typename T>
std::span<const Algorithm<T>> algorithms() noexcept;

template <typename T>
const Algorithm<T>& algorithmOf(const Plan& plan) noexcept {
  return algorithms<T>()[static_cast<std::size_t>(plan.algorithm)];
}

// The list's entries.
template <typename T>
Algorithm<T> direct() noexcept;
template <typename T>
Algorithm<T> swapped() noexcept;
template <typename T>
Algorithm<T> joinedItems() noexcept;
template <typename T>
Algorithm<T> joinedPhases() noexcept;
template <typename T>
Algorithm<T> folded() noexcept;
template <typename T>
Algorithm<T> itemRows() noexcept;
template <typename T>
Algorithm<T> depthwise() noexcept;
template <typename T>
Algorithm<T> lanesDepthwise() noexcept;
template <typename T>
Algorithm<T> broadcastDepthwise() noexcept;
template <typename T>
Algorithm<T> phases() noexcept;
template <typename T>
Algorithm<T> mergedPhases() noexcept;
template <typename T>
Algorithm<T> swappedPhases() noexcept;
template <typename T>
Algorithm<T> dftFrames() noexcept;
template <typename T, TileKind kKind>
Algorithm<T> tiles() noexcept;
template <typename T, WholeKind kKind>
Algorithm<T> wholeSignal() noexcept;
template <typename T, FilterKind kKind>
Algorithm<T> filters() noexcept;

}  // namespace conv1d
