// Steps that reduce or combine rows.
#include "binding/errors.h"
#include "binding/network_steps.h"
#include "binding/norms.h"
#include "binding/products.h"
#include "binding/reductions.h"
#include "core/reduce/softmax.h"
#include "core/sorting/cumsum.h"

namespace conv1d::binding {

// (function, outer, count, inner, correction, x, out)
void addReduce(const StepCall& call) {
  const Napi::Env env = call.env();
  const auto reduction =
      static_cast<Reduction>(toFunctionNumber(env, call[0], kReduceAny));  // any and all are of bools
  const FoldShape shape = toFoldShape(call.info(), 1);
  const double correction = toNumber(env, call[4], "correction");
  const int64_t results = product(env, {shape.outer, shape.inner});
  const Operand x = call.read(5, "x", product(env, {shape.outer, shape.count, shape.inner}));
  const Operand out = call.written(6, "out", results);
  requireApart(env, out, x, "x");
  if (results == 0) return call.addNothing();
  if (reduction == kReduceMaximum || reduction == kReduceMinimum) requireAnElement(env, shape);
  call.add([=]<typename T>(const Kernels<T>& kernels, const Memory<T>& memory, int threads) {
    return reduce<T>(kernels, reduction, shape, correction, memory.read(x.place), memory.write(out.place), threads);
  });
}

// (isLog, rows, count, x, out)
void addSoftmax(const StepCall& call) {
  const Napi::Env env = call.env();
  const bool isLog = toBoolean(env, call[0], "isLog");
  const int64_t rows = call.integer(1, "rows", 0);
  const int64_t count = call.integer(2, "count", 0);
  const int64_t elements = product(env, {rows, count});
  const Operand x = call.read(3, "x", elements);
  const Operand out = call.written(4, "out", elements);
  requireApart(env, out, x, "x");
  call.add([=]<typename T>(const Kernels<T>& kernels, const Memory<T>& memory, int threads) {
    softmax<T>(kernels, isLog, rows, count, memory.read(x.place), memory.write(out.place), threads);
    return Status::kOk;
  });
}

// (outer, count, inner, x, from or -1, to or -1, out)
void addCumsum(const StepCall& call) {
  const Napi::Env env = call.env();
  const int64_t outer = call.integer(0, "outer", 0);
  const int64_t count = call.integer(1, "count", 0);
  const int64_t inner = call.integer(2, "inner", 0);
  const int64_t elements = product(env, {outer, count, inner});
  // Eight bytes for each sum.
  const int64_t sums = product(env, {outer, inner, call.kind() == napi_float32_array ? 2 : 1});
  const Operand x = call.read(3, "x", elements);
  const Operand from = call.readOrNone(4, "from", sums);
  const Operand to = call.writtenOrNone(5, "to", sums);
  const Operand out = call.written(6, "out", elements);
  requireApart(env, out, x, "x");
  requireApart(env, out, from, "from");
  requireApart(env, to, x, "x");
  requireApart(env, to, out, "out");
  call.add([=]<typename T>(const Kernels<T>&, const Memory<T>& memory, int threads) {
    cumsum<T>(outer, count, inner, memory.read(x.place), memory.write(out.place), threads,
              {reinterpret_cast<const std::byte*>(memory.read(from.place)),
               reinterpret_cast<std::byte*>(memory.write(to.place))});
    return Status::kOk;
  });
}

// (batch, groups, channels, length, eps, x, weight or -1, bias or -1, areElementwise, out)
void addNormalise(const StepCall& call) {
  const Napi::Env env = call.env();
  const NormShape shape = toNormShape(call.info());
  const double eps = toNumber(env, call[4], "eps");
  const bool areElementwise = toBoolean(env, call[8], "areElementwise");
  const int64_t elements = product(env, {shape.batch, shape.groups, shape.channels, shape.length});
  const int64_t weights = normWeights(env, shape, areElementwise);
  const Operand x = call.read(5, "x", elements);
  const Operand weight = call.readOrNone(6, "weight", weights);
  const Operand bias = call.readOrNone(7, "bias", weights);
  const Operand out = call.written(9, "out", elements);
  requireApart(env, out, x, "x");
  requireApart(env, out, weight, "weight");
  requireApart(env, out, bias, "bias");
  if (elements == 0) return call.addNothing();
  call.add([=]<typename T>(const Kernels<T>& kernels, const Memory<T>& memory, int threads) {
    return normalise<T>(kernels, shape, eps, memory.read(x.place),
                        {memory.read(weight.place), memory.read(bias.place), areElementwise}, memory.write(out.place),
                        threads);
  });
}

// (batch, m, k, n, a, aOffset, aStrides, b, bOffset, bStrides, out)
void addMatmul(const StepCall& call) {
  const Napi::Env env = call.env();
  Factors factors = toFactors(call.info());
  const Operand a = call.whole(4, "a");
  const Operand b = call.whole(7, "b");
  const Operand out = call.written(10, "out", factors.results);
  if (factors.results == 0) return call.addNothing();
  const FactorReaches reaches = reachesOf(env, &factors, a.end - a.begin, b.end - b.begin);
  requireApart(env, out, within(a, reaches.a), "a");
  requireApart(env, out, within(b, reaches.b), "b");
  call.add([=]<typename T>(const Kernels<T>& kernels, const Memory<T>& memory, int threads) {
    return matmul<T>(kernels, factors.shape(), factors.matrices(memory.read(a.place), factors.a),
                     factors.matrices(memory.read(b.place), factors.b), memory.write(out.place), threads);
  });
}

}  // namespace conv1d::binding
