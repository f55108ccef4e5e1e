// Pooling and upsampling of rows (core/pool, core/upsample): checks, and hands over.
#pragma once

#include <napi.h>

namespace conv1d::binding {

// Adds maxPool, avgPool, adaptiveMaxPool, adaptiveAvgPool, upsampleNearest and upsampleLinear to the module.
void definePool(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
