// JavaScript errors with a code.
#pragma once

#include <napi.h>

#include <new>
#include <string>

namespace conv1d::binding {

inline Napi::Error withCode(Napi::Error error, const char* code) {
  error.Set("code", Napi::String::New(error.Env(), code));
  return error;
}

inline Napi::Error typeError(Napi::Env env, const char* code, const std::string& message) {
  return withCode(Napi::TypeError::New(env, message), code);
}

inline Napi::Error rangeError(Napi::Env env, const char* code, const std::string& message) {
  return withCode(Napi::RangeError::New(env, message), code);
}

// What call() returns; ERR_CONV1D_MEMORY where it throws std::bad_alloc.
template <typename Call>
auto orNoMemory(Napi::Env env, const char* what, const Call& call) {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    throw rangeError(env, "ERR_CONV1D_MEMORY", std::string("no memory for ") + what);
  }
}

}  // namespace conv1d::binding
