// JavaScript values -> plain values, checked. Nothing here runs JavaScript: it coerces no value and reads no getter.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace conv1d::binding {

// The elements of a Float32Array or Float64Array. The pointer is good until JavaScript runs again.
struct FloatSpan {
  void* data = nullptr;
  int64_t length = 0;  // elements
  std::size_t bytes = 0;
};

constexpr int64_t kMaxInteger = int64_t{1} << 53;

// An integer in [least, 2^53].
int64_t toInteger(Napi::Env env, napi_value value, const char* name, int64_t least);

// The arrays of a dtype: 'float32' or 'float64'.
napi_typedarray_type toArrayKind(Napi::Env env, Napi::Value value);

// A typed array of this kind.
FloatSpan toFloats(Napi::Env env, napi_value value, const char* name, napi_typedarray_type kind);

// A typed array of exactly this kind and length. A detached one has length 0.
FloatSpan toFloats(Napi::Env env, napi_value value, const char* name, napi_typedarray_type kind, int64_t length);

// A number, of any size or none.
double toNumber(Napi::Env env, napi_value value, const char* name);

// Throws unless an array has this length. A detached one has length 0.
void requireLength(Napi::Env env, const FloatSpan& array, const char* name, int64_t length);

bool isNull(Napi::Env env, napi_value value);

// Whether a typed array lies in a SharedArrayBuffer, which nothing can detach or shrink.
bool isShared(Napi::Env env, napi_value array);

// Throws ERR_CONV1D_OVERLAP when writing `out` would change `other`.
void requireApart(Napi::Env env, const FloatSpan& out, const FloatSpan& other, const char* name);

}  // namespace conv1d::binding
