#include "binding/sorting.h"

#include "binding/elements.h"
#include "binding/errors.h"
#include "core/sorting/cumsum.h"
#include "core/sorting/sort.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

// (outer, count, inner, x, out)
void cumsumInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t outer = toInteger(env, info[0], "outer", 0);
  const int64_t count = toInteger(env, info[1], "count", 0);
  const int64_t inner = toInteger(env, info[2], "inner", 0);
  const ElementSpan x = toElements(env, info[3], "x", product(env, {outer, count, inner}));
  const ElementSpan out = toElements(env, info[4], "out", x.isFloat() ? x.kind : napi_bigint64_array, x.length);
  requireApart(env, out, x, "x");
  if (x.length == 0) return;
  forElements(
      x, [&]<typename T>(T) { cumsum<T>(outer, count, inner, x.as<T>(), out.as<RunningSum<T>>(), getNumThreads()); });
}

// Values and where they came from.
struct Sorted {
  ElementSpan values;
  ElementSpan indices;
};

Sorted toSorted(const Napi::CallbackInfo& info, size_t first, const ElementSpan& x, int64_t results) {
  const Napi::Env env = info.Env();
  const Sorted sorted{toElements(env, info[first], "values", x.kind, results),
                      toElements(env, info[first + 1], "indices", napi_bigint64_array, results)};
  requireApart(env, sorted.values, x, "x");
  requireApart(env, sorted.indices, x, "x");
  requireApart(env, sorted.values, sorted.indices, "indices");
  return sorted;
}

// (isDescending, rows, count, x, values, indices)
void sortInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const bool isDescending = toBoolean(env, info[0], "isDescending");
  const int64_t rows = toInteger(env, info[1], "rows", 0);
  const int64_t count = toInteger(env, info[2], "count", 0);
  const ElementSpan x = toElements(env, info[3], "x", product(env, {rows, count}));
  const Sorted sorted = toSorted(info, 4, x, x.length);
  if (x.length == 0) return;
  forElements(x, [&]<typename T>(T) {
    requireOk(env,
              sort<T>(isDescending, rows, count, x.as<T>(), sorted.values.as<T>(), sorted.indices.as<int64_t>(),
                      getNumThreads()),
              "a sort");
  });
}

// (k, areLargest, rows, count, x, values, indices)
void topkInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t k = toInteger(env, info[0], "k", 0);
  const bool areLargest = toBoolean(env, info[1], "areLargest");
  const int64_t rows = toInteger(env, info[2], "rows", 0);
  const int64_t count = toInteger(env, info[3], "count", 0);
  if (k > count) throw rangeError(env, "ERR_CONV1D_VALUE", "k must be at most count");
  const ElementSpan x = toElements(env, info[4], "x", product(env, {rows, count}));
  const Sorted sorted = toSorted(info, 5, x, product(env, {rows, k}));
  if (x.length == 0 || k == 0) return;
  forElements(x, [&]<typename T>(T) {
    requireOk(env,
              topk<T>(k, areLargest, rows, count, x.as<T>(), sorted.values.as<T>(), sorted.indices.as<int64_t>(),
                      getNumThreads()),
              "a sort");
  });
}

}  // namespace

void defineSorting(Napi::Env env, Napi::Object exports) {
  exports.Set("cumsum", Napi::Function::New<cumsumInto>(env, "cumsum"));
  exports.Set("sort", Napi::Function::New<sortInto>(env, "sort"));
  exports.Set("topk", Napi::Function::New<topkInto>(env, "topk"));
}

}  // namespace conv1d::binding
