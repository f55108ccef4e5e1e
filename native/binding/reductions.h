// Reductions over a dimension, and softmax (core/reduce): checks, and hands over.
#pragma once

#include <napi.h>

namespace conv1d::binding {

// Adds reduce, findExtreme and softmax to the module.
void defineReductions(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
