// What JavaScript gets to know of the algorithms that could compute a call.
#pragma once

#include <napi.h>

#include "core/plan/plan.h"

namespace conv1d::binding {

// An array of binding.d.ts's Candidate, in the order of the list.
template <typename T>
Napi::Value candidatesFor(Napi::Env env, const PlanRequest<T>& request);

}  // namespace conv1d::binding
