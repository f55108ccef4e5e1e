#include "binding/pointwise.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "binding/arguments.h"
#include "binding/errors.h"
#include "core/checked_math.h"
#include "core/pointwise/pointwise.h"
#include "kernels/dispatch.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

template <typename T>
const Kernels<T>& kernelsOf() {
  if constexpr (sizeof(T) == sizeof(float)) {
    return activeKernels().f32;
  } else {
    return activeKernels().f64;
  }
}

double toNumber(Napi::Env env, napi_value value, const char* name) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok) {
    throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be a number");
  }
  return number;
}

int toFunction(Napi::Env env, napi_value value, int count) {
  const int64_t function = toInteger(env, value, "function", 0);
  if (function >= count) throw rangeError(env, "ERR_CONV1D_VALUE", "there is no function of this number");
  return static_cast<int>(function);
}

napi_typedarray_type kindOf(Napi::Env env, napi_value out) {
  napi_typedarray_type kind = napi_int8_array;
  if (napi_get_typedarray_info(env, out, &kind, nullptr, nullptr, nullptr, nullptr) != napi_ok ||
      (kind != napi_float32_array && kind != napi_float64_array)) {
    throw typeError(env, "ERR_CONV1D_TYPE", "out must be a Float32Array or a Float64Array");
  }
  return kind;
}

// Sizes or strides.
struct Integers {
  std::array<int64_t, kMaxDimensions> values;
  size_t count = 0;
  std::span<const int64_t> span() const { return {values.data(), count}; }
};

Integers toIntegers(Napi::Env env, napi_value value, const char* name) {
  bool isArray = false;
  uint32_t length = 0;
  if (napi_is_array(env, value, &isArray) != napi_ok || !isArray ||
      napi_get_array_length(env, value, &length) != napi_ok || length > kMaxDimensions) {
    throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be an array of at most 64 integers");
  }
  Integers integers;
  integers.count = length;
  for (uint32_t i = 0; i < length; i++) {
    napi_value element = nullptr;
    if (napi_get_element(env, value, i, &element) != napi_ok) {
      throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be a plain array");
    }
    integers.values[i] = toInteger(env, element, name, 0);
  }
  return integers;
}

int64_t countOf(Napi::Env env, const Integers& shape) {
  int64_t count = 1;
  for (const int64_t size : shape.span()) {
    if (size == 0) return 0;
  }
  for (const int64_t size : shape.span()) {
    if (!checkedMultiply(count, size, &count)) throw rangeError(env, "ERR_CONV1D_SHAPE", "shape is too large");
  }
  return count;
}

// Throws unless every element of the view lies in the array.
void requireInside(Napi::Env env, const FloatSpan& array, int64_t offset, const Integers& strides,
                   const Integers& shape, const char* name) {
  if (strides.count != shape.count) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", std::string(name) + " needs a stride for each size");
  }
  int64_t last = offset;
  for (size_t i = 0; i < shape.count; i++) {
    int64_t reach = 0;
    if (!checkedMultiply(shape.values[i] - 1, strides.values[i], &reach) || !checkedAdd(last, reach, &last)) {
      throw rangeError(env, "ERR_CONV1D_SHAPE", std::string(name) + " has strides that are too large");
    }
  }
  if (last >= array.length) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", std::string(name) + " has fewer elements than its view");
  }
}

// Whether neighbours in the last dimension that is longer than 1 are neighbours in memory, or one element.
bool isDense(const Integers& shape, const Integers& strides) {
  size_t last = shape.count;
  while (last > 0 && shape.values[last - 1] == 1) last--;
  return last == 0 || strides.values[last - 1] <= 1;
}

template <typename T>
T* elements(const FloatSpan& span) {
  return static_cast<T*>(span.data);
}

// (function, x, a, b, out)
void unary(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto function = static_cast<UnaryFunction>(toFunction(env, info[0], kUnaryFunctions));
  const double a = toNumber(env, info[2], "a");
  const double b = toNumber(env, info[3], "b");
  const napi_typedarray_type kind = kindOf(env, info[4]);
  const FloatSpan out = toFloats(env, info[4], "out", kind);
  const FloatSpan x = toFloats(env, info[1], "x", kind, out.length);
  if (out.length == 0) return;
  if (out.data != x.data) requireApart(env, out, x, "x");
  const auto run = [&]<typename T>(T) {
    applyUnary<T>(kernelsOf<T>(), function,
                  {elements<T>(x), elements<T>(out), out.length, static_cast<T>(a), static_cast<T>(b)},
                  getNumThreads());
  };
  kind == napi_float32_array ? run(0.0f) : run(0.0);
}

// (function, shape, x, xOffset, xStrides, y, yOffset, yStrides, out)
void binary(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto function = static_cast<BinaryFunction>(toFunction(env, info[0], kBinaryFunctions));
  const Integers shape = toIntegers(env, info[1], "shape");
  const int64_t xOffset = toInteger(env, info[3], "xOffset", 0);
  const Integers xStrides = toIntegers(env, info[4], "xStrides");
  const int64_t yOffset = toInteger(env, info[6], "yOffset", 0);
  const Integers yStrides = toIntegers(env, info[7], "yStrides");
  const napi_typedarray_type kind = kindOf(env, info[8]);
  const int64_t count = countOf(env, shape);
  const FloatSpan out = toFloats(env, info[8], "out", kind, count);
  const FloatSpan x = toFloats(env, info[2], "x", kind);
  const FloatSpan y = toFloats(env, info[5], "y", kind);
  if (count == 0) return;
  requireInside(env, x, xOffset, xStrides, shape, "x");
  requireInside(env, y, yOffset, yStrides, shape, "y");
  if (!isDense(shape, xStrides) || !isDense(shape, yStrides)) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", "the last stride must be 0 or 1");
  }
  requireApart(env, out, x, "x");
  requireApart(env, out, y, "y");
  const auto run = [&]<typename T>(T) {
    applyBinary<T>(kernelsOf<T>(), function, shape.span(), {elements<T>(x) + xOffset, xStrides.span()},
                   {elements<T>(y) + yOffset, yStrides.span()}, elements<T>(out), getNumThreads());
  };
  kind == napi_float32_array ? run(0.0f) : run(0.0);
}

// (shape, x, offset, strides, out)
void gatherInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Integers shape = toIntegers(env, info[0], "shape");
  const int64_t offset = toInteger(env, info[2], "offset", 0);
  const Integers strides = toIntegers(env, info[3], "strides");
  const napi_typedarray_type kind = kindOf(env, info[4]);
  const int64_t count = countOf(env, shape);
  const FloatSpan out = toFloats(env, info[4], "out", kind, count);
  const FloatSpan x = toFloats(env, info[1], "x", kind);
  if (count == 0) return;
  requireInside(env, x, offset, strides, shape, "x");
  requireApart(env, out, x, "x");
  const auto run = [&]<typename T>(T) {
    gather<T>(shape.span(), {elements<T>(x) + offset, strides.span()}, elements<T>(out), getNumThreads());
  };
  kind == napi_float32_array ? run(0.0f) : run(0.0);
}

}  // namespace

void definePointwise(Napi::Env env, Napi::Object exports) {
  exports.Set("unary", Napi::Function::New<unary>(env, "unary"));
  exports.Set("binary", Napi::Function::New<binary>(env, "binary"));
  exports.Set("gather", Napi::Function::New<gatherInto>(env, "gather"));
}

}  // namespace conv1d::binding
