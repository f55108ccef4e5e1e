#include "core/plan/algorithm.h"

#include <algorithm>

#include "core/fast/cost.h"
#include "core/pack/pack_weights.h"
#include "core/plan/tiling.h"

namespace conv1d {

template <typename T>
std::span<const Algorithm<T>> algorithms() noexcept {
  static const Algorithm<T> list[] = {
      direct<T>(),
      joinedItems<T>(),
      swapped<T>(),
      folded<T>(),
      itemRows<T>(),
      lanesDepthwise<T>(),
      broadcastDepthwise<T>(),
      depthwise<T>(),
      mergedPhases<T>(),
      phases<T>(),
      joinedPhases<T>(),
      swappedPhases<T>(),
      dftFrames<T>(),
      tiles<T, kWinograd4>(),
      tiles<T, kWinograd6>(),
      tiles<T, kFft16>(),
      tiles<T, kFft32>(),
      tiles<T, kFft64>(),
      tiles<T, kFft128>(),
      wholeSignal<T, kWhole64>(),
      wholeSignal<T, kWhole128>(),
      filters<T, kFilter64>(),
      filters<T, kFilter128>(),
      filters<T, kFilter256>(),
  };
  return list;
}

namespace {

constexpr int kNone = -1;

// The cheapest of the algorithms that are exact, or that are not; its cost is at least `bound`.
template <typename T>
void choose(const PlanRequest<T>& request, bool isExact, double bound, Plan* plan) noexcept {
  const Parameters& p = request.geometry.parameters;
  plan->cost = bound;
  int index = 0;
  for (const Algorithm<T>& algorithm : algorithms<T>()) {
    const int at = index++;
    if (algorithm.isExact != isExact || !suits(algorithm, p, request.kernels)) continue;
    const WeightLayout layout = algorithm.layout(p, request.kernels);
    if (request.weights != nullptr && !request.weights->offers(layout)) continue;
    if (!isExact && weightBytes(request, layout) > static_cast<double>(request.allowed.maxWeightBytes)) continue;
    const double cost = algorithm.cost(request);
    if (cost >= plan->cost) continue;
    plan->algorithm = at;
    plan->cost = cost;
    plan->layout = layout;
  }
}

template <typename T>
Plan planAs(const PlanRequest<T>& request) noexcept {
  Plan plan;
  plan.geometry = request.geometry;
  plan.algorithm = kNone;
  // The choice of the kind must not depend on the machine, so it goes by costs that do not either.
  if (request.allowed.fast && request.finiteWeights) {
    choose(request, false, kFastCosts.worthwhile * directCost(request.geometry), &plan);
  }
  if (plan.algorithm == kNone) choose(request, true, kUnsuited, &plan);
  plan.threads = usefulThreads(request);
  if (!algorithmOf<T>(plan).isExact) {
    const Geometry& g = request.geometry;
    const double cost = plan.cost * static_cast<double>(g.batch) * static_cast<double>(g.parameters.groups);
    const double useful = std::max(1.0, cost / request.kernels.blocks.minProductsPerThread);
    plan.threads = useful < plan.threads ? static_cast<int>(useful) : plan.threads;
  }
  plan.skipsPadding = skipsPadding(request);
  algorithmOf<T>(plan).plan(request, &plan);
  return plan;
}

}  // namespace

template <typename T>
double weightBytes(const PlanRequest<T>& request, const WeightLayout& layout) noexcept {
  return static_cast<double>(packedCount(request.geometry.parameters, request.kernels, layout)) * sizeof(T);
}

Parameters computedAs(const Parameters& p, bool finiteWeights) noexcept {
  return finiteWeights && isFlippedConvolution(p) ? flippedConvolution(p) : p;
}

template <typename T>
Plan makePlan(const PlanRequest<T>& given) noexcept {
  if (given.finiteWeights && isFlippedConvolution(given.geometry.parameters)) {
    Geometry geometry = given.geometry;
    geometry.parameters = flippedConvolution(geometry.parameters);
    return planAs(PlanRequest<T>{geometry, given.kernels, given.maxThreads, given.finiteWeights, given.allowed,
                                 given.weights, given.dft});
  }
  return planAs(given);
}

template std::span<const Algorithm<float>> algorithms<float>() noexcept;
template std::span<const Algorithm<double>> algorithms<double>() noexcept;
template Plan makePlan<float>(const PlanRequest<float>&) noexcept;
template Plan makePlan<double>(const PlanRequest<double>&) noexcept;
template double weightBytes<float>(const PlanRequest<float>&, const WeightLayout&) noexcept;
template double weightBytes<double>(const PlanRequest<double>&, const WeightLayout&) noexcept;

}  // namespace conv1d
