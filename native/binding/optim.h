// Steps of optimisers (core/optim): checks, and hands over.
#pragma once

#include <napi.h>

namespace conv1d::binding {

// Adds sgdStep and adamStep to the module.
void defineOptim(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
