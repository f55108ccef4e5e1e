#include "binding/strided.h"

#include <string>

#include "binding/errors.h"
#include "core/checked_math.h"

namespace conv1d::binding {

Integers toIntegers(Napi::Env env, napi_value value, const char* name, int64_t least) {
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
    integers.values[i] = toInteger(env, element, name, least);
  }
  return integers;
}

Steps toSteps(const Napi::CallbackInfo& info, std::size_t first, const char* name, int64_t leastStride) {
  return {toInteger(info.Env(), info[first + 1], name, 0), toIntegers(info.Env(), info[first + 2], name, leastStride)};
}

void requireInside(Napi::Env env, const ElementSpan& array, const Steps& steps, const Integers& shape,
                   const char* name) {
  if (steps.strides.count != shape.count) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", std::string(name) + " needs a stride for each size");
  }
  int64_t first = 0;  // how far the first element of the memory lies before that of the view
  int64_t last = steps.offset;
  for (std::size_t i = 0; i < shape.count; i++) {
    const int64_t stride = steps.strides.values[i];
    int64_t reach = 0;
    if (!checkedMultiply(shape.values[i] - 1, stride < 0 ? -stride : stride, &reach) ||
        !checkedAdd(stride < 0 ? first : last, reach, stride < 0 ? &first : &last)) {
      throw rangeError(env, "ERR_CONV1D_SHAPE", std::string(name) + " has strides that are too large");
    }
  }
  if (last >= array.length || first > steps.offset) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", std::string(name) + " has fewer elements than its view");
  }
}

}  // namespace conv1d::binding
