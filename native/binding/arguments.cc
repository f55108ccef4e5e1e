#include "binding/arguments.h"

#include "binding/errors.h"

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

FloatSpan toFloats(Napi::Env env, napi_value value, const char* name, napi_typedarray_type kind) {
  napi_typedarray_type actualKind = napi_int8_array;
  std::size_t actualLength = 0;
  void* data = nullptr;
  // Not napi_get_arraybuffer_info: Node 20 refuses a SharedArrayBuffer there.
  if (napi_get_typedarray_info(env, value, &actualKind, &actualLength, &data, nullptr, nullptr) != napi_ok ||
      actualKind != kind) {
    const char* expected = kind == napi_float32_array ? "a Float32Array" : "a Float64Array";
    throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be " + expected);
  }
  const std::size_t elementSize = kind == napi_float32_array ? sizeof(float) : sizeof(double);
  return {data, static_cast<int64_t>(actualLength), actualLength * elementSize};
}

void requireLength(Napi::Env env, const FloatSpan& array, const char* name, int64_t length) {
  if (array.length == 0 && length > 0) {
    throw typeError(env, "ERR_CONV1D_DETACHED",
                    std::string(name) + " has no memory: its ArrayBuffer was detached, transferred or shrunk");
  }
  if (array.length != length) {
    throw rangeError(env, "ERR_CONV1D_SHAPE",
                     std::string(name) + " must have " + std::to_string(length) + " elements, but has " +
                         std::to_string(array.length));
  }
}

FloatSpan toFloats(Napi::Env env, napi_value value, const char* name, napi_typedarray_type kind, int64_t length) {
  const FloatSpan floats = toFloats(env, value, name, kind);
  requireLength(env, floats, name, length);
  return floats;
}

double toNumber(Napi::Env env, napi_value value, const char* name) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok) {
    throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be a number");
  }
  return number;
}

bool isNull(Napi::Env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type == napi_null;
}

bool isShared(Napi::Env env, napi_value array) {
  napi_value buffer = nullptr;
  bool isArrayBuffer = true;
  return napi_get_typedarray_info(env, array, nullptr, nullptr, nullptr, &buffer, nullptr) == napi_ok &&
         napi_is_arraybuffer(env, buffer, &isArrayBuffer) == napi_ok && !isArrayBuffer;
}

void requireApart(Napi::Env env, const FloatSpan& out, const FloatSpan& other, const char* name) {
  if (out.bytes == 0 || other.bytes == 0) return;
  const auto a = reinterpret_cast<std::uintptr_t>(out.data);
  const auto b = reinterpret_cast<std::uintptr_t>(other.data);
  if (a < b + other.bytes && b < a + out.bytes) {
    throw rangeError(env, "ERR_CONV1D_OVERLAP",
                     std::string("out shares memory with ") + name + "; give it memory of its own");
  }
}

}  // namespace conv1d::binding
