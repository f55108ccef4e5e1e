#include "binding/recurrent.h"

#include <cstdint>
#include <string>

#include "binding/elements.h"
#include "binding/errors.h"
#include "binding/shared_network.h"
#include "binding/type_tags.h"
#include "core/checked_math.h"
#include "kernels/dispatch.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

RecurrentKind toRecurrentKind(Napi::Env env, Napi::Value value) {
  const std::string kind = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  if (kind == "lstm") return kLstm;
  if (kind == "gru") return kGru;
  throw rangeError(env, "ERR_CONV1D_VALUE", "kind must be 'lstm' or 'gru'");
}

int64_t added(Napi::Env env, int64_t a, int64_t b) {
  int64_t sum = 0;
  if (!checkedAdd(a, b, &sum)) throw rangeError(env, "ERR_CONV1D_SHAPE", "the sizes are too large to count");
  return sum;
}

// Writing `out` must not change `other`, unless both are the same elements.
void requireApartOrSame(Napi::Env env, const ElementSpan& out, const ElementSpan& other, const char* name) {
  if (out.data != other.data || out.bytes != other.bytes) requireApart(env, out, other, name);
}

}  // namespace

Napi::Function Recurrent::define(Napi::Env env) {
  return DefineClass(env, "Recurrent",
                     {InstanceMethod<&Recurrent::pack>("pack"), InstanceMethod<&Recurrent::adopt>("adopt"),
                      InstanceMethod<&Recurrent::copyWeights>("copyWeights"), InstanceMethod<&Recurrent::run>("run"),
                      InstanceMethod<&Recurrent::backward>("backward")});
}

template <>
std::shared_ptr<const PackedRecurrent<float>>& Recurrent::packed<float>() noexcept {
  return f32_;
}
template <>
std::shared_ptr<const PackedRecurrent<double>>& Recurrent::packed<double>() noexcept {
  return f64_;
}

Recurrent::Recurrent(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Recurrent>(info), kernels_(&activeKernels()) {
  info[0].IsObject() ? open(info) : make(info);
  tag(info, kRecurrentTag);
}

// (shared, index)
void Recurrent::open(const Napi::CallbackInfo& info) {
  const SharedLayer& layer = SharedNetwork::layerOf(info);
  const auto take = [this]<typename T>(const SharedRecurrent<T>& shared, napi_typedarray_type kind) {
    shape_ = shared.shape;
    kind_ = kind;
    kernels_ = shared.kernels;
    packed<T>() = shared.weights;
    reported_.snapshot(shared.weights->bytes());
  };
  if (const auto* f32 = std::get_if<SharedRecurrent<float>>(&layer)) {
    take(*f32, napi_float32_array);
  } else if (const auto* f64 = std::get_if<SharedRecurrent<double>>(&layer)) {
    take(*f64, napi_float64_array);
  } else {
    throw typeError(info.Env(), "ERR_CONV1D_TYPE", "this layer of the network is no recurrent one");
  }
}

// (kind, dtype, inputSize, hiddenSize)
void Recurrent::make(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  shape_.kind = toRecurrentKind(env, info[0]);
  kind_ = toArrayKind(env, info[1]);
  shape_.inputSize = toInteger(env, info[2], "inputSize", 1);
  shape_.hiddenSize = toInteger(env, info[3], "hiddenSize", 1);
  if (validate(shape_) != Status::kOk) throw rangeError(env, "ERR_CONV1D_SHAPE", "the sizes are too large to count");
}

Recurrent& Recurrent::from(Napi::Env env, napi_value value) {
  return unwrap<Recurrent>(env, value, kRecurrentTag, "layer must be a Recurrent");
}

void Recurrent::pack(const Napi::CallbackInfo& info) {
  kind_ == napi_float32_array ? packAs<float>(info) : packAs<double>(info);
}

// adopt(other): snapshots do not change, so that two layers may read one. It is packed for the kernels of the other.
void Recurrent::adopt(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Recurrent& other = from(env, info[0]);
  if (other.kind_ != kind_ || other.shape_ != shape_) {
    throw rangeError(env, "ERR_CONV1D_VALUE", "the other layer must be of the same kind and sizes");
  }
  if (other.f32_ == nullptr && other.f64_ == nullptr) {
    throw typeError(env, "ERR_CONV1D_TYPE", "there are no packed weights: pack() them first");
  }
  kernels_ = other.kernels_;
  f32_ = other.f32_;
  f64_ = other.f64_;
  reported_.snapshot((f32_ == nullptr ? 0 : f32_->bytes()) + (f64_ == nullptr ? 0 : f64_->bytes()));
}

void Recurrent::copyWeights(const Napi::CallbackInfo& info) {
  kind_ == napi_float32_array ? copyWeightsAs<float>(info) : copyWeightsAs<double>(info);
}

void Recurrent::run(const Napi::CallbackInfo& info) {
  kind_ == napi_float32_array ? runAs<float>(info) : runAs<double>(info);
}

void Recurrent::backward(const Napi::CallbackInfo& info) {
  kind_ == napi_float32_array ? backwardAs<float>(info) : backwardAs<double>(info);
}

// (weightIh, weightHh, biasIh | null, biasHh | null)
template <typename T>
void Recurrent::packAs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t rows = shape_.gates() * shape_.hiddenSize;
  const ElementSpan ofInputs = toElements(env, info[0], "weightIh", kind_, rows * shape_.inputSize);
  const ElementSpan ofHidden = toElements(env, info[1], "weightHh", kind_, rows * shape_.hiddenSize);
  const ElementSpan biasOfInputs = toElementsOrNull(env, info[2], "biasIh", kind_, rows);
  const ElementSpan biasOfHidden = toElementsOrNull(env, info[3], "biasHh", kind_, rows);
  auto weights =
      PackedRecurrent<T>::pack(shape_, kernelsFor<T>(*kernels_),
                               {ofInputs.as<T>(), ofHidden.as<T>(), biasOfInputs.as<T>(), biasOfHidden.as<T>()});
  if (weights == nullptr) throw rangeError(env, "ERR_CONV1D_MEMORY", "no memory to pack the weights");
  packed<T>() = std::move(weights);
  reported_.snapshot(packed<T>()->bytes());
}

// (weightIh, weightHh, biasIh, biasHh), all of which are written
template <typename T>
void Recurrent::copyWeightsAs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (packed<T>() == nullptr) throw typeError(env, "ERR_CONV1D_TYPE", "there are no packed weights: pack() them first");
  const int64_t rows = shape_.gates() * shape_.hiddenSize;
  const ElementSpan ofInputs = toElements(env, info[0], "weightIh", kind_, rows * shape_.inputSize);
  const ElementSpan ofHidden = toElements(env, info[1], "weightHh", kind_, rows * shape_.hiddenSize);
  const ElementSpan biasOfInputs = toElements(env, info[2], "biasIh", kind_, rows);
  const ElementSpan biasOfHidden = toElements(env, info[3], "biasHh", kind_, rows);
  packed<T>()->unpack(shape_, kernelsFor<T>(*kernels_),
                      {ofInputs.as<T>(), ofHidden.as<T>(), biasOfInputs.as<T>(), biasOfHidden.as<T>()});
}

struct Recurrent::Operands {
  int64_t steps;
  int64_t batch;
  bool reverse;
  int64_t outOffset;
  int64_t outRowStride;
  ElementSpan x, h0, c0, out;

  int64_t rows() const noexcept { return steps * batch; }
  template <typename T>
  T* rowsOf(const ElementSpan& span) const noexcept {
    return rows() == 0 || span.data == nullptr ? nullptr : span.as<T>() + outOffset;
  }
};

// (x, steps, batch, h0 | null, c0 | null, reverse, out, outOffset, outRowStride, ...)
template <typename T>
Recurrent::Operands Recurrent::toOperands(const Napi::CallbackInfo& info) const {
  const Napi::Env env = info.Env();
  Operands operands{};
  operands.steps = toInteger(env, info[1], "steps", 0);
  operands.batch = toInteger(env, info[2], "batch", 0);
  operands.outOffset = toInteger(env, info[7], "outOffset", 0);
  operands.outRowStride = toInteger(env, info[8], "outRowStride", 0);
  operands.reverse = toBoolean(env, info[5], "reverse");
  if (operands.outRowStride < shape_.hiddenSize) {
    throw rangeError(env, "ERR_CONV1D_VALUE", "outRowStride must be hiddenSize or more");
  }
  const int64_t rows = product(env, {operands.steps, operands.batch});
  const int64_t states = product(env, {operands.batch, shape_.hiddenSize});
  operands.x = toElements(env, info[0], "x", kind_, product(env, {rows, shape_.inputSize}));
  operands.h0 = toElementsOrNull(env, info[3], "h0", kind_, states);
  operands.c0 = toElementsOrNull(env, info[4], "c0", kind_, states);
  operands.out = toElements(env, info[6], "out", kind_);
  if (rows > 0) {
    const int64_t last = added(env, operands.outOffset, product(env, {rows - 1, operands.outRowStride}));
    if (added(env, last, shape_.hiddenSize) > operands.out.length) {
      throw rangeError(env, "ERR_CONV1D_SHAPE", "out has fewer elements than its rows take");
    }
  }
  return operands;
}

// (..., hn, cn | null, kept | null)
template <typename T>
void Recurrent::runAs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (packed<T>() == nullptr) throw typeError(env, "ERR_CONV1D_TYPE", "there are no packed weights: pack() them first");
  const Operands operands = toOperands<T>(info);
  const bool hasCell = shape_.kind == kLstm;
  if (!hasCell && !(isNull(env, info[4]) && isNull(env, info[10]))) {
    throw typeError(env, "ERR_CONV1D_TYPE", "a GRU has no cell state: c0 and cn must be null");
  }
  const int64_t states = product(env, {operands.batch, shape_.hiddenSize});
  const auto& [steps, batch, reverse, outOffset, outRowStride, x, h0, c0, out] = operands;
  const ElementSpan hn = toElements(env, info[9], "hn", kind_, states);
  const ElementSpan cn = hasCell ? toElements(env, info[10], "cn", kind_, states) : ElementSpan{};
  const ElementSpan kept =
      toElementsOrNull(env, info[11], "kept", kind_, product(env, {steps, states, shape_.keptRows()}));
  requireApart(env, out, x, "x");
  requireApart(env, out, h0, "h0");
  requireApart(env, out, c0, "c0");
  requireApart(env, out, hn, "hn");
  requireApart(env, out, cn, "cn");
  requireApart(env, hn, x, "x");
  requireApart(env, hn, c0, "c0");
  requireApart(env, hn, cn, "cn");
  requireApart(env, cn, x, "x");
  requireApart(env, cn, h0, "h0");
  requireApartOrSame(env, hn, h0, "h0");
  requireApartOrSame(env, cn, c0, "c0");
  for (const ElementSpan& other : {x, h0, c0, out, hn, cn}) requireApart(env, kept, other, "an array of the layer");
  RecurrentCall<T> call{};
  call.x = x.as<T>();
  call.steps = steps;
  call.batch = batch;
  call.h0 = h0.as<T>();
  call.c0 = c0.as<T>();
  call.reverse = reverse;
  call.out = operands.rowsOf<T>(out);
  call.outRowStride = outRowStride;
  call.hn = hn.as<T>();
  call.cn = cn.as<T>();
  call.kept = kept.as<T>();
  call.threads = getNumThreads();
  requireOk(env, conv1d::run<T>(shape_, kernelsFor<T>(*kernels_), *packed<T>(), call), "a recurrent layer");
}

// (..., kept, weightIh, weightHh, ofOut | null, ofHn | null, ofCn | null, and the gradients to be made, each or null:
// ofX, ofH0, ofC0, ofWeightIh, ofWeightHh, ofBiasIh, ofBiasHh)
template <typename T>
void Recurrent::backwardAs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Operands operands = toOperands<T>(info);
  if (shape_.kind == kGru && !(isNull(env, info[4]) && isNull(env, info[14]) && isNull(env, info[17]))) {
    throw typeError(env, "ERR_CONV1D_TYPE", "a GRU has no cell state: c0, ofCn and ofC0 must be null");
  }
  const int64_t states = product(env, {operands.batch, shape_.hiddenSize});
  const int64_t gates = shape_.gates() * shape_.hiddenSize;
  const ElementSpan kept =
      toElements(env, info[9], "kept", kind_, product(env, {operands.steps, states, shape_.keptRows()}));
  const ElementSpan weightIh = toElements(env, info[10], "weightIh", kind_, gates * shape_.inputSize);
  const ElementSpan weightHh = toElements(env, info[11], "weightHh", kind_, gates * shape_.hiddenSize);
  const ElementSpan ofOut = toElementsOrNull(env, info[12], "ofOut", kind_, operands.out.length);
  const ElementSpan ofHn = toElementsOrNull(env, info[13], "ofHn", kind_, states);
  const ElementSpan ofCn = toElementsOrNull(env, info[14], "ofCn", kind_, states);
  const ElementSpan made[] = {
      toElementsOrNull(env, info[15], "ofX", kind_, operands.x.length),
      toElementsOrNull(env, info[16], "ofH0", kind_, states),
      toElementsOrNull(env, info[17], "ofC0", kind_, states),
      toElementsOrNull(env, info[18], "ofWeightIh", kind_, gates * shape_.inputSize),
      toElementsOrNull(env, info[19], "ofWeightHh", kind_, gates * shape_.hiddenSize),
      toElementsOrNull(env, info[20], "ofBiasIh", kind_, gates),
      toElementsOrNull(env, info[21], "ofBiasHh", kind_, gates),
  };
  for (const ElementSpan& one : made) {
    for (const ElementSpan& read :
         {operands.x, operands.h0, operands.c0, operands.out, kept, weightIh, weightHh, ofOut, ofHn, ofCn}) {
      requireApart(env, one, read, "an array that is read");
    }
    for (const ElementSpan& other : made) {
      if (&one != &other) requireApart(env, one, other, "another gradient");
    }
  }
  RecurrentBackwardCall<T> call{};
  call.weightIh = weightIh.as<T>();
  call.weightHh = weightHh.as<T>();
  call.x = operands.x.as<T>();
  call.steps = operands.steps;
  call.batch = operands.batch;
  call.h0 = operands.h0.as<T>();
  call.c0 = operands.c0.as<T>();
  call.reverse = operands.reverse;
  call.out = operands.rowsOf<T>(operands.out);
  call.outRowStride = operands.outRowStride;
  call.kept = kept.as<T>();
  call.ofOut = operands.rowsOf<T>(ofOut);
  call.ofHn = ofHn.as<T>();
  call.ofCn = ofCn.as<T>();
  call.ofX = made[0].as<T>();
  call.ofH0 = made[1].as<T>();
  call.ofC0 = made[2].as<T>();
  call.ofWeightIh = made[3].as<T>();
  call.ofWeightHh = made[4].as<T>();
  call.ofBiasIh = made[5].as<T>();
  call.ofBiasHh = made[6].as<T>();
  call.threads = getNumThreads();
  requireOk(env, conv1d::runBackward<T>(shape_, kernelsFor<T>(*kernels_), call), "the gradients of a recurrent layer");
}

}  // namespace conv1d::binding
