// Functions of each element (core/pointwise): checks, and hands over.
#pragma once

#include <napi.h>

namespace conv1d::binding {

// Adds unary, binary and gather to the module.
void definePointwise(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
