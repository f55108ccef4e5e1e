#include "core/plan/algorithm.h"

#include "core/plan/tiling.h"

namespace conv1d {

template <typename T>
std::span<const Algorithm<T>> algorithms() noexcept {
  static const Algorithm<T> list[] = {
      direct<T>(), swapped<T>(), folded<T>(), broadcastDepthwise<T>(), depthwise<T>(),
  };
  return list;
}

template <typename T>
Plan makePlan(const PlanRequest<T>& request) noexcept {
  Plan plan;
  plan.geometry = request.geometry;
  plan.cost = kUnsuited;
  const Parameters& p = request.geometry.parameters;
  int index = 0;
  for (const Algorithm<T>& algorithm : algorithms<T>()) {
    if (algorithm.maySuit(p, request.kernels)) {
      const WeightLayout layout = algorithm.layout(p, request.kernels);
      const bool isPacked = request.weights == nullptr || request.weights->template in<T>(layout) != nullptr;
      const double cost = isPacked ? algorithm.cost(request) : kUnsuited;
      if (cost < plan.cost) {
        plan.algorithm = index;
        plan.cost = cost;
        plan.layout = layout;
      }
    }
    index++;
  }
  plan.threads = usefulThreads(request);
  plan.skipsPadding = skipsPadding(request);
  algorithmOf<T>(plan).plan(request, &plan);
  return plan;
}

template std::span<const Algorithm<float>> algorithms<float>() noexcept;
template std::span<const Algorithm<double>> algorithms<double>() noexcept;
template Plan makePlan<float>(const PlanRequest<float>&) noexcept;
template Plan makePlan<double>(const PlanRequest<double>&) noexcept;

}  // namespace conv1d
