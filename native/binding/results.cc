#include "binding/results.h"

#include <cstdlib>
#include <limits>
#include <string>

#include "binding/errors.h"
#include "runtime/result_memory.h"

namespace conv1d::binding {
namespace {

// Where there is no memory, V8 ends the process instead of failing. Whoever has just been given as much gets it again.
bool isThereMemory(std::size_t bytes) noexcept {
  constexpr std::size_t kWorthAsking = std::size_t{1} << 20;
  if (bytes < kWorthAsking) return true;
  void* const memory = std::malloc(bytes);
  std::free(memory);
  return memory != nullptr;
}

// Of Node-API's ways to memory of V8's own, only that of buffers leaves the clearing out. It has an upper limit.
bool makeBuffer(napi_env env, std::size_t bytes, Result* result) noexcept {
  napi_value view = nullptr;
  void* data = nullptr;
  std::size_t offset = 0;
  std::size_t whole = 0;
  return napi_create_buffer(env, bytes, &data, &view) == napi_ok &&
         napi_get_typedarray_info(env, view, nullptr, nullptr, nullptr, &result->buffer, &offset) == napi_ok &&
         napi_get_arraybuffer_info(env, result->buffer, &result->data, &whole) == napi_ok && offset == 0 &&
         whole == bytes;
}

void clearPendingException(napi_env env) noexcept {
  bool pending = false;
  napi_value exception = nullptr;
  if (napi_is_exception_pending(env, &pending) == napi_ok && pending) {
    napi_get_and_clear_last_exception(env, &exception);
  }
}

}  // namespace

Result makeResult(Napi::Env env, int64_t bytes) {
  Result result;
  if (static_cast<uint64_t>(bytes) <= std::numeric_limits<std::size_t>::max()) {
    const auto size = static_cast<std::size_t>(bytes);
    const KeptHeap heap(size);
    if (isThereMemory(size)) {
      bool made = makeBuffer(env, size, &result);
      if (!made) {
        clearPendingException(env);
        made = napi_create_arraybuffer(env, size, &result.data, &result.buffer) == napi_ok;
      }
      if (made) {
        prepareResult(result.data, size);
        return result;
      }
      clearPendingException(env);
    }
  }
  throw rangeError(
      env, "ERR_CONV1D_MEMORY",
      "no memory for a result of " + std::to_string(bytes) + " bytes; use smaller sizes or release other tensors");
}

}  // namespace conv1d::binding
