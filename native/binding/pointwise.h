// Element-wise functions, comparisons, choices, copies and conversions (core/pointwise/).
#pragma once

#include <napi.h>

namespace conv1d::binding {

// Adds unary, binary, compare, choose, copy and convert to the module.
void definePointwise(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
