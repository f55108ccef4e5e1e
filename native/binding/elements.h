// Typed arrays of all kinds of elements that tensors have, checked, and the other arguments of functions on them.
#pragma once

#include <napi.h>

#include <initializer_list>

#include "binding/arguments.h"
#include "core/status.h"
#include "kernels/dispatch.h"

namespace conv1d::binding {

// The elements of a Float32Array, Float64Array, Int32Array, BigInt64Array or Uint8Array. The pointer is good until
// JavaScript runs again.
struct ElementSpan : FloatSpan {
  napi_typedarray_type kind = napi_float32_array;
  std::size_t elementBytes = 0;

  bool isFloat() const noexcept { return kind == napi_float32_array || kind == napi_float64_array; }
  template <typename T>
  T* as() const noexcept {
    return static_cast<T*>(data);
  }
};

// A typed array of one of the five kinds.
ElementSpan toElements(Napi::Env env, napi_value value, const char* name);

// The same of this length. A detached one has length 0.
ElementSpan toElements(Napi::Env env, napi_value value, const char* name, int64_t length);

// The same of this kind, of any length.
ElementSpan toElements(Napi::Env env, napi_value value, const char* name, napi_typedarray_type kind);

// The same of this kind and length.
ElementSpan toElements(Napi::Env env, napi_value value, const char* name, napi_typedarray_type kind, int64_t length);

// Throws ERR_CONV1D_TYPE unless the elements are floating-point numbers.
void requireFloats(Napi::Env env, const ElementSpan& elements, const char* name);

bool toBoolean(Napi::Env env, napi_value value, const char* name);

// The product of sizes, 0 where one of them is.
int64_t product(Napi::Env env, std::initializer_list<int64_t> sizes);

// Throws unless a core function went through.
void requireOk(Napi::Env env, Status status, const char* what);

template <typename T>
const Kernels<T>& activeKernelsFor() {
  return kernelsFor<T>(activeKernels());
}

// Calls run(T{}) with the type of the elements.
template <typename Run>
void forFloats(const ElementSpan& elements, const Run& run) {
  elements.kind == napi_float32_array ? run(0.0f) : run(0.0);
}

template <typename Run>
void forIntegers(const ElementSpan& elements, const Run& run) {
  if (elements.kind == napi_int32_array) run(int32_t{});
  if (elements.kind == napi_bigint64_array) run(int64_t{});
  if (elements.kind == napi_uint8_array) run(uint8_t{});
}

template <typename Run>
void forElements(const ElementSpan& elements, const Run& run) {
  elements.isFloat() ? forFloats(elements, run) : forIntegers(elements, run);
}

}  // namespace conv1d::binding
