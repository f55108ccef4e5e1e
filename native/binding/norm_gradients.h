// Gradients of norms, of weight norm and of functions with parameters of a channel (core/backward): checks, and hands
// over.
#pragma once

#include <napi.h>

namespace conv1d::binding {

// Adds normGradients, batchNormGradients, weightNormGradients and channelGradients to the module.
void defineNormGradients(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
