// Functions with parameters of a channel (core/pointwise/channelwise): checks, and hands over.
#pragma once

#include <napi.h>

namespace conv1d::binding {

// Adds channelwise to the module.
void defineChannelwise(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
