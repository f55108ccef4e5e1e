// Views of typed arrays: shapes and strides, checked, and the kernels of their element type.
#pragma once

#include <napi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "binding/arguments.h"
#include "core/pointwise/pointwise.h"
#include "kernels/dispatch.h"

namespace conv1d::binding {

template <typename T>
const Kernels<T>& kernelsOf() {
  if constexpr (sizeof(T) == sizeof(float)) {
    return activeKernels().f32;
  } else {
    return activeKernels().f64;
  }
}

template <typename T>
T* elements(const FloatSpan& span) {
  return static_cast<T*>(span.data);
}

// The kind of `out`, which says the element type of a call.
napi_typedarray_type kindOf(Napi::Env env, napi_value out);

// Sizes or strides.
struct Integers {
  std::array<int64_t, kMaxDimensions> values;
  size_t count = 0;
  std::span<const int64_t> span() const { return {values.data(), count}; }
};

Integers toIntegers(Napi::Env env, napi_value value, const char* name);

// The elements of a shape.
int64_t countOf(Napi::Env env, const Integers& shape);

// Throws unless every element of the view lies in the array. No size of the shape is 0.
void requireInside(Napi::Env env, const FloatSpan& array, int64_t offset, const Integers& strides,
                   const Integers& shape, const char* name);

}  // namespace conv1d::binding
