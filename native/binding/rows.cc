#include "binding/rows.h"

#include <cmath>
#include <string>

#include "binding/errors.h"
#include "core/checked_math.h"

namespace conv1d::binding {

int64_t toCount(Napi::Env env, int64_t a, int64_t b, const char* name) {
  int64_t count = 0;
  if (!checkedMultiply(a, b, &count)) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", std::string(name) + " would have more elements than 2^63");
  }
  return count;
}

double toFiniteNumber(Napi::Env env, napi_value value, const char* name) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok) {
    throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be a number");
  }
  if (!std::isfinite(number)) {
    throw rangeError(env, "ERR_CONV1D_VALUE", std::string(name) + " must be a finite number");
  }
  return number;
}

napi_typedarray_type toFloatKind(Napi::Env env, napi_value out) {
  napi_typedarray_type kind = napi_int8_array;
  if (napi_get_typedarray_info(env, out, &kind, nullptr, nullptr, nullptr, nullptr) != napi_ok ||
      (kind != napi_float32_array && kind != napi_float64_array)) {
    throw typeError(env, "ERR_CONV1D_TYPE", "out must be a Float32Array or a Float64Array");
  }
  return kind;
}

FloatSpan toIndices(Napi::Env env, napi_value value, const char* name, int64_t length) {
  if (isNull(env, value)) return {};
  napi_typedarray_type kind = napi_int8_array;
  std::size_t actual = 0;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &kind, &actual, &data, nullptr, nullptr) != napi_ok ||
      kind != napi_bigint64_array) {
    throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be a BigInt64Array or null");
  }
  if (static_cast<int64_t>(actual) != length) {
    throw rangeError(
        env, "ERR_CONV1D_SHAPE",
        std::string(name) + " must have " + std::to_string(length) + " elements, but has " + std::to_string(actual));
  }
  return {data, length, actual * sizeof(int64_t)};
}

void requireOk(Napi::Env env, Status status) {
  if (status == Status::kOk) return;
  if (status == Status::kOverflow) throw rangeError(env, "ERR_CONV1D_SHAPE", "these sizes are too large");
  throw rangeError(env, "ERR_CONV1D_VALUE", "these sizes are not those of a layer");
}

}  // namespace conv1d::binding
