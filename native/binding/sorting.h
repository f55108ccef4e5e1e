// Running sums and sorting (core/sorting): checks, and hands over.
#pragma once

#include <napi.h>

namespace conv1d::binding {

// Adds cumsum, sort and topk to the module.
void defineSorting(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
