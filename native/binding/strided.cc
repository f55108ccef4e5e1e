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

Reach reachOf(Napi::Env env, int64_t length, const Steps& steps, const Integers& shape, const char* name) {
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
  if (last >= length || first > steps.offset) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", std::string(name) + " has fewer elements than its view");
  }
  return {steps.offset - first, last + 1};
}

void requireDense(Napi::Env env, const Integers& shape, const Integers& strides) {
  std::size_t last = shape.count;
  while (last > 0 && shape.values[last - 1] == 1) last--;
  if (last > 0 && strides.values[last - 1] > 1) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", "the last stride must be 0 or 1");
  }
}

void requireInside(Napi::Env env, const ElementSpan& array, const Steps& steps, const Integers& shape,
                   const char* name) {
  reachOf(env, array.length, steps, shape, name);
}

}  // namespace conv1d::binding
