#include "binding/indexing.h"

#include "binding/elements.h"
#include "binding/errors.h"
#include "core/indexing/indexing.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

// An Int32Array or a BigInt64Array.
ElementSpan toIndexElements(Napi::Env env, napi_value value) {
  const ElementSpan indices = toElements(env, value, "indices");
  if (indices.kind != napi_bigint64_array && indices.kind != napi_int32_array) {
    throw typeError(env, "ERR_CONV1D_TYPE", "indices must be a BigInt64Array or an Int32Array");
  }
  return indices;
}

Indices checked(Napi::Env env, const ElementSpan& elements, int64_t limit) {
  const bool areWide = elements.kind == napi_bigint64_array;
  const Indices indices{elements.data, elements.length, areWide};
  const int64_t at = findOutside(indices, limit);
  if (at >= 0) {
    const int64_t index = areWide ? elements.as<int64_t>()[at] : elements.as<int32_t>()[at];
    throw rangeError(
        env, "ERR_CONV1D_VALUE",
        "index " + std::to_string(index) + " is out of bounds for a dimension of size " + std::to_string(limit));
  }
  return indices;
}

// (rows, width, x, indices, out)
void takeRowsInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t rows = toInteger(env, info[0], "rows", 0);
  const int64_t width = toInteger(env, info[1], "width", 0);
  const ElementSpan x = toElements(env, info[2], "x", product(env, {rows, width}));
  const ElementSpan elements = toIndexElements(env, info[3]);
  const ElementSpan out = toElements(env, info[4], "out", x.kind, product(env, {elements.length, width}));
  requireApart(env, out, x, "x");
  requireApart(env, out, elements, "indices");
  const Indices indices = checked(env, elements, rows);
  if (out.length == 0) return;
  takeRows(rows, static_cast<size_t>(width) * x.elementBytes(), x.data, indices, out.data, getNumThreads());
}

// (outer, count, inner, outCount, x, indices, out)
void gatherAlongInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const GatherShape shape{toInteger(env, info[0], "outer", 0), toInteger(env, info[1], "count", 0),
                          toInteger(env, info[2], "inner", 0), toInteger(env, info[3], "outCount", 0)};
  const ElementSpan x = toElements(env, info[4], "x", product(env, {shape.outer, shape.count, shape.inner}));
  const int64_t results = product(env, {shape.outer, shape.outCount, shape.inner});
  toIndexElements(env, info[5]);
  const ElementSpan elements = toElements(env, info[5], "indices", results);
  const ElementSpan out = toElements(env, info[6], "out", x.kind, results);
  requireApart(env, out, x, "x");
  requireApart(env, out, elements, "indices");
  const Indices indices = checked(env, elements, shape.count);
  if (results == 0) return;
  gatherAlong(shape, x.elementBytes(), x.data, indices, out.data, getNumThreads());
}

// (outer, count, inner, outCount, x, indices, out)
void scatterAddInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const GatherShape shape{toInteger(env, info[0], "outer", 0), toInteger(env, info[1], "count", 0),
                          toInteger(env, info[2], "inner", 0), toInteger(env, info[3], "outCount", 0)};
  const int64_t added = product(env, {shape.outer, shape.outCount, shape.inner});
  const ElementSpan x = toFloats(env, info[4], "x", added);
  toIndexElements(env, info[5]);
  const ElementSpan elements = toElements(env, info[5], "indices", added);
  const ElementSpan out =
      toElements(env, info[6], "out", x.kind, product(env, {shape.outer, shape.count, shape.inner}));
  requireApart(env, out, x, "x");
  requireApart(env, out, elements, "indices");
  const Indices indices = checked(env, elements, shape.count);
  if (out.length == 0) return;
  forFloats(out, [&]<typename T>(T) { scatterAdd<T>(shape, x.as<T>(), indices, out.as<T>(), getNumThreads()); });
}

// (rows, width, x, indices, out)
void addRowsInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t rows = toInteger(env, info[0], "rows", 0);
  const int64_t width = toInteger(env, info[1], "width", 0);
  const ElementSpan out = toFloats(env, info[4], "out", product(env, {rows, width}));
  const ElementSpan elements = toIndexElements(env, info[3]);
  const ElementSpan x = toElements(env, info[2], "x", out.kind, product(env, {elements.length, width}));
  requireApart(env, out, x, "x");
  requireApart(env, out, elements, "indices");
  const Indices indices = checked(env, elements, rows);
  if (out.length == 0) return;
  forFloats(out, [&]<typename T>(T) {
    addRows<T>(activeKernelsFor<T>(), rows, width, x.as<T>(), indices, out.as<T>(), getNumThreads());
  });
}

}  // namespace

void defineIndexing(Napi::Env env, Napi::Object exports) {
  exports.Set("takeRows", Napi::Function::New<takeRowsInto>(env, "takeRows"));
  exports.Set("scatterAdd", Napi::Function::New<scatterAddInto>(env, "scatterAdd"));
  exports.Set("addRows", Napi::Function::New<addRowsInto>(env, "addRows"));
  exports.Set("gatherAlong", Napi::Function::New<gatherAlongInto>(env, "gatherAlong"));
}

}  // namespace conv1d::binding
