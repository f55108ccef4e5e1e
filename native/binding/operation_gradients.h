// Gradients of functions of elements, of softmax and of windows.
#pragma once

#include <napi.h>

namespace conv1d::binding {

void defineOperationGradients(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
