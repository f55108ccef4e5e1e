#include "binding/pointwise.h"

#include <cstdint>
#include <string>

#include "binding/arguments.h"
#include "binding/errors.h"
#include "binding/views.h"
#include "core/pointwise/pointwise.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

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

// Whether neighbours in the last dimension that is longer than 1 are neighbours in memory, or one element.
bool isDense(const Integers& shape, const Integers& strides) {
  size_t last = shape.count;
  while (last > 0 && shape.values[last - 1] == 1) last--;
  return last == 0 || strides.values[last - 1] <= 1;
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
