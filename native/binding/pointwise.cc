#include "binding/pointwise.h"

#include <cstdint>
#include <type_traits>

#include "binding/elements.h"
#include "binding/errors.h"
#include "binding/strided.h"
#include "core/pointwise/compare.h"
#include "core/pointwise/convert.h"
#include "core/pointwise/copy.h"
#include "core/pointwise/integers.h"
#include "core/pointwise/pointwise.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

// (function, x, a, b, out)
void unary(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto function = static_cast<UnaryFunction>(toFunctionNumber(env, info[0], kUnaryFunctions));
  const double a = toNumber(env, info[2], "a");
  const double b = toNumber(env, info[3], "b");
  const ElementSpan out = toFloats(env, info[4], "out");
  const ElementSpan x = toElements(env, info[1], "x", out.kind, out.length);
  if (out.length == 0) return;
  if (out.data != x.data) requireApart(env, out, x, "x");
  const StandardFloatMode mode;  // a and b are rounded
  forFloats(out, [&]<typename T>(T) {
    applyUnary<T>(activeKernelsFor<T>(), function,
                  {x.as<T>(), out.as<T>(), out.length, static_cast<T>(a), static_cast<T>(b)}, getNumThreads());
  });
}

// (function, shape, x, xOffset, xStrides, y, yOffset, yStrides, out)
void binary(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto function = static_cast<BinaryFunction>(toFunctionNumber(env, info[0], kBinaryFunctions));
  const Integers shape = toIntegers(env, info[1], "shape");
  const Steps xSteps = toSteps(info, 2, "x");
  const Steps ySteps = toSteps(info, 5, "y");
  const int64_t count = product(env, shape.span());
  const ElementSpan out = toElements(env, info[8], "out", count);
  const ElementSpan x = toElements(env, info[2], "x", out.kind);
  const ElementSpan y = toElements(env, info[5], "y", out.kind);
  if (count == 0) return;
  requireInside(env, x, xSteps, shape, "x");
  requireInside(env, y, ySteps, shape, "y");
  requireApart(env, out, x, "x");
  requireApart(env, out, y, "y");
  forElements(out, [&]<typename T>(T) {
    const StridedInput<T> left = stridedInput<T>(x, xSteps);
    const StridedInput<T> right = stridedInput<T>(y, ySteps);
    if constexpr (std::is_floating_point_v<T>) {
      requireDense(env, shape, xSteps.strides);
      requireDense(env, shape, ySteps.strides);
      applyBinary<T>(activeKernelsFor<T>(), function, shape.span(), left, right, out.as<T>(), getNumThreads());
    } else {
      if (!hasIntegerFunction<T>(function)) {
        throw rangeError(env, "ERR_CONV1D_VALUE", "integers have no such function");
      }
      applyInteger<T>(function, shape.span(), left, right, out.as<T>(), getNumThreads());
    }
  });
}

// (comparison, shape, x, xOffset, xStrides, y, yOffset, yStrides, out)
void compareElements(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto comparison = static_cast<Comparison>(toFunctionNumber(env, info[0], kComparisons));
  const Integers shape = toIntegers(env, info[1], "shape");
  const Steps xSteps = toSteps(info, 2, "x");
  const Steps ySteps = toSteps(info, 5, "y");
  const int64_t count = product(env, shape.span());
  const ElementSpan out = toElements(env, info[8], "out", napi_uint8_array, count);
  const ElementSpan x = toElements(env, info[2], "x");
  const ElementSpan y = toElements(env, info[5], "y", x.kind);
  if (count == 0) return;
  requireInside(env, x, xSteps, shape, "x");
  requireInside(env, y, ySteps, shape, "y");
  requireApart(env, out, x, "x");
  requireApart(env, out, y, "y");
  forElements(x, [&]<typename T>(T) {
    compare<T>(comparison, shape.span(), stridedInput<T>(x, xSteps), stridedInput<T>(y, ySteps), out.as<uint8_t>(),
               getNumThreads());
  });
}

// (shape, condition, offset, strides, x, xOffset, xStrides, y, yOffset, yStrides, out)
void chooseElements(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Integers shape = toIntegers(env, info[0], "shape");
  const Steps conditionSteps = toSteps(info, 1, "condition");
  const Steps xSteps = toSteps(info, 4, "x");
  const Steps ySteps = toSteps(info, 7, "y");
  const int64_t count = product(env, shape.span());
  const ElementSpan out = toElements(env, info[10], "out", count);
  const ElementSpan condition = toElements(env, info[1], "condition", napi_uint8_array);
  const ElementSpan x = toElements(env, info[4], "x", out.kind);
  const ElementSpan y = toElements(env, info[7], "y", out.kind);
  if (count == 0) return;
  requireInside(env, condition, conditionSteps, shape, "condition");
  requireInside(env, x, xSteps, shape, "x");
  requireInside(env, y, ySteps, shape, "y");
  requireApart(env, out, condition, "condition");
  requireApart(env, out, x, "x");
  requireApart(env, out, y, "y");
  forElements(out, [&]<typename T>(T) {
    choose<T>(shape.span(), stridedInput<uint8_t>(condition, conditionSteps), stridedInput<T>(x, xSteps),
              stridedInput<T>(y, ySteps), out.as<T>(), getNumThreads());
  });
}

// (shape, x, xOffset, xStrides, out, outOffset, outStrides)
void copyElements(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Integers shape = toIntegers(env, info[0], "shape");
  const Steps xSteps = toSteps(info, 1, "x", -kMaxInteger);
  const Steps outSteps = toSteps(info, 4, "out");
  const ElementSpan x = toElements(env, info[1], "x");
  const ElementSpan out = toElements(env, info[4], "out", x.kind);
  const int64_t count = product(env, shape.span());
  if (count == 0) return;
  requireInside(env, x, xSteps, shape, "x");
  requireInside(env, out, outSteps, shape, "out");
  // With strides of 0, a shape of any size would lie inside, and the copy take forever.
  if (count > out.length) throw rangeError(env, "ERR_CONV1D_SHAPE", "out has fewer elements than are copied");
  requireApart(env, out, x, "x");
  const auto run = [&]<typename T>(T) {
    copyView<T>(shape.span(), stridedInput<T>(x, xSteps), {out.as<T>() + outSteps.offset, outSteps.strides.span()},
                getNumThreads());
  };
  switch (x.elementBytes()) {
    case sizeof(uint8_t):
      return run(uint8_t{});
    case sizeof(uint32_t):
      return run(uint32_t{});
    default:
      return run(uint64_t{});
  }
}

// (x, out)
void convertElements(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ElementSpan out = toElements(env, info[1], "out");
  const ElementSpan x = toElements(env, info[0], "x", out.length);
  requireApart(env, out, x, "x");
  forElements(x, [&]<typename In>(In) {
    forElements(out,
                [&]<typename Out>(Out) { convert<In, Out>(x.as<In>(), out.as<Out>(), out.length, getNumThreads()); });
  });
}

}  // namespace

void definePointwise(Napi::Env env, Napi::Object exports) {
  exports.Set("unary", Napi::Function::New<unary>(env, "unary"));
  exports.Set("binary", Napi::Function::New<binary>(env, "binary"));
  exports.Set("compare", Napi::Function::New<compareElements>(env, "compare"));
  exports.Set("choose", Napi::Function::New<chooseElements>(env, "choose"));
  exports.Set("copy", Napi::Function::New<copyElements>(env, "copy"));
  exports.Set("convert", Napi::Function::New<convertElements>(env, "convert"));
}

}  // namespace conv1d::binding
