#include "binding/views.h"

#include <string>

#include "binding/errors.h"
#include "core/checked_math.h"

namespace conv1d::binding {

napi_typedarray_type kindOf(Napi::Env env, napi_value out) {
  napi_typedarray_type kind = napi_int8_array;
  if (napi_get_typedarray_info(env, out, &kind, nullptr, nullptr, nullptr, nullptr) != napi_ok ||
      (kind != napi_float32_array && kind != napi_float64_array)) {
    throw typeError(env, "ERR_CONV1D_TYPE", "out must be a Float32Array or a Float64Array");
  }
  return kind;
}

Integers toIntegers(Napi::Env env, napi_value value, const char* name) {
  bool isArray = false;
  uint32_t length = 0;
  if (napi_is_array(env, value, &isArray) != napi_ok || !isArray ||
      napi_get_array_length(env, value, &length) != napi_ok || length > kMaxDimensions) {
    throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be an array of at most 64 integers");
  }
  Integers integers;
  integers.count = length;
  for (uint32_t i = 0; i < length; i++) {
    napi_value element = nullptr;
    if (napi_get_element(env, value, i, &element) != napi_ok) {
      throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be a plain array");
    }
    integers.values[i] = toInteger(env, element, name, 0);
  }
  return integers;
}

int64_t countOf(Napi::Env env, const Integers& shape) {
  int64_t count = 1;
  for (const int64_t size : shape.span()) {
    if (size == 0) return 0;
  }
  for (const int64_t size : shape.span()) {
    if (!checkedMultiply(count, size, &count)) throw rangeError(env, "ERR_CONV1D_SHAPE", "shape is too large");
  }
  return count;
}

void requireInside(Napi::Env env, const FloatSpan& array, int64_t offset, const Integers& strides,
                   const Integers& shape, const char* name) {
  if (strides.count != shape.count) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", std::string(name) + " needs a stride for each size");
  }
  int64_t last = offset;
  for (size_t i = 0; i < shape.count; i++) {
    int64_t reach = 0;
    if (!checkedMultiply(shape.values[i] - 1, strides.values[i], &reach) || !checkedAdd(last, reach, &last)) {
      throw rangeError(env, "ERR_CONV1D_SHAPE", std::string(name) + " has strides that are too large");
    }
  }
  if (last >= array.length) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", std::string(name) + " has fewer elements than its view");
  }
}

}  // namespace conv1d::binding
