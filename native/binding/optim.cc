#include "binding/optim.h"

#include <initializer_list>
#include <utility>

#include "binding/elements.h"
#include "core/optim/updates.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

using Named = std::pair<const ElementSpan*, const char*>;

// Throws unless no two of these arrays share memory: each is written while the others are read.
void requireAllApart(Napi::Env env, std::initializer_list<Named> arrays) {
  for (const auto* one = arrays.begin(); one != arrays.end(); one++) {
    for (const auto* other = one + 1; other != arrays.end(); other++) {
      requireApart(env, *one->first, *other->first, other->second);
    }
  }
}

// (parameter, gradient, buffer or null, isFirst, rate, weightDecay, momentum, dampening, nesterov, maximizes)
void sgdStep(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ElementSpan parameter = toFloats(env, info[0], "parameter");
  const ElementSpan gradient = toElements(env, info[1], "gradient", parameter.kind, parameter.length);
  const ElementSpan buffer = toElementsOrNull(env, info[2], "buffer", parameter.kind, parameter.length);
  const bool isFirst = toBoolean(env, info[3], "isFirst");
  const double rate = toNumber(env, info[4], "rate");
  const double weightDecay = toNumber(env, info[5], "weightDecay");
  const double momentum = toNumber(env, info[6], "momentum");
  const double dampening = toNumber(env, info[7], "dampening");
  const bool nesterov = toBoolean(env, info[8], "nesterov");
  const bool maximizes = toBoolean(env, info[9], "maximizes");
  requireAllApart(env, {{&parameter, "parameter"}, {&gradient, "gradient"}, {&buffer, "buffer"}});
  if (parameter.length == 0) return;
  const StandardFloatMode mode;  // numbers are rounded
  forFloats(parameter, [&]<typename T>(T) {
    SgdArgs<T> args{};
    args.parameter = parameter.as<T>();
    args.gradient = gradient.as<T>();
    args.buffer = buffer.as<T>();
    args.count = parameter.length;
    args.rate = static_cast<T>(rate);
    args.weightDecay = static_cast<T>(weightDecay);
    args.momentum = static_cast<T>(momentum);
    args.gain = static_cast<T>(1 - dampening);
    args.nesterov = nesterov;
    args.maximizes = maximizes;
    args.isFirst = isFirst;
    stepSgd<T>(activeKernelsFor<T>(), args, getNumThreads());
  });
}

// (parameter, gradient, mean, square, largest or null, rate, keep, weightDecay, beta1, beta2, correction, eps,
// maximizes)
void adamStep(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ElementSpan parameter = toFloats(env, info[0], "parameter");
  const ElementSpan gradient = toElements(env, info[1], "gradient", parameter.kind, parameter.length);
  const ElementSpan mean = toElements(env, info[2], "mean", parameter.kind, parameter.length);
  const ElementSpan square = toElements(env, info[3], "square", parameter.kind, parameter.length);
  const ElementSpan largest = toElementsOrNull(env, info[4], "largest", parameter.kind, parameter.length);
  const double rate = toNumber(env, info[5], "rate");
  const double keep = toNumber(env, info[6], "keep");
  const double weightDecay = toNumber(env, info[7], "weightDecay");
  const double beta1 = toNumber(env, info[8], "beta1");
  const double beta2 = toNumber(env, info[9], "beta2");
  const double correction = toNumber(env, info[10], "correction");
  const double eps = toNumber(env, info[11], "eps");
  const bool maximizes = toBoolean(env, info[12], "maximizes");
  requireAllApart(env, {{&parameter, "parameter"},
                        {&gradient, "gradient"},
                        {&mean, "mean"},
                        {&square, "square"},
                        {&largest, "largest"}});
  if (parameter.length == 0) return;
  const StandardFloatMode mode;  // numbers are rounded
  forFloats(parameter, [&]<typename T>(T) {
    AdamArgs<T> args{};
    args.parameter = parameter.as<T>();
    args.gradient = gradient.as<T>();
    args.mean = mean.as<T>();
    args.square = square.as<T>();
    args.largest = largest.as<T>();
    args.count = parameter.length;
    args.rate = static_cast<T>(rate);
    args.keep = static_cast<T>(keep);
    args.weightDecay = static_cast<T>(weightDecay);
    args.beta1 = static_cast<T>(beta1);
    args.beta2 = static_cast<T>(beta2);
    args.rest1 = static_cast<T>(1 - beta1);
    args.rest2 = static_cast<T>(1 - beta2);
    args.correction = static_cast<T>(correction);
    args.eps = static_cast<T>(eps);
    args.maximizes = maximizes;
    stepAdam<T>(activeKernelsFor<T>(), args, getNumThreads());
  });
}

}  // namespace

void defineOptim(Napi::Env env, Napi::Object exports) {
  exports.Set("sgdStep", Napi::Function::New<sgdStep>(env, "sgdStep"));
  exports.Set("adamStep", Napi::Function::New<adamStep>(env, "adamStep"));
}

}  // namespace conv1d::binding
