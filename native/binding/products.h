// Products of matrices.
#pragma once

#include <napi.h>

#include "binding/strided.h"
#include "core/matmul/matmul.h"

namespace conv1d::binding {

// Two batches of matrices: their steps have strides of the batch dimensions, then of the rows and the columns.
struct Factors {
  Integers batch;
  int64_t m;
  int64_t k;
  int64_t n;
  Steps a;
  Steps b;
  int64_t results;  // elements of the product

  MatmulShape shape() const { return {batch.span(), m, k, n}; }

  template <typename T>
  MatrixBatch<T> matrices(const T* data, const Steps& steps) const {
    const std::size_t count = batch.count;
    return {data + steps.offset, steps.strides.span().first(count), steps.strides.values[count],
            steps.strides.values[count + 1]};
  }
};

// The arguments (batch, m, k, n, a, aOffset, aStrides, b, bOffset, bStrides), but for the two arrays.
Factors toFactors(const Napi::CallbackInfo& info);

// What of memory of these lengths is read, where there are results; throws unless it lies inside. Afterwards the
// factors' steps are good to be multiplied.
struct FactorReaches {
  Reach a;
  Reach b;
};
FactorReaches reachesOf(Napi::Env env, Factors* factors, int64_t aLength, int64_t bLength);

void defineProducts(Napi::Env env, Napi::Object exports);

}  // namespace conv1d::binding
