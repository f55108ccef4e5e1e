#include "binding/pool.h"

#include <cmath>

#include "binding/elements.h"
#include "binding/errors.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

// Rows that become longer or shorter: x is (rows, length), out (rows, outLength).
struct Resized {
  int64_t rows;
  int64_t length;
  int64_t outLength;
  ElementSpan x;
  ElementSpan out;
};

Resized toResized(Napi::Env env, int64_t rows, int64_t length, int64_t outLength, napi_value x, napi_value out) {
  Resized resized = {rows, length, outLength, {}, {}};
  resized.out = toFloats(env, out, "out", product(env, {rows, outLength}));
  resized.x = toElements(env, x, "x", resized.out.kind, product(env, {rows, length}));
  requireApart(env, resized.out, resized.x, "x");
  return resized;
}

// The array of indices beside an `out`, or null.
ElementSpan toIndices(Napi::Env env, napi_value value, const Resized& resized) {
  const ElementSpan indices = toElementsOrNull(env, value, "indices", napi_bigint64_array, resized.out.length);
  requireApart(env, indices, resized.x, "x");
  requireApart(env, indices, resized.out, "indices");
  return indices;
}

// (rows, length, kernelSize, stride, padding, dilation, outLength, x, out, indices or null)
void maxPoolInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const PoolShape shape = toMaxPoolShape(info);
  const Resized resized = toResized(env, shape.rows, shape.length, shape.outLength, info[7], info[8]);
  const ElementSpan indices = toIndices(env, info[9], resized);
  forFloats(resized.out, [&]<typename T>(T) {
    requireOk(env,
              maxPool<T>(activeKernelsFor<T>(), shape, resized.x.as<T>(), resized.out.as<T>(), indices.as<int64_t>(),
                         getNumThreads()),
              "pooling");
  });
}

// (rows, length, kernelSize, stride, padding, outLength, countsPadding, x, out)
void avgPoolInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const PoolShape shape = toAvgPoolShape(info);
  const bool countsPadding = toBoolean(env, info[6], "countIncludePad");
  const Resized resized = toResized(env, shape.rows, shape.length, shape.outLength, info[7], info[8]);
  forFloats(resized.out, [&]<typename T>(T) {
    requireOk(env,
              avgPool<T>(activeKernelsFor<T>(), shape, countsPadding, resized.x.as<T>(), resized.out.as<T>(),
                         getNumThreads()),
              "pooling");
  });
}

// (rows, length, outLength, x, out, indices or null)
void adaptiveMaxPoolInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const AdaptiveShape shape = toAdaptiveShape(info);
  const Resized resized = toResized(env, shape.rows, shape.length, shape.outLength, info[3], info[4]);
  const ElementSpan indices = toIndices(env, info[5], resized);
  forFloats(resized.out, [&]<typename T>(T) {
    requireOk(env,
              adaptiveMaxPool<T>(activeKernelsFor<T>(), shape, resized.x.as<T>(), resized.out.as<T>(),
                                 indices.as<int64_t>(), getNumThreads()),
              "pooling");
  });
}

// (rows, length, outLength, x, out)
void adaptiveAvgPoolInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const AdaptiveShape shape = toAdaptiveShape(info);
  const Resized resized = toResized(env, shape.rows, shape.length, shape.outLength, info[3], info[4]);
  forFloats(resized.out, [&]<typename T>(T) {
    requireOk(env,
              adaptiveAvgPool<T>(activeKernelsFor<T>(), shape, resized.x.as<T>(), resized.out.as<T>(), getNumThreads()),
              "pooling");
  });
}

// (rows, length, outLength, scale or 0, x, out)
void upsampleNearestInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const UpsampleShape shape = toUpsampleShape(info, 3);
  const Resized resized = toResized(env, shape.rows, shape.length, shape.outLength, info[4], info[5]);
  forFloats(resized.out, [&]<typename T>(T) {
    requireOk(env,
              upsampleNearest<T>(activeKernelsFor<T>(), shape, resized.x.as<T>(), resized.out.as<T>(), getNumThreads()),
              "upsampling");
  });
}

// (rows, length, outLength, alignCorners, scale or 0, x, out)
void upsampleLinearInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const bool alignCorners = toBoolean(env, info[3], "alignCorners");
  const UpsampleShape shape = toUpsampleShape(info, 4);
  const Resized resized = toResized(env, shape.rows, shape.length, shape.outLength, info[5], info[6]);
  forFloats(resized.out, [&]<typename T>(T) {
    requireOk(env,
              upsampleLinear<T>(activeKernelsFor<T>(), shape, alignCorners, resized.x.as<T>(), resized.out.as<T>(),
                                getNumThreads()),
              "upsampling");
  });
}

}  // namespace

PoolShape toMaxPoolShape(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return {toInteger(env, info[0], "rows", 0),       toInteger(env, info[1], "length", 0),
          toInteger(env, info[2], "kernelSize", 1), toInteger(env, info[3], "stride", 1),
          toInteger(env, info[4], "padding", 0),    toInteger(env, info[5], "dilation", 1),
          toInteger(env, info[6], "outLength", 0)};
}

PoolShape toAvgPoolShape(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return {toInteger(env, info[0], "rows", 0),       toInteger(env, info[1], "length", 0),
          toInteger(env, info[2], "kernelSize", 1), toInteger(env, info[3], "stride", 1),
          toInteger(env, info[4], "padding", 0),    1,
          toInteger(env, info[5], "outLength", 0)};
}

AdaptiveShape toAdaptiveShape(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return {toInteger(env, info[0], "rows", 0), toInteger(env, info[1], "length", 1),
          toInteger(env, info[2], "outLength", 0)};
}

UpsampleShape toUpsampleShape(const Napi::CallbackInfo& info, std::size_t scale) {
  const Napi::Env env = info.Env();
  const double factor = toNumber(env, info[scale], "scale");
  if (!std::isfinite(factor) || factor < 0) {
    throw rangeError(env, "ERR_CONV1D_VALUE", "scale must be a finite number, 0 or more");
  }
  return {toInteger(env, info[0], "rows", 0), toInteger(env, info[1], "length", 1),
          toInteger(env, info[2], "outLength", 0), factor};
}

void definePool(Napi::Env env, Napi::Object exports) {
  exports.Set("maxPool", Napi::Function::New<maxPoolInto>(env, "maxPool"));
  exports.Set("avgPool", Napi::Function::New<avgPoolInto>(env, "avgPool"));
  exports.Set("adaptiveMaxPool", Napi::Function::New<adaptiveMaxPoolInto>(env, "adaptiveMaxPool"));
  exports.Set("adaptiveAvgPool", Napi::Function::New<adaptiveAvgPoolInto>(env, "adaptiveAvgPool"));
  exports.Set("upsampleNearest", Napi::Function::New<upsampleNearestInto>(env, "upsampleNearest"));
  exports.Set("upsampleLinear", Napi::Function::New<upsampleLinearInto>(env, "upsampleLinear"));
}

}  // namespace conv1d::binding
