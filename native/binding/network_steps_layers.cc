// Steps of layers with packed weights.
#include "binding/convolution.h"
#include "binding/elements.h"
#include "binding/errors.h"
#include "binding/network_stages.h"
#include "binding/network_steps.h"
#include "binding/recurrent.h"
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

// Where a recurrent layer's hidden states go.
struct HiddenRows {
  Operand out;
  int64_t offset;
  int64_t stride;
};

HiddenRows toHiddenRows(const StepCall& call, int64_t rows, int64_t hiddenSize) {
  const Napi::Env env = call.env();
  HiddenRows hidden = {call.whole(7, "out"), call.integer(8, "outOffset", 0), call.integer(9, "outRowStride", 0)};
  requireWritable(env, hidden.out, "out");
  if (hidden.stride < hiddenSize) {
    throw rangeError(env, "ERR_CONV1D_VALUE", "outRowStride must be hiddenSize or more");
  }
  const Integers shape = {{rows, hiddenSize}, 2};
  const Steps steps = {hidden.offset, {{hidden.stride, 1}, 2}};
  hidden.out = rows == 0 ? within(hidden.out, {0, 0}) : viewed(env, hidden.out, steps, shape, "out");
  return hidden;
}

template <typename T>
void addRecurrentOf(const StepCall& call, Recurrent& layer) {
  const Napi::Env env = call.env();
  const RecurrentShape shape = layer.shape();
  const std::shared_ptr<const PackedRecurrent<T>> weights = layer.packed<T>();
  if (weights == nullptr) refuseUnpacked(env);
  const bool isLstm = shape.kind == kLstm;
  if (!isLstm && !(isNone(env, call[5]) && isNone(env, call[11]))) {
    throw rangeError(env, "ERR_CONV1D_VALUE", "a GRU has no cell state: c0 and cn must be -1");
  }
  const int64_t steps = call.integer(2, "steps", 0);
  const int64_t batch = call.integer(3, "batch", 0);
  const bool reverse = toBoolean(env, call[6], "reverse");
  const int64_t rows = product(env, {steps, batch});
  const int64_t states = product(env, {batch, shape.hiddenSize});
  const Operand x = call.read(1, "x", product(env, {rows, shape.inputSize}));
  const Operand h0 = call.readOrNone(4, "h0", states);
  const Operand c0 = call.readOrNone(5, "c0", states);
  const HiddenRows hidden = toHiddenRows(call, rows, shape.hiddenSize);
  const Operand hn = call.written(10, "hn", states);
  const Operand cn = isLstm ? call.written(11, "cn", states) : Operand{};
  for (const Operand& other : {x, h0, c0, hn, cn}) requireApart(env, hidden.out, other, "what the layer reads");
  for (const Operand& other : {x, c0, cn}) requireApart(env, hn, other, "what the layer reads");
  for (const Operand& other : {x, h0}) requireApart(env, cn, other, "what the layer reads");
  requireApartOrSame(env, hn, h0, "h0");
  requireApartOrSame(env, cn, c0, "c0");
  if (states == 0) return call.addNothing();
  const Kernels<T>& kernels = kernelsFor<T>(layer.kernels());
  call.add([=, &kernels]<typename U>(const Kernels<U>&, const Memory<U>& memory, int threads) {
    if constexpr (std::is_same_v<T, U>) {
      RecurrentCall<T> run{};
      run.x = memory.read(x.place);
      run.steps = steps;
      run.batch = batch;
      run.h0 = memory.read(h0.place);
      run.c0 = memory.read(c0.place);
      run.reverse = reverse;
      run.out = rows == 0 ? nullptr : memory.write(hidden.out.place) + hidden.offset;
      run.outRowStride = hidden.stride;
      run.hn = memory.write(hn.place);
      run.cn = memory.write(cn.place);
      run.threads = threads;
      return conv1d::run<T>(shape, kernels, *weights, run);
    } else {
      return Status::kInvalidArgument;  // the kinds are the same
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

// (layer, x, steps, batch, h0 or -1, c0 or -1, reverse, out, outOffset, outRowStride, hn, cn or -1)
void addRecurrent(const StepCall& call) {
  Recurrent& layer = Recurrent::from(call.env(), call[0]);
  requireSameKind(call, layer.kind());
  if (layer.kind() == napi_float32_array) {
    addRecurrentOf<float>(call, layer);
  } else {
    addRecurrentOf<double>(call, layer);
  }
}

}  // namespace conv1d::binding
