// Memory that a call writes its result into.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>

namespace conv1d::binding {

// A fresh typed array of this kind that no JavaScript has seen yet, and where its elements lie. What they hold is
// undefined, so it must be written before JavaScript gets it.
struct Result {
  napi_value array = nullptr;
  void* data = nullptr;
};

// The memory belongs to V8 and to this array alone. Throws ERR_CONV1D_MEMORY.
Result makeResult(Napi::Env env, napi_typedarray_type kind, int64_t length);

}  // namespace conv1d::binding
