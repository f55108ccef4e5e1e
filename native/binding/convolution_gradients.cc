// The gradients of the class Convolution.
#include <utility>

#include "binding/convolution.h"
#include "binding/convolution_calls.h"
#include "binding/elements.h"
#include "core/backward/adjoint.h"
#include "core/backward/input_gradient.h"
#include "core/backward/weight_gradient.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {

// inputGradient(gradient, batch, length, weight, out, outputPadding?)
void Convolution::inputGradient(const Napi::CallbackInfo& info) {
  kind_ == napi_float32_array ? inputGradientAs<float>(info) : inputGradientAs<double>(info);
}

// weightGradient(input, batch, length, gradient, out, outputPadding?)
void Convolution::weightGradient(const Napi::CallbackInfo& info) {
  kind_ == napi_float32_array ? weightGradientAs<float>(info) : weightGradientAs<double>(info);
}

template <typename T>
void Convolution::inputGradientAs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Geometry g = toGeometry(env, callParameters(env, parameters_, info[5]), info[1], info[2]);
  const ElementSpan gradient =
      toElements(env, info[0], "gradient", kind_, g.batch * parameters_.outChannels * g.outLength);
  const ElementSpan weight = toElements(env, info[3], "weight", kind_, parameters_.weightCount());
  const ElementSpan out = toElements(env, info[4], "out", kind_, g.batch * parameters_.inChannels * g.length);
  requireApart(env, out, gradient, "the gradient");
  requireApart(env, out, weight, "the weight");
  const InputGradientCall<T> call{g, gradient.as<T>(), weight.as<T>(), out.as<T>(), getNumThreads()};
  const Status status = conv1d::inputGradient(layer<T>()->kernels(), layer<T>()->allowed(), call, &freshPanels_);
  reportMemory();
  requireOk(env, status);
}

template <typename T>
void Convolution::weightGradientAs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Geometry g = toGeometry(env, callParameters(env, parameters_, info[5]), info[1], info[2]);
  const ElementSpan input = toElements(env, info[0], "input", kind_, g.batch * parameters_.inChannels * g.length);
  const ElementSpan gradient =
      toElements(env, info[3], "gradient", kind_, g.batch * parameters_.outChannels * g.outLength);
  const ElementSpan out = toElements(env, info[4], "out", kind_, parameters_.weightCount());
  requireApart(env, out, input, "the input");
  requireApart(env, out, gradient, "the gradient");
  WeightGradientCall<T> call{g, input.as<T>(), gradient.as<T>(), out.as<T>(), getNumThreads()};
  if (parameters_.transposed) {
    requireOk(env, makeAdjoint(g, &call.geometry));
    std::swap(call.input, call.gradient);
  }
  requireOk(env, conv1d::weightGradient(layer<T>()->kernels(), call));
}

}  // namespace conv1d::binding
