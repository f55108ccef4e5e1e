#include "binding/operation_gradients.h"

#include "binding/elements.h"
#include "binding/errors.h"
#include "binding/pool.h"
#include "binding/reductions.h"
#include "core/backward/element_gradient.h"
#include "core/backward/gate_gradient.h"
#include "core/backward/pool_gradient.h"
#include "core/backward/softmax_gradient.h"
#include "core/backward/upsample_gradient.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

// (function, saved, gradient, a, b, out)
void elementGradientInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto function = static_cast<ElementGradientFunction>(toFunctionNumber(env, info[0], kElementGradients));
  const double a = toNumber(env, info[3], "a");
  const double b = toNumber(env, info[4], "b");
  const ElementSpan out = toFloats(env, info[5], "out");
  const ElementSpan saved = toElements(env, info[1], "saved", out.kind, out.length);
  const ElementSpan gradient = toElements(env, info[2], "gradient", out.kind, out.length);
  if (out.length == 0) return;
  if (out.data != saved.data) requireApart(env, out, saved, "saved");
  if (out.data != gradient.data) requireApart(env, out, gradient, "gradient");
  const StandardFloatMode mode;  // a and b are rounded
  forFloats(out, [&]<typename T>(T) {
    elementGradient<T>(activeKernelsFor<T>(), function,
                       {saved.as<T>(), gradient.as<T>(), out.as<T>(), out.length, static_cast<T>(a), static_cast<T>(b)},
                       getNumThreads());
  });
}

// (outer, size, x, gradient, out)
void gateGradientInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t outer = toInteger(env, info[0], "outer", 0);
  const int64_t size = toInteger(env, info[1], "size", 0);
  const ElementSpan out = toFloats(env, info[4], "out", product(env, {outer, 2, size}));
  const ElementSpan x = toElements(env, info[2], "x", out.kind, out.length);
  const ElementSpan gradient = toElements(env, info[3], "gradient", out.kind, out.length / 2);
  requireApart(env, out, x, "x");
  requireApart(env, out, gradient, "gradient");
  forFloats(out, [&]<typename T>(T) {
    gateGradient<T>(activeKernelsFor<T>(), outer, size, x.as<T>(), gradient.as<T>(), out.as<T>(), getNumThreads());
  });
}

// (isLog, outer, count, inner, y, gradient, out)
void softmaxGradientInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const bool isLog = toBoolean(env, info[0], "isLog");
  const FoldShape shape = toFoldShape(info, 1);
  const ElementSpan out = toFloats(env, info[6], "out", product(env, {shape.outer, shape.count, shape.inner}));
  const ElementSpan y = toElements(env, info[4], "y", out.kind, out.length);
  const ElementSpan gradient = toElements(env, info[5], "gradient", out.kind, out.length);
  requireApart(env, out, y, "y");
  requireApart(env, out, gradient, "gradient");
  if (out.length == 0) return;
  forFloats(out, [&]<typename T>(T) {
    requireOk(env,
              softmaxGradient<T>(activeKernelsFor<T>(), isLog, shape, y.as<T>(), gradient.as<T>(), out.as<T>(),
                                 getNumThreads()),
              "a gradient of softmax");
  });
}

// Rows that became longer or shorter: the gradient is (rows, outLength), that of x (rows, length), as x where the
// gradient depends on it.
struct Resized {
  ElementSpan x;
  ElementSpan gradient;
  ElementSpan out;
};

template <typename Shape>
Resized toResized(const Napi::CallbackInfo& info, const Shape& shape, std::size_t first, bool readsX) {
  const Napi::Env env = info.Env();
  Resized resized;
  resized.out = toFloats(env, info[first + (readsX ? 2 : 1)], "out", product(env, {shape.rows, shape.length}));
  const int64_t results = product(env, {shape.rows, shape.outLength});
  resized.gradient = toElements(env, info[first + (readsX ? 1 : 0)], "gradient", resized.out.kind, results);
  requireApart(env, resized.out, resized.gradient, "gradient");
  if (readsX) {
    resized.x = toElements(env, info[first], "x", resized.out.kind, resized.out.length);
    requireApart(env, resized.out, resized.x, "x");
  }
  return resized;
}

// (rows, length, kernelSize, stride, padding, dilation, outLength, x, gradient, out)
void maxPoolGradientInto(const Napi::CallbackInfo& info) {
  const PoolShape shape = toMaxPoolShape(info);
  const Resized resized = toResized(info, shape, 7, true);
  forFloats(resized.out, [&]<typename T>(T) {
    requireOk(info.Env(),
              maxPoolGradient<T>(activeKernelsFor<T>(), shape, resized.x.as<T>(), resized.gradient.as<T>(),
                                 resized.out.as<T>(), getNumThreads()),
              "a gradient of pooling");
  });
}

// (rows, length, kernelSize, stride, padding, outLength, countsPadding, gradient, out)
void avgPoolGradientInto(const Napi::CallbackInfo& info) {
  const PoolShape shape = toAvgPoolShape(info);
  const bool countsPadding = toBoolean(info.Env(), info[6], "countIncludePad");
  const Resized resized = toResized(info, shape, 7, false);
  forFloats(resized.out, [&]<typename T>(T) {
    requireOk(info.Env(),
              avgPoolGradient<T>(activeKernelsFor<T>(), shape, countsPadding, resized.gradient.as<T>(),
                                 resized.out.as<T>(), getNumThreads()),
              "a gradient of pooling");
  });
}

// (rows, length, outLength, x, gradient, out)
void adaptiveMaxPoolGradientInto(const Napi::CallbackInfo& info) {
  const AdaptiveShape shape = toAdaptiveShape(info);
  const Resized resized = toResized(info, shape, 3, true);
  forFloats(resized.out, [&]<typename T>(T) {
    requireOk(info.Env(),
              adaptiveMaxPoolGradient<T>(activeKernelsFor<T>(), shape, resized.x.as<T>(), resized.gradient.as<T>(),
                                         resized.out.as<T>(), getNumThreads()),
              "a gradient of pooling");
  });
}

// (rows, length, outLength, gradient, out)
void adaptiveAvgPoolGradientInto(const Napi::CallbackInfo& info) {
  const AdaptiveShape shape = toAdaptiveShape(info);
  const Resized resized = toResized(info, shape, 3, false);
  forFloats(resized.out, [&]<typename T>(T) {
    requireOk(info.Env(),
              adaptiveAvgPoolGradient<T>(activeKernelsFor<T>(), shape, resized.gradient.as<T>(), resized.out.as<T>(),
                                         getNumThreads()),
              "a gradient of pooling");
  });
}

// (rows, length, outLength, scale or 0, gradient, out)
void upsampleNearestGradientInto(const Napi::CallbackInfo& info) {
  const UpsampleShape shape = toUpsampleShape(info, 3);
  const Resized resized = toResized(info, shape, 4, false);
  forFloats(resized.out, [&]<typename T>(T) {
    requireOk(info.Env(),
              upsampleNearestGradient<T>(activeKernelsFor<T>(), shape, resized.gradient.as<T>(), resized.out.as<T>(),
                                         getNumThreads()),
              "a gradient of upsampling");
  });
}

// (rows, length, outLength, alignCorners, scale or 0, gradient, out)
void upsampleLinearGradientInto(const Napi::CallbackInfo& info) {
  const bool alignCorners = toBoolean(info.Env(), info[3], "alignCorners");
  const UpsampleShape shape = toUpsampleShape(info, 4);
  const Resized resized = toResized(info, shape, 5, false);
  forFloats(resized.out, [&]<typename T>(T) {
    requireOk(info.Env(),
              upsampleLinearGradient<T>(activeKernelsFor<T>(), shape, alignCorners, resized.gradient.as<T>(),
                                        resized.out.as<T>(), getNumThreads()),
              "a gradient of upsampling");
  });
}

}  // namespace

void defineOperationGradients(Napi::Env env, Napi::Object exports) {
  exports.Set("elementGradient", Napi::Function::New<elementGradientInto>(env, "elementGradient"));
  exports.Set("gateGradient", Napi::Function::New<gateGradientInto>(env, "gateGradient"));
  exports.Set("softmaxGradient", Napi::Function::New<softmaxGradientInto>(env, "softmaxGradient"));
  exports.Set("maxPoolGradient", Napi::Function::New<maxPoolGradientInto>(env, "maxPoolGradient"));
  exports.Set("avgPoolGradient", Napi::Function::New<avgPoolGradientInto>(env, "avgPoolGradient"));
  exports.Set("adaptiveMaxPoolGradient",
              Napi::Function::New<adaptiveMaxPoolGradientInto>(env, "adaptiveMaxPoolGradient"));
  exports.Set("adaptiveAvgPoolGradient",
              Napi::Function::New<adaptiveAvgPoolGradientInto>(env, "adaptiveAvgPoolGradient"));
  exports.Set("upsampleNearestGradient",
              Napi::Function::New<upsampleNearestGradientInto>(env, "upsampleNearestGradient"));
  exports.Set("upsampleLinearGradient", Napi::Function::New<upsampleLinearGradientInto>(env, "upsampleLinearGradient"));
}

}  // namespace conv1d::binding
