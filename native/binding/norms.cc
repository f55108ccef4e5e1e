#include "binding/norms.h"

#include "binding/elements.h"
#include "binding/errors.h"
#include "core/norm/batch_statistics.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

// (batch, groups, channels, length, eps, x, weight, bias, areElementwise, out, statistics or null)
void normaliseInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const NormShape shape = toNormShape(info);
  const double eps = toNumber(env, info[4], "eps");
  const ElementSpan x =
      toFloats(env, info[5], "x", product(env, {shape.batch, shape.groups, shape.channels, shape.length}));
  const bool areElementwise = toBoolean(env, info[8], "areElementwise");
  const int64_t weights = normWeights(env, shape, areElementwise);
  const ElementSpan weight = toElementsOrNull(env, info[6], "weight", x.kind, weights);
  const ElementSpan bias = toElementsOrNull(env, info[7], "bias", x.kind, weights);
  const ElementSpan out = toElements(env, info[9], "out", x.kind, x.length);
  requireApart(env, out, x, "x");
  requireApart(env, out, weight, "weight");
  requireApart(env, out, bias, "bias");
  const ElementSpan statistics =
      toElementsOrNull(env, info[10], "statistics", x.kind, product(env, {2, shape.batch, shape.groups}));
  for (const ElementSpan* other : {&x, &weight, &bias, &out}) requireApart(env, statistics, *other, "another argument");
  if (x.length == 0) return;
  forFloats(x, [&]<typename T>(T) {
    requireOk(env,
              normalise<T>(activeKernelsFor<T>(), shape, eps, x.as<T>(), {weight.as<T>(), bias.as<T>(), areElementwise},
                           out.as<T>(), getNumThreads(), statistics.as<T>()),
              "a norm");
  });
}

// (batch, channels, length, x, means, variances)
void batchStatisticsInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t batch = toInteger(env, info[0], "batch", 0);
  const int64_t channels = toInteger(env, info[1], "channels", 0);
  const int64_t length = toInteger(env, info[2], "length", 0);
  const ElementSpan x = toFloats(env, info[3], "x", product(env, {batch, channels, length}));
  const ElementSpan means = toElements(env, info[4], "means", x.kind, channels);
  const ElementSpan variances = toElements(env, info[5], "variances", x.kind, channels);
  requireApart(env, means, x, "x");
  requireApart(env, variances, x, "x");
  requireApart(env, means, variances, "variances");
  if (channels == 0) return;
  forFloats(x, [&]<typename T>(T) {
    requireOk(env,
              batchStatistics<T>(activeKernelsFor<T>(), batch, channels, length, x.as<T>(), means.as<T>(),
                                 variances.as<T>(), getNumThreads()),
              "batch statistics");
  });
}

}  // namespace

NormShape toNormShape(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return {toInteger(env, info[0], "batch", 0), toInteger(env, info[1], "groups", 0),
          toInteger(env, info[2], "channels", 0), toInteger(env, info[3], "length", 0)};
}

int64_t normWeights(Napi::Env env, const NormShape& shape, bool areElementwise) {
  if (!areElementwise) return product(env, {shape.groups, shape.channels});
  if (shape.groups != 1 || shape.channels != 1) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", "weights for each element need one group of one channel");
  }
  return shape.length;
}

void defineNorms(Napi::Env env, Napi::Object exports) {
  exports.Set("normalise", Napi::Function::New<normaliseInto>(env, "normalise"));
  exports.Set("batchStatistics", Napi::Function::New<batchStatisticsInto>(env, "batchStatistics"));
}

}  // namespace conv1d::binding
