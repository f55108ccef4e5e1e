#include "binding/reductions.h"

#include "binding/elements.h"
#include "binding/errors.h"
#include "core/reduce/fold_channels.h"
#include "core/reduce/softmax.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

// The elements that a reduction takes, and what it makes of them.
napi_typedarray_type resultKind(Napi::Env env, Reduction reduction, const ElementSpan& x) {
  if (reduction == kReduceAny || reduction == kReduceAll) {
    if (x.kind != napi_uint8_array) throw typeError(env, "ERR_CONV1D_TYPE", "x must be a Uint8Array");
    return x.kind;
  }
  if (x.isFloat()) return x.kind;
  if (reduction == kReduceMean || reduction == kReduceVariance || reduction == kReduceNorm) {
    throw typeError(env, "ERR_CONV1D_TYPE", "x must be a Float32Array or a Float64Array");
  }
  return isWidening(reduction) ? napi_bigint64_array : x.kind;
}

// (function, outer, count, inner, correction, x, out)
void reduceInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto reduction = static_cast<Reduction>(toFunctionNumber(env, info[0], kReductions));
  const FoldShape shape = toFoldShape(info, 1);
  const double correction = toNumber(env, info[4], "correction");
  const ElementSpan x = toElements(env, info[5], "x", product(env, {shape.outer, shape.count, shape.inner}));
  const int64_t results = product(env, {shape.outer, shape.inner});
  const ElementSpan out = toElements(env, info[6], "out", resultKind(env, reduction, x), results);
  requireApart(env, out, x, "x");
  if (results == 0) return;
  if (reduction == kReduceMaximum || reduction == kReduceMinimum) requireAnElement(env, shape);
  if (!x.isFloat()) {
    forIntegers(x, [&]<typename T>(T) { reduceIntegers<T>(reduction, shape, x.as<T>(), out.data, getNumThreads()); });
    return;
  }
  forFloats(x, [&]<typename T>(T) {
    requireOk(env,
              reduce<T>(activeKernelsFor<T>(), reduction, shape, correction, x.as<T>(), out.as<T>(), getNumThreads()),
              "a reduction");
  });
}

// (isLargest, outer, count, inner, x, out)
void findExtremeInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const bool isLargest = toBoolean(env, info[0], "isLargest");
  const FoldShape shape = toFoldShape(info, 1);
  const ElementSpan x = toElements(env, info[4], "x", product(env, {shape.outer, shape.count, shape.inner}));
  const int64_t results = product(env, {shape.outer, shape.inner});
  const ElementSpan out = toElements(env, info[5], "out", napi_bigint64_array, results);
  requireApart(env, out, x, "x");
  if (results == 0) return;
  requireAnElement(env, shape);
  const auto run = [&]<typename T>(T) {
    if constexpr (std::is_floating_point_v<T>) {
      return findExtreme<T>(activeKernelsFor<T>(), isLargest, shape, x.as<T>(), out.as<int64_t>(), getNumThreads());
    } else {
      return findExtreme<T>(isLargest, shape, x.as<T>(), out.as<int64_t>(), getNumThreads());
    }
  };
  forElements(x, [&](auto zero) { requireOk(env, run(zero), "a search"); });
}

// (isLog, rows, count, x, out)
void softmaxInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const bool isLog = toBoolean(env, info[0], "isLog");
  const int64_t rows = toInteger(env, info[1], "rows", 0);
  const int64_t count = toInteger(env, info[2], "count", 0);
  const ElementSpan x = toFloats(env, info[3], "x", product(env, {rows, count}));
  const ElementSpan out = toElements(env, info[4], "out", x.kind, x.length);
  requireApart(env, out, x, "x");
  if (x.length == 0) return;
  forFloats(x, [&]<typename T>(T) {
    softmax<T>(activeKernelsFor<T>(), isLog, rows, count, x.as<T>(), out.as<T>(), getNumThreads());
  });
}

// (batch, channels, length, x, out)
void sumChannelsInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ChannelsShape shape{toInteger(env, info[0], "batch", 0), toInteger(env, info[1], "channels", 0),
                            toInteger(env, info[2], "length", 0)};
  const ElementSpan x = toFloats(env, info[3], "x", product(env, {shape.batch, shape.channels, shape.length}));
  const ElementSpan out = toElements(env, info[4], "out", x.kind, shape.channels);
  requireApart(env, out, x, "x");
  if (shape.channels == 0) return;
  forFloats(x, [&]<typename T>(T) {
    requireOk(env, sumChannels<T>(activeKernelsFor<T>(), shape, x.as<T>(), out.as<T>(), getNumThreads()),
              "sums of channels");
  });
}

}  // namespace

FoldShape toFoldShape(const Napi::CallbackInfo& info, std::size_t first) {
  return {toInteger(info.Env(), info[first], "outer", 0), toInteger(info.Env(), info[first + 1], "count", 0),
          toInteger(info.Env(), info[first + 2], "inner", 0)};
}

void requireAnElement(Napi::Env env, const FoldShape& shape) {
  if (shape.count == 0) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", "an extreme needs at least one element");
  }
}

void defineReductions(Napi::Env env, Napi::Object exports) {
  exports.Set("reduce", Napi::Function::New<reduceInto>(env, "reduce"));
  exports.Set("findExtreme", Napi::Function::New<findExtremeInto>(env, "findExtreme"));
  exports.Set("sumChannels", Napi::Function::New<sumChannelsInto>(env, "sumChannels"));
  exports.Set("softmax", Napi::Function::New<softmaxInto>(env, "softmax"));
}

}  // namespace conv1d::binding
