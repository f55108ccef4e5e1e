// Algorithms that differ in the transform only: a family, with a member for each kind of transform in the kernel table.
#pragma once

#include "core/plan/algorithm.h"

namespace conv1d {

// The member of a kind. Family<T> has, for its kinds:
//
//   names[kind], descriptions[kind]
//   transforms(kernels)[kind]
//   maySuit(kind, parameters, transform)
//   layout(kind, kernels)
//   cost(kind, geometry, transform)
//   plan(request, transform, plan)
//   work(plan, kernels, transform, args, scratch, tasks)
template <typename T, template <typename> typename Family, auto kKind>
Algorithm<T> memberOf() noexcept {
  using F = Family<T>;
  return {
      F::names[kKind],
      F::descriptions[kKind],
      false,
      [](const Parameters& p, const Kernels<T>& kernels) noexcept {
        return F::maySuit(kKind, p, F::transforms(kernels)[kKind]);
      },
      [](const Parameters&, const Kernels<T>& kernels) noexcept { return F::layout(kKind, kernels); },
      [](const PlanRequest<T>& request) noexcept {
        return F::cost(kKind, request.geometry, F::transforms(request.kernels)[kKind]);
      },
      [](const PlanRequest<T>& request, Plan* plan) noexcept {
        F::plan(request, F::transforms(request.kernels)[kKind], plan);
      },
      [](const Plan& plan, const Kernels<T>& kernels, const ForwardArgs<T>& args, std::byte* scratch,
         TaskRange& tasks) noexcept { F::work(plan, kernels, F::transforms(kernels)[kKind], args, scratch, tasks); },
  };
}

}  // namespace conv1d
