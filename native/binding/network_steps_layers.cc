// Steps of layers with packed weights.
#include "binding/convolution.h"
#include "binding/elements.h"
#include "binding/errors.h"
#include "binding/network_stages.h"
#include "binding/network_steps.h"
#include "core/network/convolution_step.h"

namespace conv1d::binding {
namespace {

[[noreturn]] void refuseUnpacked(Napi::Env env) {
  throw typeError(env, "ERR_CONV1D_TYPE", "the layer has no packed weights: pack() them first");
}

void requireSameKind(const StepCall& call, napi_typedarray_type kind) {
  if (kind != call.kind()) throw typeError(call.env(), "ERR_CONV1D_TYPE", "the layer must have the program's dtype");
}

// The layer's parameters, with the paddings of the step.
Parameters toParameters(const StepCall& call, Parameters parameters) {
  const int64_t padLeft = call.integer(4, "padLeft", 0);
  const int64_t padRight = call.integer(5, "padRight", 0);
  if (padLeft != parameters.padLeft || padRight != parameters.padRight) parameters.mode = PaddingMode::kZeros;
  parameters.padLeft = padLeft;
  parameters.padRight = padRight;
  parameters.outputPadding = call.integer(6, "outputPadding", 0);
  requireOk(call.env(), validate(parameters), "a convolution");
  return parameters;
}

template <typename T>
void addConvolutionOf(const StepCall& call, const std::shared_ptr<conv1d::Convolution<T>>& layer) {
  const Napi::Env env = call.env();
  const std::shared_ptr<const PackedWeights> weights = layer->snapshot;
  if (weights == nullptr) refuseUnpacked(env);
  Geometry g;
  requireOk(env,
            makeGeometry(toParameters(call, layer->parameters()), call.integer(2, "batch", 0),
                         call.integer(3, "length", 0), &g),
            "a convolution");
  if (!suits(*weights, layer->parameters(), g.parameters)) {
    throw rangeError(env, "ERR_CONV1D_VALUE", "the layer's packed weights do not suit a padding of this size");
  }
  const int64_t count = g.batch * g.parameters.outChannels * g.outLength;
  const StagedValues values = {count, g.parameters.outChannels,
                               call.read(1, "x", g.batch * g.parameters.inChannels * g.length),
                               call.written(7, "out", count), false};
  const std::vector<Stage<double>> stages = toStages(call, 8, values);
  if (count == 0) return call.addNothing();
  call.addStep([&]<typename U>(conv1d::Program<U>&) -> std::unique_ptr<const Step<U>> {
    if constexpr (std::is_same_v<T, U>) {
      return std::make_unique<const ConvolutionStep<T>>(layer, weights, g, values.x.place, values.out.place,
                                                        roundedTo<T>(stages));
    } else {
      return nullptr;  // the kinds are the same
    }
  });
}

}  // namespace

// (layer, x, batch, length, padLeft, padRight, outputPadding, out, stages)
void addConvolution(const StepCall& call) {
  const Convolution& layer = Convolution::from(call.env(), call[0]);
  requireSameKind(call, layer.kind());
  if (layer.kind() == napi_float32_array) {
    addConvolutionOf(call, layer.layer<float>());
  } else {
    addConvolutionOf(call, layer.layer<double>());
  }
}

}  // namespace conv1d::binding
