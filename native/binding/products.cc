#include "binding/products.h"

#include <cstdint>

#include "binding/arguments.h"
#include "binding/elements.h"
#include "binding/errors.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

// Of (batch..., rows, columns).
Reach reachOf(Napi::Env env, int64_t length, const Steps& steps, const Integers& batch, int64_t rows, int64_t columns,
              const char* name) {
  Integers shape = batch;
  shape.values[shape.count++] = rows;
  shape.values[shape.count++] = columns;
  return binding::reachOf(env, length, steps, shape, name);
}

// Where nothing is read, offsets and strides are any, and nobody may multiply them.
Steps nowhere(std::size_t dimensions) { return {0, {{}, dimensions}}; }

// (batch, m, k, n, a, aOffset, aStrides, b, bOffset, bStrides, out)
void matmulInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Factors factors = toFactors(info);
  const ElementSpan out = toFloats(env, info[10], "out", factors.results);
  const ElementSpan a = toElements(env, info[4], "a", out.kind);
  const ElementSpan b = toElements(env, info[7], "b", out.kind);
  if (out.length == 0) return;
  reachesOf(env, &factors, a.length, b.length);
  requireApart(env, out, a, "a");
  requireApart(env, out, b, "b");
  forFloats(out, [&]<typename T>(T) {
    requireOk(
        env,
        matmul<T>(activeKernelsFor<T>(), factors.shape(), factors.matrices(static_cast<const T*>(a.data), factors.a),
                  factors.matrices(static_cast<const T*>(b.data), factors.b), out.as<T>(), getNumThreads()),
        "a product of matrices");
  });
}

}  // namespace

Factors toFactors(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Factors factors{};
  factors.batch = toIntegers(env, info[0], "batch");
  const std::size_t dimensions = factors.batch.count + 2;
  if (dimensions > kMaxDimensions) throw rangeError(env, "ERR_CONV1D_SHAPE", "batch has too many dimensions");
  factors.m = toInteger(env, info[1], "m", 0);
  factors.k = toInteger(env, info[2], "k", 0);
  factors.n = toInteger(env, info[3], "n", 0);
  factors.a = toSteps(info, 4, "a");
  factors.b = toSteps(info, 7, "b");
  if (factors.a.strides.count != dimensions || factors.b.strides.count != dimensions) {
    throw rangeError(env, "ERR_CONV1D_SHAPE",
                     "a and b need a stride for each batch dimension, the rows and the columns");
  }
  Integers shape = factors.batch;
  shape.values[shape.count++] = factors.m;
  shape.values[shape.count++] = factors.n;
  factors.results = product(env, shape.span());
  return factors;
}

FactorReaches reachesOf(Napi::Env env, Factors* factors, int64_t aLength, int64_t bLength) {
  const std::size_t dimensions = factors->batch.count + 2;
  if (factors->k == 0) {
    factors->a = factors->b = nowhere(dimensions);
    return {};
  }
  // Sizes beyond the memory there is would take forever.
  if (factors->k > 1 &&
      (factors->a.strides.values[dimensions - 1] == 0 || factors->b.strides.values[dimensions - 2] == 0)) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", "the columns of a and the rows of b must have strides of 1 or more");
  }
  return {reachOf(env, aLength, factors->a, factors->batch, factors->m, factors->k, "a"),
          reachOf(env, bLength, factors->b, factors->batch, factors->k, factors->n, "b")};
}

void defineProducts(Napi::Env env, Napi::Object exports) {
  exports.Set("matmul", Napi::Function::New<matmulInto>(env, "matmul"));
}

}  // namespace conv1d::binding
