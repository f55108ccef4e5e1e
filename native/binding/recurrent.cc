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
                      InstanceMethod<&Recurrent::run>("run")});
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

void Recurrent::run(const Napi::CallbackInfo& info) {
  kind_ == napi_float32_array ? runAs<float>(info) : runAs<double>(info);
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

// (x, steps, batch, h0 | null, c0 | null, reverse, out, outOffset, outRowStride, hn, cn | null)
template <typename T>
void Recurrent::runAs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t steps = toInteger(env, info[1], "steps", 0);
  const int64_t batch = toInteger(env, info[2], "batch", 0);
  const int64_t outOffset = toInteger(env, info[7], "outOffset", 0);
  const int64_t outRowStride = toInteger(env, info[8], "outRowStride", 0);
  const bool reverse = toBoolean(env, info[5], "reverse");
  if (outRowStride < shape_.hiddenSize) {
    throw rangeError(env, "ERR_CONV1D_VALUE", "outRowStride must be hiddenSize or more");
  }
  if (packed<T>() == nullptr) throw typeError(env, "ERR_CONV1D_TYPE", "there are no packed weights: pack() them first");
  const int64_t rows = product(env, {steps, batch});
  const int64_t states = product(env, {batch, shape_.hiddenSize});
  const bool hasCell = shape_.kind == kLstm;
  if (!hasCell && !(isNull(env, info[4]) && isNull(env, info[10]))) {
    throw typeError(env, "ERR_CONV1D_TYPE", "a GRU has no cell state: c0 and cn must be null");
  }
  const ElementSpan x = toElements(env, info[0], "x", kind_, product(env, {rows, shape_.inputSize}));
  const ElementSpan h0 = toElementsOrNull(env, info[3], "h0", kind_, states);
  const ElementSpan c0 = toElementsOrNull(env, info[4], "c0", kind_, states);
  const ElementSpan out = toElements(env, info[6], "out", kind_);
  const ElementSpan hn = toElements(env, info[9], "hn", kind_, states);
  const ElementSpan cn = hasCell ? toElements(env, info[10], "cn", kind_, states) : ElementSpan{};
  if (rows > 0) {
    const int64_t last = added(env, outOffset, product(env, {rows - 1, outRowStride}));
    if (added(env, last, shape_.hiddenSize) > out.length) {
      throw rangeError(env, "ERR_CONV1D_SHAPE", "out has fewer elements than the rows that are written");
    }
  }
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
  RecurrentCall<T> call{};
  call.x = x.as<T>();
  call.steps = steps;
  call.batch = batch;
  call.h0 = h0.as<T>();
  call.c0 = c0.as<T>();
  call.reverse = reverse;
  call.out = rows > 0 ? out.as<T>() + outOffset : nullptr;
  call.outRowStride = outRowStride;
  call.hn = hn.as<T>();
  call.cn = cn.as<T>();
  call.threads = getNumThreads();
  requireOk(env, conv1d::run<T>(shape_, kernelsFor<T>(*kernels_), *packed<T>(), call), "a recurrent layer");
}

}  // namespace conv1d::binding
