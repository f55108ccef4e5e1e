// Layer, group, instance and batch norms (core/norm): checks, and hands over.
#pragma once

#include <napi.h>

namespace conv1d::binding {

// Adds normalise and batchStatistics to the module.
void defineNorms(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
