#include "binding/elements.h"

#include <algorithm>
#include <string>

#include "binding/errors.h"

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

const Kind* findKind(napi_typedarray_type type) noexcept {
  const auto* const kind =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return k.type == type; });
  return kind == std::end(kKinds) ? nullptr : kind;
}

// False, unless the value is a typed array of one of the kinds.
bool readElements(Napi::Env env, napi_value value, ElementSpan* elements) noexcept {
  napi_typedarray_type type = napi_int8_array;
  std::size_t length = 0;
  void* data = nullptr;
  // Not napi_get_arraybuffer_info: Node 20 refuses a SharedArrayBuffer there.
  if (napi_get_typedarray_info(env, value, &type, &length, &data, nullptr, nullptr) != napi_ok) return false;
  const Kind* const kind = findKind(type);
  if (kind == nullptr) return false;
  *elements = {data, static_cast<int64_t>(length), length * kind->bytes, type};
  return true;
}

[[noreturn]] void refuse(Napi::Env env, const char* name, const char* expected) {
  throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be " + expected);
}

void requireLength(Napi::Env env, const ElementSpan& elements, const char* name, int64_t length) {
  if (elements.length == 0 && length > 0) {
    throw typeError(env, "ERR_CONV1D_DETACHED",
                    std::string(name) + " has no memory: its ArrayBuffer was detached, transferred or shrunk");
  }
  if (elements.length != length) {
    throw rangeError(env, "ERR_CONV1D_SHAPE",
                     std::string(name) + " must have " + std::to_string(length) + " elements, but has " +
                         std::to_string(elements.length));
  }
}

}  // namespace

std::size_t ElementSpan::elementBytes() const noexcept { return findKind(kind)->bytes; }

ElementSpan toElements(Napi::Env env, napi_value value, const char* name) {
  ElementSpan elements;
  if (!readElements(env, value, &elements)) {
    refuse(env, name, "a Float32Array, a Float64Array, an Int32Array, a BigInt64Array or a Uint8Array");
  }
  return elements;
}

ElementSpan toElements(Napi::Env env, napi_value value, const char* name, int64_t length) {
  const ElementSpan elements = toElements(env, value, name);
  requireLength(env, elements, name, length);
  return elements;
}

ElementSpan toElements(Napi::Env env, napi_value value, const char* name, napi_typedarray_type kind) {
  ElementSpan elements;
  if (!readElements(env, value, &elements) || elements.kind != kind) refuse(env, name, findKind(kind)->name);
  return elements;
}

ElementSpan toElements(Napi::Env env, napi_value value, const char* name, napi_typedarray_type kind, int64_t length) {
  const ElementSpan elements = toElements(env, value, name, kind);
  requireLength(env, elements, name, length);
  return elements;
}

ElementSpan toElementsOrNull(Napi::Env env, napi_value value, const char* name, napi_typedarray_type kind,
                             int64_t length) {
  return isNull(env, value) ? ElementSpan{} : toElements(env, value, name, kind, length);
}

ElementSpan toFloats(Napi::Env env, napi_value value, const char* name) {
  ElementSpan elements;
  if (!readElements(env, value, &elements) || !elements.isFloat()) {
    refuse(env, name, "a Float32Array or a Float64Array");
  }
  return elements;
}

ElementSpan toFloats(Napi::Env env, napi_value value, const char* name, int64_t length) {
  const ElementSpan elements = toFloats(env, value, name);
  requireLength(env, elements, name, length);
  return elements;
}

bool isShared(Napi::Env env, napi_value array) {
  napi_value buffer = nullptr;
  bool isArrayBuffer = true;
  return napi_get_typedarray_info(env, array, nullptr, nullptr, nullptr, &buffer, nullptr) == napi_ok &&
         napi_is_arraybuffer(env, buffer, &isArrayBuffer) == napi_ok && !isArrayBuffer;
}

void requireApart(Napi::Env env, const ElementSpan& out, const ElementSpan& other, const char* name) {
  if (out.bytes == 0 || other.bytes == 0) return;
  const auto a = reinterpret_cast<std::uintptr_t>(out.data);
  const auto b = reinterpret_cast<std::uintptr_t>(other.data);
  if (a < b + other.bytes && b < a + out.bytes) {
    throw rangeError(env, "ERR_CONV1D_OVERLAP",
                     std::string("out shares memory with ") + name + "; give it memory of its own");
  }
}

void requireOk(Napi::Env env, Status status, const char* what) {
  switch (status) {
    case Status::kOk:
      return;
    case Status::kOutOfMemory:
      throw rangeError(env, "ERR_CONV1D_MEMORY", std::string("there is no memory left for ") + what);
    case Status::kOverflow:
      throw rangeError(env, "ERR_CONV1D_SHAPE", std::string("the sizes are too large for ") + what);
    default:
      throw rangeError(env, "ERR_CONV1D_VALUE", std::string("the sizes do not fit ") + what);
  }
}

}  // namespace conv1d::binding
