// Shapes and views as JavaScript gives them: arrays of integers, checked against the memory that they are views of.
#pragma once

#include <napi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "binding/elements.h"
#include "core/pointwise/broadcast.h"

namespace conv1d::binding {

// Sizes or strides.
struct Integers {
  std::array<int64_t, kMaxDimensions> values;
  std::size_t count = 0;
  std::span<const int64_t> span() const { return {values.data(), count}; }
};

// An array of at most 64 integers from `least` on.
Integers toIntegers(Napi::Env env, napi_value value, const char* name, int64_t least = 0);

// A view: where its first element lies, and how far its neighbours are.
struct Steps {
  int64_t offset = 0;
  Integers strides;
};

// Three arguments from `first` on: the array, which the caller has read already, then offset and strides.
Steps toSteps(const Napi::CallbackInfo& info, std::size_t first, const char* name, int64_t leastStride = 0);

// From the first element of some memory that a view touches to behind the last one.
struct Reach {
  int64_t begin;
  int64_t end;
};

// Of a view whose sizes are 1 or more. Throws unless it lies in memory of `length` elements.
Reach reachOf(Napi::Env env, int64_t length, const Steps& steps, const Integers& shape, const char* name);

// Throws unless neighbours in the last dimension that is longer than 1 are neighbours in memory, or one element.
void requireDense(Napi::Env env, const Integers& shape, const Integers& strides);

// Throws unless every element of the view lies in the array.
void requireInside(Napi::Env env, const ElementSpan& array, const Steps& steps, const Integers& shape,
                   const char* name);

template <typename T>
StridedInput<T> stridedInput(const ElementSpan& array, const Steps& steps) {
  return {array.as<T>() + steps.offset, steps.strides.span()};
}

}  // namespace conv1d::binding
