// Typed arrays of all kinds of elements that tensors have, checked, and what functions on them have in common. Nothing
// here runs JavaScript.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>

#include "binding/arguments.h"
#include "core/status.h"
#include "kernels/dispatch.h"

namespace conv1d::binding {

// The elements of a Float32Array, Float64Array, Int32Array, BigInt64Array or Uint8Array. The pointer is good until
// JavaScript runs again.
struct ElementSpan {
  void* data = nullptr;
  int64_t length = 0;  // elements
  std::size_t bytes = 0;
  napi_typedarray_type kind = napi_float32_array;

  std::size_t elementBytes() const noexcept;
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

// The same, or no elements at all for null.
ElementSpan toElementsOrNull(Napi::Env env, napi_value value, const char* name, napi_typedarray_type kind,
                             int64_t length);

// A Float32Array or a Float64Array, of any length and of this one.
ElementSpan toFloats(Napi::Env env, napi_value value, const char* name);
ElementSpan toFloats(Napi::Env env, napi_value value, const char* name, int64_t length);

// Whether a typed array lies in a SharedArrayBuffer, which nothing can detach or shrink.
bool isShared(Napi::Env env, napi_value array);

// Throws ERR_CONV1D_OVERLAP when writing `out` would change `other`.
void requireApart(Napi::Env env, const ElementSpan& out, const ElementSpan& other, const char* name);

// Throws unless a core function went through; `what` is what it computes.
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
