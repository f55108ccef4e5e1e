// Memory that a call writes its result into.
#pragma once

#include <napi.h>

#include <cstddef>

namespace conv1d::binding {

// A fresh ArrayBuffer that no JavaScript has seen yet, and its memory. What it holds is undefined, so it must be
// written before JavaScript gets it.
struct Result {
  napi_value buffer = nullptr;
  void* data = nullptr;
};

// The memory belongs to V8 and to this ArrayBuffer alone. Runs no JavaScript. Throws ERR_CONV1D_MEMORY.
Result makeResult(Napi::Env env, int64_t bytes);

}  // namespace conv1d::binding
