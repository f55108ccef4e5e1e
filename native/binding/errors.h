// JavaScript errors with a code.
#pragma once

#include <napi.h>

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

}  // namespace conv1d::binding
