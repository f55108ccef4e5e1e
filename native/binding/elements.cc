#include "binding/elements.h"

#include <algorithm>

#include "binding/errors.h"
#include "core/checked_math.h"

namespace conv1d::binding {
namespace {

struct Kind {
  napi_typedarray_type type;
  const char* name;
  std::size_t bytes;
};

constexpr Kind kKinds[] = {
    {napi_float32_array, "a Float32Array", 4}, {napi_float64_array, "a Float64Array", 8},
    {napi_int32_array, "an Int32Array", 4},    {napi_bigint64_array, "a BigInt64Array", 8},
    {napi_uint8_array, "a Uint8Array", 1},
};

const Kind* findKind(napi_typedarray_type type) {
  const auto* const kind =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return k.type == type; });
  return kind == std::end(kKinds) ? nullptr : kind;
}

}  // namespace

ElementSpan toElements(Napi::Env env, napi_value value, const char* name) {
  napi_typedarray_type type = napi_int8_array;
  std::size_t length = 0;
  void* data = nullptr;
  const bool isTypedArray = napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) == napi_ok;
  const Kind* const kind = isTypedArray ? findKind(type) : nullptr;
  if (kind == nullptr) {
    throw typeError(
        env, "ERR_CONV1D_TYPE",
        std::string(name) + " must be a Float32Array, a Float64Array, an Int32Array, a BigInt64Array or a Uint8Array");
  }
  return {{data, static_cast<int64_t>(length), length * kind->bytes}, type, kind->bytes};
}

ElementSpan toElements(Napi::Env env, napi_value value, const char* name, int64_t length) {
  const ElementSpan elements = toElements(env, value, name);
  requireLength(env, elements, name, length);
  return elements;
}

ElementSpan toElements(Napi::Env env, napi_value value, const char* name, napi_typedarray_type kind) {
  const ElementSpan elements = toElements(env, value, name);
  if (elements.kind == kind) return elements;
  throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be " + findKind(kind)->name);
}

ElementSpan toElements(Napi::Env env, napi_value value, const char* name, napi_typedarray_type kind, int64_t length) {
  const ElementSpan elements = toElements(env, value, name, kind);
  requireLength(env, elements, name, length);
  return elements;
}

void requireFloats(Napi::Env env, const ElementSpan& elements, const char* name) {
  if (!elements.isFloat()) {
    throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be a Float32Array or a Float64Array");
  }
}

bool toBoolean(Napi::Env env, napi_value value, const char* name) {
  bool result = false;
  if (napi_get_value_bool(env, value, &result) != napi_ok) {
    throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be true or false");
  }
  return result;
}

int64_t product(Napi::Env env, std::initializer_list<int64_t> sizes) {
  if (std::find(sizes.begin(), sizes.end(), 0) != sizes.end()) return 0;
  int64_t count = 1;
  for (const int64_t size : sizes) {
    if (!checkedMultiply(count, size, &count)) throw rangeError(env, "ERR_CONV1D_SHAPE", "the sizes are too large");
  }
  return count;
}

void requireOk(Napi::Env env, Status status, const char* what) {
  if (status == Status::kOk) return;
  if (status == Status::kOutOfMemory) {
    throw rangeError(env, "ERR_CONV1D_MEMORY", std::string("there is no memory left for ") + what);
  }
  throw rangeError(env, "ERR_CONV1D_SHAPE", std::string("the sizes do not fit ") + what);
}

}  // namespace conv1d::binding
