#include "binding/results.h"

#include <string>

#include "binding/errors.h"
#include "binding/instance.h"
#include "core/checked_math.h"
#include "runtime/result_memory.h"

namespace conv1d::binding {
namespace {

void clearPendingException(napi_env env) {
  bool pending = false;
  napi_value exception = nullptr;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending) {
    napi_get_and_clear_last_exception(env, &exception);
  }
}

napi_value referenced(napi_env env, napi_ref reference) {
  napi_value value = nullptr;
  return reference != nullptr && napi_get_reference_value(env, reference, &value) == napi_ok ? value : nullptr;
}

// An ArrayBuffer of exactly `bytes`, uninitialised where the runtime has such. Through JavaScript's own functions:
// where there is no memory they throw, and Node-API's end the process.
napi_value makeBuffer(Napi::Env env, std::size_t bytes) {
  const Instance& instance = Instance::of(env);
  const napi_value size = Napi::Number::New(env, static_cast<double>(bytes));
  if (const napi_value allocate = referenced(env, instance.allocUnsafeSlow); allocate != nullptr) {
    const napi_value self = referenced(env, instance.bufferClass);
    napi_value view = nullptr;
    napi_value buffer = nullptr;
    std::size_t offset = 0;
    std::size_t whole = 0;
    if (napi_call_function(env, self, allocate, 1, &size, &view) == napi_ok &&
        napi_get_typedarray_info(env, view, nullptr, nullptr, nullptr, &buffer, &offset) == napi_ok &&
        napi_get_arraybuffer_info(env, buffer, nullptr, &whole) == napi_ok && offset == 0 && whole == bytes) {
      return buffer;
    }
    clearPendingException(env);
  }
  napi_value buffer = nullptr;
  if (napi_new_instance(env, referenced(env, instance.arrayBufferClass), 1, &size, &buffer) == napi_ok) return buffer;
  clearPendingException(env);
  return nullptr;
}

}  // namespace

Result makeResult(Napi::Env env, napi_typedarray_type kind, int64_t length) {
  const int64_t elementSize = kind == napi_float32_array ? sizeof(float) : sizeof(double);
  int64_t bytes = 0;
  const bool counted = checkedMultiply(length, elementSize, &bytes);
  const napi_value buffer = counted ? makeBuffer(env, static_cast<std::size_t>(bytes)) : nullptr;
  Result result;
  if (buffer != nullptr &&
      napi_create_typedarray(env, kind, static_cast<std::size_t>(length), buffer, 0, &result.array) == napi_ok &&
      napi_get_typedarray_info(env, result.array, nullptr, nullptr, &result.data, nullptr, nullptr) == napi_ok) {
    prepareResult(result.data, static_cast<std::size_t>(bytes));
    return result;
  }
  clearPendingException(env);
  throw rangeError(env, "ERR_CONV1D_MEMORY",
                   "no memory for a result of " + std::to_string(length) + " elements of " +
                       (kind == napi_float32_array ? "float32" : "float64") +
                       "; use smaller sizes or release other tensors");
}

}  // namespace conv1d::binding
