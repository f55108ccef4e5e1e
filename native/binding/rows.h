// What functions of rows have in common: arrays of one dtype, sizes that fit them, and what the core answers.
#pragma once

#include <napi.h>

#include <cstdint>

#include "binding/elements.h"
#include "core/status.h"

namespace conv1d::binding {

// A product of sizes, or an error that names it.
int64_t toCount(Napi::Env env, int64_t a, int64_t b, const char* name);

double toFiniteNumber(Napi::Env env, napi_value value, const char* name);

// The kind of `out`: a Float32Array or a Float64Array.
napi_typedarray_type toFloatKind(Napi::Env env, napi_value out);

// A BigInt64Array of this length, or null.
FloatSpan toIndices(Napi::Env env, napi_value value, const char* name, int64_t length);

// Throws unless the core did what it was asked for.
void requireOk(Napi::Env env, Status status);

template <typename T>
T* elements(const FloatSpan& span) {
  return static_cast<T*>(span.data);
}

// Calls run(0.0f) or run(0.0), as the kind asks for.
template <typename Run>
void withType(napi_typedarray_type kind, const Run& run) {
  if (kind == napi_float32_array) {
    run(0.0f);
  } else {
    run(0.0);
  }
}

}  // namespace conv1d::binding
