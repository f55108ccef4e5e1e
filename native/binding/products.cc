#include "binding/products.h"

#include <cstdint>
#include <string>

#include "binding/arguments.h"
#include "binding/errors.h"
#include "binding/views.h"
#include "core/matmul/matmul.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

// A batch of matrices: strides of its batch dimensions, then of its rows and columns.
struct Matrices {
  FloatSpan array;
  int64_t offset;
  Integers strides;

  template <typename T>
  MatrixBatch<T> as(size_t batchDimensions) const {
    return {elements<T>(array) + offset, strides.span().first(batchDimensions), strides.values[batchDimensions],
            strides.values[batchDimensions + 1]};
  }
};

// Throws unless all elements of (batch..., rows, columns) are there.
void requireInside(Napi::Env env, const Matrices& matrices, const Integers& batch, int64_t rows, int64_t columns,
                   const char* name) {
  Integers shape = batch;
  shape.values[shape.count++] = rows;
  shape.values[shape.count++] = columns;
  if (countOf(env, shape) == 0) return;  // nothing of it is read
  binding::requireInside(env, matrices.array, matrices.offset, matrices.strides, shape, name);
}

// (batch, m, k, n, a, aOffset, aStrides, b, bOffset, bStrides, out)
void matmulInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Integers batch = toIntegers(env, info[0], "batch");
  if (batch.count + 2 > kMaxDimensions) throw rangeError(env, "ERR_CONV1D_SHAPE", "batch has too many dimensions");
  const int64_t m = toInteger(env, info[1], "m", 0);
  const int64_t k = toInteger(env, info[2], "k", 0);
  const int64_t n = toInteger(env, info[3], "n", 0);
  Matrices a{{}, toInteger(env, info[5], "aOffset", 0), toIntegers(env, info[6], "aStrides")};
  Matrices b{{}, toInteger(env, info[8], "bOffset", 0), toIntegers(env, info[9], "bStrides")};
  if (a.strides.count != batch.count + 2 || b.strides.count != batch.count + 2) {
    throw rangeError(env, "ERR_CONV1D_SHAPE",
                     "a and b need a stride for each batch dimension, the rows and the columns");
  }
  const napi_typedarray_type kind = kindOf(env, info[10]);
  Integers shape = batch;
  shape.values[shape.count++] = m;
  shape.values[shape.count++] = n;
  const FloatSpan out = toFloats(env, info[10], "out", kind, countOf(env, shape));
  a.array = toFloats(env, info[4], "a", kind);
  b.array = toFloats(env, info[7], "b", kind);
  if (out.length == 0) return;
  // Sizes beyond the memory there is would take forever.
  if (k > 1 && (a.strides.values[batch.count + 1] == 0 || b.strides.values[batch.count] == 0)) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", "the columns of a and the rows of b must have strides of 1 or more");
  }
  requireInside(env, a, batch, m, k, "a");
  requireInside(env, b, batch, k, n, "b");
  requireApart(env, out, a.array, "a");
  requireApart(env, out, b.array, "b");
  if (k == 0) a.offset = b.offset = 0;
  const auto run = [&]<typename T>(T) {
    const Status status = matmul<T>(kernelsOf<T>(), {batch.span(), m, k, n}, a.as<T>(batch.count), b.as<T>(batch.count),
                                    elements<T>(out), getNumThreads());
    if (status != Status::kOk) throw rangeError(env, "ERR_CONV1D_MEMORY", "no memory to multiply matrices");
  };
  kind == napi_float32_array ? run(0.0f) : run(0.0);
}

}  // namespace

void defineProducts(Napi::Env env, Napi::Object exports) {
  exports.Set("matmul", Napi::Function::New<matmulInto>(env, "matmul"));
}

}  // namespace conv1d::binding
