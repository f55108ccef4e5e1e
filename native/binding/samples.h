// Samples of recordings as numbers.
#pragma once

#include <napi.h>

namespace conv1d::binding {

// (from, first, step, unit, to): to[i] = from[first + i * step] * unit, from an Int16Array into a Float32Array. An
// eighth of the time that JavaScript takes.
void scaleSamples(const Napi::CallbackInfo& info);

}  // namespace conv1d::binding
