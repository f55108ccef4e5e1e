#include "binding/candidates.h"

#include "core/fast/cost.h"
#include "core/plan/algorithm.h"

namespace conv1d::binding {

template <typename T>
Napi::Value candidatesFor(Napi::Env env, const PlanRequest<T>& given) {
  const Plan plan = makePlan(given);
  const Parameters& parameters = plan.geometry.parameters;
  const PlanRequest<T> request{plan.geometry, given.kernels, given.maxThreads, given.finiteWeights,
                               given.allowed, given.weights, given.dft};
  Napi::Array candidates = Napi::Array::New(env);
  int index = 0;
  for (const Algorithm<T>& algorithm : algorithms<T>()) {
    const bool maySuit = suits(algorithm, parameters, request.kernels);
    const double weights = maySuit ? weightBytes(request, algorithm.layout(parameters, request.kernels)) : 0;
    const bool isAllowed = algorithm.isExact || (request.allowed.fast && request.finiteWeights &&
                                                 weights <= static_cast<double>(request.allowed.maxWeightBytes));
    const double cost = maySuit && isAllowed ? algorithm.cost(request) : kUnsuited;
    const bool isChosen = index++ == plan.algorithm;
    Napi::Object candidate = Napi::Object::New(env);
    candidate.Set("name", algorithm.name);
    candidate.Set("description", algorithm.description);
    candidate.Set("cost", cost);
    candidate.Set("share", algorithm.isExact ? 1 : cost / directCost(request.geometry));
    candidate.Set("chosen", Napi::Boolean::New(env, isChosen));
    candidate.Set("exact", Napi::Boolean::New(env, algorithm.isExact));
    candidate.Set("weightBytes", weights);
    candidate.Set("scratchBytes", isChosen ? static_cast<double>(plan.scratchBytes) : 0.0);
    candidates.Set(candidates.Length(), candidate);
  }
  return candidates;
}

template Napi::Value candidatesFor<float>(Napi::Env, const PlanRequest<float>&);
template Napi::Value candidatesFor<double>(Napi::Env, const PlanRequest<double>&);

}  // namespace conv1d::binding
