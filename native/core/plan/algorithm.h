// The ways of computing a convolution, as a list. Each is one file of this folder and one line in algorithms.cc; no
// other file tells them apart.
#pragma once

#include <limits>
#include <span>

#include "core/plan/plan.h"
#include "core/run/task.h"

namespace conv1d {

template <typename T>
class Worker;

// The cost of what an algorithm cannot do.
constexpr double kUnsuited = std::numeric_limits<double>::infinity();

template <typename T>
struct Algorithm {
  const char* name;
  const char* description;

  // Whether it suits the layer for some batch and length, so that a snapshot must hold its layout.
  bool (*maySuit)(const Parameters& parameters, const Kernels<T>& kernels) noexcept;

  // What it reads.
  WeightLayout (*layout)(const Parameters& parameters, const Kernels<T>& kernels) noexcept;

  // For one batch item and one group, in FMAs of whole vectors; kUnsuited where it does not apply.
  double (*cost)(const PlanRequest<T>& request) noexcept;

  // Fills in all but geometry, algorithm, cost, layout, threads and skipsPadding, which are there already.
  void (*plan)(const PlanRequest<T>& request, Plan* plan) noexcept;

  // Computes a block of the reduction of a task from a source of inputs.
  void (*run)(Worker<T>& worker, const Task& task, const Block& block, const Source<T>& source) noexcept;
};

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
Algorithm<T> folded() noexcept;
template <typename T>
Algorithm<T> depthwise() noexcept;
template <typename T>
Algorithm<T> broadcastDepthwise() noexcept;

}  // namespace conv1d
