#include "binding/norm_gradients.h"

#include <initializer_list>

#include "binding/elements.h"
#include "binding/errors.h"
#include "binding/norms.h"
#include "core/backward/channel_gradients.h"
#include "core/backward/norm_gradients.h"
#include "core/backward/weight_norm_gradients.h"
#include "core/norm/weight_norm.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

struct Named {
  const ElementSpan& span;
  const char* name;
};

// None of what is written may lie in what is read, nor in each other.
void requireAllApart(Napi::Env env, std::initializer_list<Named> written, std::initializer_list<Named> read) {
  for (const Named* out = written.begin(); out != written.end(); out++) {
    for (const Named& other : read) requireApart(env, out->span, other.span, other.name);
    for (const Named* other = written.begin(); other != out; other++) {
      requireApart(env, out->span, other->span, other->name);
    }
  }
}

// (batch, groups, channels, length, gradient, x, statistics, weight, areElementwise, ofX, ofWeight, ofBias)
void normGradientsInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const NormShape shape = toNormShape(info);
  const ElementSpan x =
      toFloats(env, info[5], "x", product(env, {shape.batch, shape.groups, shape.channels, shape.length}));
  const ElementSpan gradient = toElements(env, info[4], "gradient", x.kind, x.length);
  const ElementSpan statistics =
      toElements(env, info[6], "statistics", x.kind, product(env, {2, shape.batch, shape.groups}));
  const bool areElementwise = toBoolean(env, info[8], "areElementwise");
  const int64_t weights = normWeights(env, shape, areElementwise);
  const ElementSpan weight = toElementsOrNull(env, info[7], "weight", x.kind, weights);
  const ElementSpan ofX = toElementsOrNull(env, info[9], "ofX", x.kind, x.length);
  const ElementSpan ofWeight = toElementsOrNull(env, info[10], "ofWeight", x.kind, weights);
  const ElementSpan ofBias = toElementsOrNull(env, info[11], "ofBias", x.kind, weights);
  requireAllApart(env, {{ofX, "ofX"}, {ofWeight, "ofWeight"}, {ofBias, "ofBias"}},
                  {{gradient, "gradient"}, {x, "x"}, {statistics, "statistics"}, {weight, "weight"}});
  if (x.length == 0) return;
  forFloats(x, [&]<typename T>(T) {
    const NormedBy<T> by{x.as<T>(), statistics.as<T>(), weight.as<T>()};
    const NormGradients<T> out{ofX.as<T>(), ofWeight.as<T>(), ofBias.as<T>()};
    const auto& kernels = activeKernelsFor<T>();
    const Status status =
        areElementwise
            ? layerNormGradients<T>(kernels, shape.batch, shape.length, gradient.as<T>(), by, out, getNumThreads())
            : groupNormGradients<T>(kernels, shape, gradient.as<T>(), by, out, getNumThreads());
    requireOk(env, status, "the gradients of a norm");
  });
}

// (batch, channels, length, areOfInput, gradient, x, means, rstds, scales, ofX, ofWeight, ofBias)
void batchNormGradientsInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t batch = toInteger(env, info[0], "batch", 0);
  const int64_t channels = toInteger(env, info[1], "channels", 0);
  const int64_t length = toInteger(env, info[2], "length", 0);
  const bool areOfInput = toBoolean(env, info[3], "areOfInput");
  const ElementSpan x = toFloats(env, info[5], "x", product(env, {batch, channels, length}));
  const ElementSpan gradient = toElements(env, info[4], "gradient", x.kind, x.length);
  const ElementSpan means = toElements(env, info[6], "means", x.kind, channels);
  const ElementSpan rstds = toElements(env, info[7], "rstds", x.kind, channels);
  const ElementSpan scales = toElements(env, info[8], "scales", x.kind, channels);
  const ElementSpan ofX = toElementsOrNull(env, info[9], "ofX", x.kind, x.length);
  const ElementSpan ofWeight = toElementsOrNull(env, info[10], "ofWeight", x.kind, channels);
  const ElementSpan ofBias = toElementsOrNull(env, info[11], "ofBias", x.kind, channels);
  requireAllApart(env, {{ofX, "ofX"}, {ofWeight, "ofWeight"}, {ofBias, "ofBias"}},
                  {{gradient, "gradient"}, {x, "x"}, {means, "means"}, {rstds, "rstds"}, {scales, "scales"}});
  if (x.length == 0) return;
  forFloats(x, [&]<typename T>(T) {
    requireOk(env,
              batchNormGradients<T>(activeKernelsFor<T>(), {batch, channels, length}, gradient.as<T>(),
                                    {x.as<T>(), means.as<T>(), rstds.as<T>(), scales.as<T>(), areOfInput},
                                    {ofX.as<T>(), ofWeight.as<T>(), ofBias.as<T>()}, getNumThreads()),
              "the gradients of a batch norm");
  });
}

// (function, rows, channels, length, gradient, x, a, b or null, ofX or null, ofA or null)
void channelGradientsInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int function = toFunctionNumber(env, info[0], kChannelGradients);
  const int64_t rows = toInteger(env, info[1], "rows", 0);
  const int64_t channels = toInteger(env, info[2], "channels", 1);
  const int64_t length = toInteger(env, info[3], "length", 0);
  if (rows % channels != 0) throw rangeError(env, "ERR_CONV1D_SHAPE", "rows must be a multiple of channels");
  const ElementSpan x = toFloats(env, info[5], "x", product(env, {rows, length}));
  const ElementSpan gradient = toElements(env, info[4], "gradient", x.kind, x.length);
  const ElementSpan a = toElements(env, info[6], "a", x.kind, channels);
  const bool hasB = function != kLeakyReluGradient;
  if (!hasB && !isNull(env, info[7])) throw typeError(env, "ERR_CONV1D_TYPE", "b must be null for this function");
  const ElementSpan b = hasB ? toElements(env, info[7], "b", x.kind, channels) : ElementSpan{};
  const ElementSpan ofX = toElementsOrNull(env, info[8], "ofX", x.kind, x.length);
  const ElementSpan ofA = toElementsOrNull(env, info[9], "ofA", x.kind, channels);
  requireAllApart(env, {{ofX, "ofX"}, {ofA, "ofA"}}, {{gradient, "gradient"}, {x, "x"}, {a, "a"}, {b, "b"}});
  if (x.length == 0) return;
  forFloats(x, [&]<typename T>(T) {
    requireOk(env,
              channelGradients<T>(
                  activeKernelsFor<T>(), static_cast<ChannelGradient>(function), {rows, channels, length},
                  {gradient.as<T>(), x.as<T>(), a.as<T>(), b.as<T>(), ofX.as<T>(), ofA.as<T>()}, getNumThreads()),
              "the gradients of a function of channels");
  });
}

// (before, size, after, g, v, w): whether that changed w
Napi::Value foldWeightNormInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const WeightNormShape shape{toInteger(env, info[0], "before", 0), toInteger(env, info[1], "size", 0),
                              toInteger(env, info[2], "after", 0)};
  const ElementSpan v = toFloats(env, info[4], "v", product(env, {shape.before, shape.size, shape.after}));
  const ElementSpan g = toElements(env, info[3], "g", napi_float64_array, shape.size);
  const ElementSpan w = toElements(env, info[5], "w", v.kind, v.length);
  requireAllApart(env, {{w, "w"}}, {{g, "g"}, {v, "v"}});
  bool hasChanged = false;
  if (v.length > 0) {
    forFloats(v, [&]<typename T>(T) {
      hasChanged = foldWeightNorm<T>(shape, g.as<double>(), v.as<T>(), w.as<T>(), getNumThreads());
    });
  }
  return Napi::Boolean::New(env, hasChanged);
}

// (before, size, after, gradient, g, v, ofG or null, ofV or null)
void weightNormGradientsInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const WeightNormShape shape{toInteger(env, info[0], "before", 0), toInteger(env, info[1], "size", 0),
                              toInteger(env, info[2], "after", 0)};
  const ElementSpan v = toFloats(env, info[5], "v", product(env, {shape.before, shape.size, shape.after}));
  const ElementSpan gradient = toElements(env, info[3], "gradient", v.kind, v.length);
  const ElementSpan g = toElements(env, info[4], "g", v.kind, shape.size);
  const ElementSpan ofG = toElementsOrNull(env, info[6], "ofG", v.kind, shape.size);
  const ElementSpan ofV = toElementsOrNull(env, info[7], "ofV", v.kind, v.length);
  requireAllApart(env, {{ofG, "ofG"}, {ofV, "ofV"}}, {{gradient, "gradient"}, {g, "g"}, {v, "v"}});
  if (v.length == 0) return;
  forFloats(v, [&]<typename T>(T) {
    requireOk(env,
              weightNormGradients<T>(activeKernelsFor<T>(), shape, gradient.as<T>(), g.as<T>(), v.as<T>(), ofG.as<T>(),
                                     ofV.as<T>(), getNumThreads()),
              "the gradients of weight norm");
  });
}

}  // namespace

void defineNormGradients(Napi::Env env, Napi::Object exports) {
  exports.Set("normGradients", Napi::Function::New<normGradientsInto>(env, "normGradients"));
  exports.Set("batchNormGradients", Napi::Function::New<batchNormGradientsInto>(env, "batchNormGradients"));
  exports.Set("foldWeightNorm", Napi::Function::New<foldWeightNormInto>(env, "foldWeightNorm"));
  exports.Set("weightNormGradients", Napi::Function::New<weightNormGradientsInto>(env, "weightNormGradients"));
  exports.Set("channelGradients", Napi::Function::New<channelGradientsInto>(env, "channelGradients"));
}

}  // namespace conv1d::binding
