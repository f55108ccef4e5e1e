#include "binding/products.h"

#include <cstdint>

#include "binding/arguments.h"
#include "binding/elements.h"
#include "binding/errors.h"
#include "binding/strided.h"
#include "core/matmul/matmul.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

// A batch of matrices: strides of its batch dimensions, then of its rows and columns.
struct Matrices {
  ElementSpan array;
  Steps steps;

  int64_t stride(std::size_t dimension) const { return steps.strides.values[dimension]; }

  template <typename T>
  MatrixBatch<T> as(std::size_t batchDimensions) const {
    return {array.as<T>() + steps.offset, steps.strides.span().first(batchDimensions), stride(batchDimensions),
            stride(batchDimensions + 1)};
  }
};

// Throws unless all elements of (batch..., rows, columns) are there.
void requireInside(Napi::Env env, const Matrices& matrices, const Integers& batch, int64_t rows, int64_t columns,
                   const char* name) {
  Integers shape = batch;
  shape.values[shape.count++] = rows;
  shape.values[shape.count++] = columns;
  if (product(env, shape.span()) == 0) return;  // nothing of it is read
  binding::requireInside(env, matrices.array, matrices.steps, shape, name);
}

// Where nothing is read, offsets and strides are any, and nobody may multiply them.
Steps nowhere(std::size_t dimensions) { return {0, {{}, dimensions}}; }

// (batch, m, k, n, a, aOffset, aStrides, b, bOffset, bStrides, out)
void matmulInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Integers batch = toIntegers(env, info[0], "batch");
  if (batch.count + 2 > kMaxDimensions) throw rangeError(env, "ERR_CONV1D_SHAPE", "batch has too many dimensions");
  const int64_t m = toInteger(env, info[1], "m", 0);
  const int64_t k = toInteger(env, info[2], "k", 0);
  const int64_t n = toInteger(env, info[3], "n", 0);
  Matrices a{{}, toSteps(info, 4, "a")};
  Matrices b{{}, toSteps(info, 7, "b")};
  if (a.steps.strides.count != batch.count + 2 || b.steps.strides.count != batch.count + 2) {
    throw rangeError(env, "ERR_CONV1D_SHAPE",
                     "a and b need a stride for each batch dimension, the rows and the columns");
  }
  Integers shape = batch;
  shape.values[shape.count++] = m;
  shape.values[shape.count++] = n;
  const ElementSpan out = toFloats(env, info[10], "out", product(env, shape.span()));
  a.array = toElements(env, info[4], "a", out.kind);
  b.array = toElements(env, info[7], "b", out.kind);
  if (out.length == 0) return;
  // Sizes beyond the memory there is would take forever.
  if (k > 1 && (a.stride(batch.count + 1) == 0 || b.stride(batch.count) == 0)) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", "the columns of a and the rows of b must have strides of 1 or more");
  }
  requireInside(env, a, batch, m, k, "a");
  requireInside(env, b, batch, k, n, "b");
  requireApart(env, out, a.array, "a");
  requireApart(env, out, b.array, "b");
  if (k == 0) a.steps = b.steps = nowhere(batch.count + 2);
  forFloats(out, [&]<typename T>(T) {
    requireOk(env,
              matmul<T>(activeKernelsFor<T>(), {batch.span(), m, k, n}, a.as<T>(batch.count), b.as<T>(batch.count),
                        out.as<T>(), getNumThreads()),
              "a product of matrices");
  });
}

}  // namespace

void defineProducts(Napi::Env env, Napi::Object exports) {
  exports.Set("matmul", Napi::Function::New<matmulInto>(env, "matmul"));
}

}  // namespace conv1d::binding
