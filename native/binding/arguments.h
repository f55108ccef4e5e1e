// JavaScript values -> plain values, checked. Nothing here but elementsOf runs JavaScript: it coerces no value and
// reads no getter.
#pragma once

#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace conv1d::binding {

constexpr int64_t kMaxInteger = int64_t{1} << 53;

// An integer in [least, 2^53].
int64_t toInteger(Napi::Env env, napi_value value, const char* name, int64_t least);

// A number, of any size or none.
double toNumber(Napi::Env env, napi_value value, const char* name);

bool toBoolean(Napi::Env env, napi_value value, const char* name);

// The arrays of a dtype: 'float32' or 'float64'.
napi_typedarray_type toArrayKind(Napi::Env env, Napi::Value value);

bool isNull(Napi::Env env, napi_value value);

// The number of one of `count` functions.
int toFunctionNumber(Napi::Env env, napi_value value, int count);

// What a background job calls at its end.
Napi::Function toCallback(Napi::Env env, Napi::Value value);

// The elements of an array; getters may run.
std::vector<napi_value> elementsOf(Napi::Env env, Napi::Value value, const char* name);

// The product of sizes, 0 where one of them is. Throws ERR_CONV1D_SHAPE where it does not fit.
int64_t product(Napi::Env env, std::span<const int64_t> sizes);
inline int64_t product(Napi::Env env, std::initializer_list<int64_t> sizes) {
  return product(env, std::span(sizes.begin(), sizes.size()));
}

}  // namespace conv1d::binding
