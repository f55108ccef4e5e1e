// Layer, group, instance and batch norms (core/norm): checks, and hands over.
#pragma once

#include <napi.h>

#include <cstdint>

#include "core/norm/normalise.h"

namespace conv1d::binding {

// The first four arguments: batch, groups, channels, length.
NormShape toNormShape(const Napi::CallbackInfo& info);

// How many weights, and how many biases, a norm has.
int64_t normWeights(Napi::Env env, const NormShape& shape, bool areElementwise);

// Adds normalise and batchStatistics to the module.
void defineNorms(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
