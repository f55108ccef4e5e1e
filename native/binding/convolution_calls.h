// What the calls of a convolution, forward and backward, have in common.
#pragma once

#include <napi.h>

#include "core/geometry.h"
#include "core/status.h"

namespace conv1d::binding {

// Throws unless a function of the core went through.
void requireOk(Napi::Env env, Status status);

// The parameters of one call: a transposed convolution may take another output padding than its own.
Parameters callParameters(Napi::Env env, const Parameters& parameters, Napi::Value outputPadding);

// The sizes of a call, of numbers of JavaScript.
Geometry toGeometry(Napi::Env env, const Parameters& parameters, napi_value batch, napi_value length);

}  // namespace conv1d::binding
