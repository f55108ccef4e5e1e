// Products of matrices for JavaScript.
#pragma once

#include <napi.h>

namespace conv1d::binding {

void defineProducts(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
