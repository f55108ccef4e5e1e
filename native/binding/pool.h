// Pooling and upsampling of rows (core/pool, core/upsample): checks, and hands over.
#pragma once

#include <napi.h>

#include "core/pool/pool.h"
#include "core/upsample/upsample.h"

namespace conv1d::binding {

// The sizes that the functions' arguments begin with:
PoolShape toMaxPoolShape(const Napi::CallbackInfo& info);       // rows, length, kernelSize, stride, padding, dilation,
                                                                // outLength
PoolShape toAvgPoolShape(const Napi::CallbackInfo& info);       // rows, length, kernelSize, stride, padding, outLength
AdaptiveShape toAdaptiveShape(const Napi::CallbackInfo& info);  // rows, length, outLength
// rows, length, outLength, and at `scale` the factor or 0.
UpsampleShape toUpsampleShape(const Napi::CallbackInfo& info, std::size_t scale);

// Adds maxPool, avgPool, adaptiveMaxPool, adaptiveAvgPool, upsampleNearest and upsampleLinear to the module.
void definePool(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
