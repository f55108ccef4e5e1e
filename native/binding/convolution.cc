#include "binding/convolution.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "binding/candidates.h"
#include "binding/convolution_calls.h"
#include "binding/elements.h"
#include "binding/errors.h"
#include "binding/results.h"
#include "binding/shared_network.h"
#include "binding/type_tags.h"
#include "core/checked_math.h"
#include "core/stream.h"
#include "kernels/dispatch.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

constexpr const char* kOfJob = "what a background job holds";

PaddingMode toPaddingMode(Napi::Env env, Napi::Value value) {
  const std::string mode = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  if (mode == "zeros") return PaddingMode::kZeros;
  if (mode == "reflect") return PaddingMode::kReflect;
  if (mode == "replicate") return PaddingMode::kReplicate;
  if (mode == "circular") return PaddingMode::kCircular;
  throw rangeError(env, "ERR_CONV1D_VALUE", "paddingMode must be 'zeros', 'reflect', 'replicate' or 'circular'");
}

// False where it is left out.
bool toFlag(Napi::Env env, Napi::Value value, const char* name) {
  if (value.IsUndefined()) return false;
  if (!value.IsBoolean()) throw typeError(env, "ERR_CONV1D_TYPE", std::string(name) + " must be true or false");
  return value.As<Napi::Boolean>().Value();
}

Allowed toAllowed(Napi::Env env, Napi::Value algorithm, Napi::Value maxWeightBytes) {
  if (algorithm.IsUndefined()) return {};
  const std::string name = algorithm.IsString() ? algorithm.As<Napi::String>().Utf8Value() : "";
  if (name == "direct") return {};
  if (name == "fast") return {true, toInteger(env, maxWeightBytes, "maxWeightBytes", 0)};
  throw rangeError(env, "ERR_CONV1D_VALUE", "algorithm must be 'direct' or 'fast'");
}

// Of rows of `length` elements.
int64_t checkedCount(Napi::Env env, int64_t rows, int64_t length) {
  int64_t count = 0;
  if (!checkedMultiply(rows, length, &count)) requireOk(env, Status::kOverflow);
  return count;
}

template <typename T>
int64_t checkedBytes(Napi::Env env, int64_t rows, int64_t length) {
  return checkedCount(env, checkedCount(env, rows, length), sizeof(T));
}

AlignedBuffer allocate(Napi::Env env, std::size_t bytes) {
  AlignedBuffer buffer(bytes);
  if (!buffer) throw rangeError(env, "ERR_CONV1D_MEMORY", "no memory for a copy of what the call reads");
  return buffer;
}

AlignedBuffer copyOf(Napi::Env env, const ElementSpan& values) {
  AlignedBuffer buffer = allocate(env, values.bytes);
  std::memcpy(buffer.data(), values.data, values.bytes);
  return buffer;
}

}  // namespace

Napi::Function Convolution::define(Napi::Env env) {
  return DefineClass(env, "Convolution",
                     {
                         InstanceMethod<&Convolution::pack>("pack"),
                         InstanceMethod<&Convolution::adopt>("adopt"),
                         InstanceMethod<&Convolution::copyWeights>("copyWeights"),
                         InstanceMethod<&Convolution::unpack>("unpack"),
                         InstanceMethod<&Convolution::forward>("forward"),
                         InstanceMethod<&Convolution::forwardAsync>("forwardAsync"),
                         InstanceMethod<&Convolution::prepareMany>("prepareMany"),
                         InstanceMethod<&Convolution::push>("push"),
                         InstanceMethod<&Convolution::explain>("explain"),
                         InstanceMethod<&Convolution::inputGradient>("inputGradient"),
                         InstanceMethod<&Convolution::weightGradient>("weightGradient"),
                     });
}

Convolution::Convolution(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Convolution>(info) {
  orNoMemory(info.Env(), "a convolution", [&] { info[0].IsObject() ? open(info) : make(info); });
  tag(info, kConvolutionTag);
}

// (shared, index)
void Convolution::open(const Napi::CallbackInfo& info) {
  const SharedLayer& layer = SharedNetwork::layerOf(info);
  const auto take = [this]<typename T>(const std::shared_ptr<const conv1d::Convolution<T>>& shared,
                                       std::shared_ptr<conv1d::Convolution<T>>* own) {
    parameters_ = shared->parameters();
    *own = shared->twin();
  };
  if (const auto* f32 = std::get_if<std::shared_ptr<const conv1d::Convolution<float>>>(&layer)) {
    take(*f32, &f32_);
  } else if (const auto* f64 = std::get_if<std::shared_ptr<const conv1d::Convolution<double>>>(&layer)) {
    kind_ = napi_float64_array;
    take(*f64, &f64_);
  } else {
    throw typeError(info.Env(), "ERR_CONV1D_TYPE", "this layer of the network is no convolution");
  }
  reportMemory();
}

void Convolution::make(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  kind_ = toArrayKind(env, info[0]);
  parameters_.inChannels = toInteger(env, info[1], "inChannels", 1);
  parameters_.outChannels = toInteger(env, info[2], "outChannels", 1);
  parameters_.kernelSize = toInteger(env, info[3], "kernelSize", 1);
  parameters_.stride = toInteger(env, info[4], "stride", 1);
  parameters_.padLeft = toInteger(env, info[5], "padLeft", 0);
  parameters_.padRight = toInteger(env, info[6], "padRight", 0);
  parameters_.dilation = toInteger(env, info[7], "dilation", 1);
  parameters_.groups = toInteger(env, info[8], "groups", 1);
  parameters_.mode = toPaddingMode(env, info[9]);
  parameters_.transposed = toFlag(env, info[12], "transposed");
  if (!info[13].IsUndefined()) parameters_.outputPadding = toInteger(env, info[13], "outputPadding", 0);
  requireOk(env, validate(parameters_));
  const Allowed allowed = toAllowed(env, info[10], info[11]);
  if (kind_ == napi_float32_array) {
    f32_ = std::make_shared<conv1d::Convolution<float>>(parameters_, activeKernels().f32, allowed);
  } else {
    f64_ = std::make_shared<conv1d::Convolution<double>>(parameters_, activeKernels().f64, allowed);
  }
}

Convolution& Convolution::from(Napi::Env env, napi_value value) {
  return unwrap<Convolution>(env, value, kConvolutionTag, "layer must be a Convolution");
}

// What pack() gave out may still hold the layer with its snapshot.
Convolution::~Convolution() { reported_->panels(0); }

template <>
const std::shared_ptr<conv1d::Convolution<float>>& Convolution::layer<float>() const noexcept {
  return f32_;
}
template <>
const std::shared_ptr<conv1d::Convolution<double>>& Convolution::layer<double>() const noexcept {
  return f64_;
}

void Convolution::reportMemory() noexcept {
  const auto bytesOf = [](const auto& layer) {
    return layer == nullptr || layer->snapshot == nullptr ? std::size_t{0} : layer->snapshot->bytes();
  };
  reported_->snapshot(bytesOf(f32_) + bytesOf(f64_));
  reported_->panels(freshPanels_.size());
}

// pack(weight, bias)
Napi::Value Convolution::pack(const Napi::CallbackInfo& info) {
  return kind_ == napi_float32_array ? packAs<float>(info) : packAs<double>(info);
}

// adopt(other)
Napi::Value Convolution::adopt(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Convolution& other = from(env, info[0]);
  if (other.kind_ != kind_ || other.parameters_ != parameters_) {
    throw rangeError(env, "ERR_CONV1D_VALUE", "the other layer must have the same dtype and parameters");
  }
  return kind_ == napi_float32_array ? adoptAs(env, other.f32_, &f32_) : adoptAs(env, other.f64_, &f64_);
}

// copyWeights(weight, bias | null)
void Convolution::copyWeights(const Napi::CallbackInfo& info) {
  kind_ == napi_float32_array ? copyWeightsAs<float>(info) : copyWeightsAs<double>(info);
}

void Convolution::unpack(const Napi::CallbackInfo&) {
  if (f32_ != nullptr) f32_->snapshot.reset();
  if (f64_ != nullptr) f64_->snapshot.reset();
  reportMemory();
}

void Convolution::forward(const Napi::CallbackInfo& info) {
  if (kind_ == napi_float32_array) {
    forwardAs<float>(info);
  } else {
    forwardAs<double>(info);
  }
}

Napi::Value Convolution::forwardAsync(const Napi::CallbackInfo& info) {
  return orNoMemory(info.Env(), kOfJob, [&] {
    return kind_ == napi_float32_array ? forwardAsyncAs<float>(info) : forwardAsyncAs<double>(info);
  });
}

Napi::Value Convolution::prepareMany(const Napi::CallbackInfo& info) {
  return orNoMemory(info.Env(), kOfJob, [&] {
    return kind_ == napi_float32_array ? prepareManyAs<float>(info) : prepareManyAs<double>(info);
  });
}

Napi::Value Convolution::push(const Napi::CallbackInfo& info) {
  return kind_ == napi_float32_array ? pushAs<float>(info) : pushAs<double>(info);
}

Napi::Value Convolution::explain(const Napi::CallbackInfo& info) {
  return kind_ == napi_float32_array ? explainAs<float>(info) : explainAs<double>(info);
}

namespace {

// What was given as weight and bias, of the right lengths; bias may be null.
template <typename T>
PlainWeights<T> toWeights(Napi::Env env, const Parameters& parameters, napi_typedarray_type kind, Napi::Value weight,
                          Napi::Value bias) {
  const ElementSpan w = toElements(env, weight, "weight", kind, parameters.weightCount());
  const ElementSpan b = isNull(env, bias) ? ElementSpan{} : toElements(env, bias, "bias", kind, parameters.outChannels);
  return {static_cast<const T*>(w.data), static_cast<const T*>(b.data)};
}

template <typename T>
std::shared_ptr<const PackedWeights> packNow(Napi::Env env, const conv1d::Convolution<T>& layer,
                                             const PlainWeights<T>& weights) {
  std::shared_ptr<const PackedWeights> packed = layer.pack(weights);
  if (packed == nullptr) throw rangeError(env, "ERR_CONV1D_MEMORY", "no memory to pack the weights");
  return packed;
}

const std::shared_ptr<const PackedWeights>& requireSnapshot(Napi::Env env,
                                                            const std::shared_ptr<const PackedWeights>& snapshot) {
  if (snapshot == nullptr) throw typeError(env, "ERR_CONV1D_TYPE", "there are no packed weights: pack() them first");
  return snapshot;
}

// The arguments of forward, weights aside.
template <typename T>
struct ForwardCall {
  Geometry geometry;
  const T* input;
  ElementSpan out;  // apart from the input
};

// From then on no JavaScript may run, so that the pointers stay good.
template <typename T>
ForwardCall<T> toForwardCall(Napi::Env env, const Parameters& parameters, napi_typedarray_type kind, napi_value input,
                             napi_value batch, napi_value length, napi_value out) {
  ForwardCall<T> call;
  call.geometry = toGeometry(env, parameters, batch, length);
  const Geometry& g = call.geometry;
  const ElementSpan in = toElements(env, input, "input", kind, g.batch * parameters.inChannels * g.length);
  call.input = static_cast<const T*>(in.data);
  call.out = toElements(env, out, "out", kind, g.batch * parameters.outChannels * g.outLength);
  requireApart(env, call.out, in, "the input");
  return call;
}

template <typename T>
void runPacked(Napi::Env env, conv1d::Convolution<T>& layer, ReportedMemory& reported, const Geometry& geometry,
               const T* input, const ElementSpan& out) {
  requireSnapshot(env, layer.snapshot);
  const Status status = layer.run(Call<T>{geometry, input, static_cast<T*>(out.data), getNumThreads()});
  if (layer.allowed().fast) reported.snapshot(layer.snapshot->bytes());  // it may have grown by a layout
  requireOk(env, status);
}

// (input, batch, length, out, outputPadding?): forward with the snapshot that the layer has then. A function by itself,
// since finding what a method's object wraps takes 60 ns.
template <typename T>
Napi::Value packedForward(Napi::Env env, const std::shared_ptr<conv1d::Convolution<T>>& layer,
                          const std::shared_ptr<ReportedMemory>& reported, napi_typedarray_type kind) {
  const auto forward = [layer, reported, kind](const Napi::CallbackInfo& info) {
    const Parameters parameters = callParameters(info.Env(), layer->parameters(), info[4]);
    const auto call = toForwardCall<T>(info.Env(), parameters, kind, info[0], info[1], info[2], info[3]);
    runPacked<T>(info.Env(), *layer, *reported, call.geometry, call.input, call.out);
  };
  return Napi::Function::New(env, forward, "packedForward");
}

// (inputs, borrow, outs | null, done): starts a job for signals of any lengths.
template <typename T>
Napi::Value startMany(const Napi::CallbackInfo& info, const std::shared_ptr<conv1d::Convolution<T>>& layer,
                      napi_typedarray_type kind, const std::shared_ptr<const PackedWeights>& weights) {
  const Napi::Env env = info.Env();
  const Parameters& parameters = layer->parameters();
  const std::vector<napi_value> inputs = elementsOf(env, info[0], "inputs");
  const bool borrows = info[1].ToBoolean().Value();
  std::vector<napi_value> outs;
  if (!isNull(env, info[2])) {
    outs = elementsOf(env, info[2], "outs");
    if (outs.size() != inputs.size()) throw rangeError(env, "ERR_CONV1D_SHAPE", "there must be an out for each input");
  }
  JobValues values{{}, {}, toCallback(env, info[3])};

  // From here on no JavaScript runs, so the pointers stay good.
  using Signal = typename ForwardManyJob<T>::Signal;
  std::vector<Signal> signals;
  signals.reserve(inputs.size());
  values.results.reserve(inputs.size());
  std::vector<std::size_t> copied;  // inputs
  int64_t total = 0;                // elements of these
  for (std::size_t i = 0; i < inputs.size(); i++) {
    const ElementSpan input = toElements(env, inputs[i], "an input", kind);
    if (input.length % parameters.inChannels != 0) {
      throw rangeError(env, "ERR_CONV1D_SHAPE", "the elements of an input do not divide by inChannels");
    }
    Signal signal{};
    requireOk(env, makeGeometry(parameters, 1, input.length / parameters.inChannels, &signal.geometry));
    const int64_t outElements = checkedCount(env, parameters.outChannels, signal.geometry.outLength);
    if (i < outs.size() && isShared(env, outs[i])) {
      const ElementSpan out = toElements(env, outs[i], "an out", kind, outElements);
      requireApart(env, out, input, "its input");
      values.results.push_back(outs[i]);
      signal.out = static_cast<T*>(out.data);
    } else {
      const Result out = makeResult(env, checkedBytes<T>(env, 1, outElements));
      values.results.push_back(out.buffer);
      signal.out = static_cast<T*>(out.data);
    }
    signal.input = static_cast<const T*>(input.data);
    if (borrows && isShared(env, inputs[i])) {
      values.borrowed.push_back(inputs[i]);
    } else {
      copied.push_back(i);
      total += input.length;
    }
    signals.push_back(signal);
  }
  JobInput memory(static_cast<std::size_t>(total) * sizeof(T));
  T* to = static_cast<T*>(memory.memory());
  for (const std::size_t i : copied) {
    const int64_t elements = parameters.inChannels * signals[i].geometry.length;
    std::copy_n(signals[i].input, elements, to);
    signals[i].input = to;
    to += elements;
  }
  auto job = std::make_shared<ForwardManyJob<T>>(layer, weights, std::move(signals), std::move(memory));
  return Napi::Number::New(env, static_cast<double>(startJob(env, std::move(job), values)));
}

}  // namespace

template <typename T>
Napi::Value Convolution::packAs(const Napi::CallbackInfo& info) {
  layer<T>()->snapshot =
      packNow<T>(info.Env(), *layer<T>(), toWeights<T>(info.Env(), parameters_, kind_, info[0], info[1]));
  freshPanels_ = AlignedBuffer();  // the snapshot is read from now on
  reportMemory();
  return packedForward<T>(info.Env(), layer<T>(), reported_, kind_);
}

// Snapshots do not change, so that two layers may read one. It is packed for the kernels of the other.
template <typename T>
Napi::Value Convolution::adoptAs(Napi::Env env, const std::shared_ptr<conv1d::Convolution<T>>& other,
                                 std::shared_ptr<conv1d::Convolution<T>>* own) {
  requireSnapshot(env, other->snapshot);
  *own = other->twin();
  freshPanels_ = AlignedBuffer();
  reportMemory();
  return packedForward<T>(env, *own, reported_, kind_);
}

template <typename T>
void Convolution::copyWeightsAs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const PackedWeights& snapshot = *requireSnapshot(env, layer<T>()->snapshot);
  const ElementSpan weight = toElements(env, info[0], "weight", kind_, parameters_.weightCount());
  const ElementSpan bias = toElementsOrNull(env, info[1], "bias", kind_, parameters_.outChannels);
  const T* const given = snapshot.bias<T>();
  if (bias.data != nullptr && given == nullptr) throw rangeError(env, "ERR_CONV1D_VALUE", "the layer has no bias");
  if (!snapshot.unpack(layer<T>()->kernels(), weight.as<T>())) {
    throw rangeError(env, "ERR_CONV1D_MEMORY", "no memory to unpack the weights");
  }
  if (bias.data != nullptr) std::copy_n(given, parameters_.outChannels, bias.as<T>());
}

// prepareMany(weight | null, bias | null)
template <typename T>
Napi::Value Convolution::prepareManyAs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::shared_ptr<const PackedWeights> weights =
      isNull(env, info[0]) ? requireSnapshot(env, layer<T>()->snapshot)
                           : packNow<T>(env, *layer<T>(), toWeights<T>(env, parameters_, kind_, info[0], info[1]));
  const auto start = [layer = layer<T>(), kind = kind_, weights](const Napi::CallbackInfo& call) {
    return orNoMemory(call.Env(), kOfJob, [&] { return startMany<T>(call, layer, kind, weights); });
  };
  return Napi::Function::New(env, start, "startMany");
}

// The weights of a background job: the snapshot, or copies of what it was given.
template <typename T>
JobWeights Convolution::jobWeights(Napi::Env env, Napi::Value weight, Napi::Value bias) {
  JobWeights weights;
  if (isNull(env, weight)) {
    weights.packed = requireSnapshot(env, layer<T>()->snapshot);
    return weights;
  }
  weights.weight = copyOf(env, toElements(env, weight, "weight", kind_, parameters_.weightCount()));
  if (!isNull(env, bias)) weights.bias = copyOf(env, toElements(env, bias, "bias", kind_, parameters_.outChannels));
  return weights;
}

// forwardAsync(input, batch, length, weight | null, bias | null, borrow, out | null, done, outputPadding?)
template <typename T>
Napi::Value Convolution::forwardAsyncAs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Geometry geometry = toGeometry(env, callParameters(env, parameters_, info[8]), info[1], info[2]);
  JobValues values{{}, {}, toCallback(env, info[7])};
  const ElementSpan input =
      toElements(env, info[0], "input", kind_, geometry.batch * parameters_.inChannels * geometry.length);
  JobWeights weights = jobWeights<T>(env, info[3], info[4]);
  const int64_t rows = checkedCount(env, geometry.batch, parameters_.outChannels);
  T* out = nullptr;
  if (isNull(env, info[6]) || !isShared(env, info[6])) {
    const Result result = makeResult(env, checkedBytes<T>(env, rows, geometry.outLength));
    values.results.push_back(result.buffer);
    out = static_cast<T*>(result.data);
  } else {
    const ElementSpan shared = toElements(env, info[6], "out", kind_, checkedCount(env, rows, geometry.outLength));
    requireApart(env, shared, input, "the input");
    values.borrowed.push_back(info[6]);
    out = static_cast<T*>(shared.data);
  }
  const bool borrows = info[5].ToBoolean().Value() && isShared(env, info[0]);
  if (borrows) values.borrowed.push_back(info[0]);
  JobInput held = borrows ? JobInput::borrow(input.data) : JobInput::copyOf(input.data, input.bytes);
  auto job = std::make_shared<ForwardJob<T>>(layer<T>(), std::move(weights), geometry, std::move(held), out);
  return Napi::Number::New(env, static_cast<double>(startJob(env, std::move(job), values)));
}

// forward(input, batch, length, weight | null, bias | null, out, outputPadding?)
template <typename T>
void Convolution::forwardAs(const Napi::CallbackInfo& info) {
  const Parameters parameters = callParameters(info.Env(), parameters_, info[6]);
  const auto call = toForwardCall<T>(info.Env(), parameters, kind_, info[0], info[1], info[2], info[5]);
  run<T>(info, call.geometry, call.input, call.out);
}

// push(chunk, batch, length, weight | null, bias | null, out, history, oldest, lead, padRight)
template <typename T>
Napi::Value Convolution::pushAs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (layer<T>()->allowed().fast) {
    throw rangeError(env, "ERR_CONV1D_VALUE", "streams keep the order of the sum: they need algorithm 'direct'");
  }
  if (parameters_.transposed) throw rangeError(env, "ERR_CONV1D_VALUE", "a transposed convolution has no streams");
  StreamStep step;
  requireOk(env, makeStreamStep(parameters_, toInteger(env, info[1], "batch", 0), toInteger(env, info[2], "length", 0),
                                toInteger(env, info[8], "lead", -kMaxInteger), toInteger(env, info[9], "padRight", 0),
                                &step));
  const int64_t oldest = toInteger(env, info[7], "oldest", 0);
  if (oldest > 0 && oldest >= step.reach) {
    throw rangeError(env, "ERR_CONV1D_VALUE", "oldest must be a column of the history");
  }
  const ElementSpan chunk = toElements(env, info[0], "chunk", kind_, checkedCount(env, step.rows, step.length));
  const ElementSpan history = toElements(env, info[6], "history", kind_, checkedCount(env, step.rows, step.reach));
  const int64_t outRows = step.outputs == 0 ? 0 : step.geometry.batch * parameters_.outChannels;
  const ElementSpan out = toElements(env, info[5], "out", kind_, outRows * step.outputs);
  requireApart(env, out, chunk, "the chunk");
  requireApart(env, out, history, "the history");
  requireApart(env, history, chunk, "the chunk");
  const T* values = static_cast<const T*>(chunk.data);
  T* remembered = static_cast<T*>(history.data);

  if (step.outputs > 0) {
    const Scratch scratch(1, static_cast<std::size_t>(step.joinedElements) * sizeof(T));
    if (!scratch) throw rangeError(env, "ERR_CONV1D_MEMORY", "no memory to join the chunk to what came before it");
    T* joined = reinterpret_cast<T*>(scratch.of(0));
    if (!step.readsChunk) joinRows<T>(step, remembered, oldest, values, joined);
    run<T>(info, step.geometry, step.readsChunk ? values : joined, out);
  }
  // Nothing can fail any more.
  return Napi::Number::New(env, static_cast<double>(remember<T>(step, values, oldest, remembered)));
}

template <typename T>
void Convolution::run(const Napi::CallbackInfo& info, const Geometry& geometry, const T* input,
                      const ElementSpan& out) {
  const Napi::Env env = info.Env();
  if (isNull(env, info[3])) return runPacked<T>(env, *layer<T>(), *reported_, geometry, input, out);
  const ElementSpan weight = toElements(env, info[3], "weight", kind_, parameters_.weightCount());
  requireApart(env, out, weight, "the weight");
  ElementSpan bias;
  if (!isNull(env, info[4])) {
    bias = toElements(env, info[4], "bias", kind_, parameters_.outChannels);
    requireApart(env, out, bias, "the bias");
  }
  const PlainWeights<T> weights{static_cast<const T*>(weight.data), static_cast<const T*>(bias.data)};
  const Call<T> call{geometry, input, static_cast<T*>(out.data), getNumThreads()};
  const Status status = layer<T>()->run(call, weights, &freshPanels_);
  reportMemory();
  requireOk(env, status);
}

// explain(batch, length, weight | null)
template <typename T>
Napi::Value Convolution::explainAs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Geometry geometry = toGeometry(env, parameters_, info[0], info[1]);
  const Kernels<T>& kernels = layer<T>()->kernels();
  PlanRequest<T> request{geometry, kernels, getNumThreads(), true, layer<T>()->allowed()};
  std::optional<WindowedDft<T>> dft;
  // Held while results are made: setters may run, which may have the layer take another.
  const std::shared_ptr<const PackedWeights> snapshot = layer<T>()->snapshot;
  if (!info[2].IsUndefined() && !isNull(env, info[2])) {
    const ElementSpan weight = toElements(env, info[2], "weight", kind_, parameters_.weightCount());
    layer<T>()->look(static_cast<const T*>(weight.data), &request, &dft);
  } else if (snapshot != nullptr) {
    request.finiteWeights = snapshot->finite();
    request.allowed.fast = request.allowed.fast && snapshot->isTame();
    request.dft = snapshot->template dft<T>();
  }
  return candidatesFor(env, request);
}

}  // namespace conv1d::binding
