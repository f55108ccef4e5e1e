#include "binding/arguments.h"

#include <algorithm>

#include "binding/errors.h"
#include "core/checked_math.h"

namespace conv1d::binding {

int64_t toInteger(Napi::Env env, napi_value value, const char* name, int64_t least) {
  constexpr auto kLargest = static_cast<double>(kMaxInteger);
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok) {
    throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be a number");
  }
  const bool isInRange = number >= static_cast<double>(least) && number <= kLargest;
  const auto integer = isInRange ? static_cast<int64_t>(number) : 0;
  if (!isInRange || static_cast<double>(integer) != number) {
    throw rangeError(env, "ERR_CONV1D_VALUE",
                     std::string(name) + " must be an integer from " + std::to_string(least) + " to 2^53");
  }
  return integer;
}

napi_typedarray_type toArrayKind(Napi::Env env, Napi::Value value) {
  const std::string dtype = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  if (dtype == "float32") return napi_float32_array;
  if (dtype == "float64") return napi_float64_array;
  throw rangeError(env, "ERR_CONV1D_VALUE", "dtype must be 'float32' or 'float64'");
}

double toNumber(Napi::Env env, napi_value value, const char* name) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok) {
    throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be a number");
  }
  return number;
}

bool toBoolean(Napi::Env env, napi_value value, const char* name) {
  bool result = false;
  if (napi_get_value_bool(env, value, &result) != napi_ok) {
    throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be true or false");
  }
  return result;
}

bool isNull(Napi::Env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type == napi_null;
}

int toFunctionNumber(Napi::Env env, napi_value value, int count) {
  const int64_t function = toInteger(env, value, "function", 0);
  if (function >= count) throw rangeError(env, "ERR_CONV1D_VALUE", "there is no function of this number");
  return static_cast<int>(function);
}

Napi::Function toCallback(Napi::Env env, Napi::Value value) {
  if (!value.IsFunction()) throw typeError(env, "ERR_CONV1D_TYPE", "done must be a function");
  return value.As<Napi::Function>();
}

std::vector<napi_value> elementsOf(Napi::Env env, Napi::Value value, const char* name) {
  constexpr uint32_t kMost = 1 << 20;
  if (!value.IsArray()) throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be an array");
  const auto array = value.As<Napi::Array>();
  const uint32_t count = array.Length();
  if (count > kMost) throw rangeError(env, "ERR_CONV1D_VALUE", std::string(name) + " has more than 2^20 elements");
  std::vector<napi_value> elements(count);
  for (uint32_t i = 0; i < count; i++) elements[i] = array.Get(i);
  return elements;
}

int64_t product(Napi::Env env, std::span<const int64_t> sizes) {
  if (std::find(sizes.begin(), sizes.end(), 0) != sizes.end()) return 0;
  int64_t count = 1;
  for (const int64_t size : sizes) {
    if (!checkedMultiply(count, size, &count)) throw rangeError(env, "ERR_CONV1D_SHAPE", "the sizes are too large");
  }
  return count;
}

}  // namespace conv1d::binding
