#include "binding/convolution.h"

#include <algorithm>
#include <string>
#include <utility>

#include "binding/arguments.h"
#include "binding/errors.h"
#include "core/forward.h"
#include "core/pack_weights.h"
#include "core/plan.h"
#include "kernels/dispatch.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

PaddingMode toPaddingMode(Napi::Env env, Napi::Value value) {
  const std::string mode = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  if (mode == "zeros") return PaddingMode::kZeros;
  if (mode == "reflect") return PaddingMode::kReflect;
  if (mode == "replicate") return PaddingMode::kReplicate;
  if (mode == "circular") return PaddingMode::kCircular;
  throw rangeError(env, "ERR_CONV1D_VALUE", "paddingMode must be 'zeros', 'reflect', 'replicate' or 'circular'");
}

napi_typedarray_type toArrayKind(Napi::Env env, Napi::Value value) {
  const std::string dtype = value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
  if (dtype == "float32") return napi_float32_array;
  if (dtype == "float64") return napi_float64_array;
  throw rangeError(env, "ERR_CONV1D_VALUE", "dtype must be 'float32' or 'float64'");
}

void requireOk(Napi::Env env, Status status) {
  switch (status) {
    case Status::kOk:
      return;
    case Status::kInvalidArgument:
      throw rangeError(env, "ERR_CONV1D_VALUE", "a parameter of the convolution is out of its range");
    case Status::kOverflow:
      throw rangeError(env, "ERR_CONV1D_SHAPE", "the sizes of the convolution are too large to count");
    case Status::kTooShort:
      throw rangeError(env, "ERR_CONV1D_SHAPE", "the padded input is shorter than the dilated kernel");
    case Status::kPaddingTooWide:
      throw rangeError(env, "ERR_CONV1D_SHAPE", "the padding is too wide for the length of the input");
    case Status::kOutOfMemory:
      throw rangeError(env, "ERR_CONV1D_MEMORY", "out of memory");
  }
}

}  // namespace

Napi::Function Convolution::define(Napi::Env env) {
  return DefineClass(env, "Convolution",
                     {
                         InstanceMethod<&Convolution::pack>("pack"),
                         InstanceMethod<&Convolution::unpack>("unpack"),
                         InstanceMethod<&Convolution::forward>("forward"),
                     });
}

Convolution::Convolution(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Convolution>(info) {
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
  requireOk(env, validate(parameters_));
  kernels_ = &activeKernels();
}

// pack(weight, bias)
void Convolution::pack(const Napi::CallbackInfo& info) {
  constexpr bool kCopyBias = true;
  packed_ = kind_ == napi_float32_array ? snapshot<float>(info, info[0], info[1], kCopyBias)
                                        : snapshot<double>(info, info[0], info[1], kCopyBias);
}

void Convolution::unpack(const Napi::CallbackInfo&) { packed_ = Snapshot(); }

void Convolution::forward(const Napi::CallbackInfo& info) {
  if (kind_ == napi_float32_array) {
    forwardAs<float>(info);
  } else {
    forwardAs<double>(info);
  }
}

template <typename T>
Convolution::Snapshot Convolution::snapshot(const Napi::CallbackInfo& info, napi_value weight, napi_value bias,
                                            bool copyBias) {
  const Napi::Env env = info.Env();
  const bool hasBias = !isNull(env, bias);
  const FloatSpan weights = toFloats(env, weight, "weight", kind_, parameters_.weightCount());
  const FloatSpan biases = hasBias ? toFloats(env, bias, "bias", kind_, parameters_.outChannels) : FloatSpan{};
  Snapshot result;
  result.memory = AlignedBuffer(weights.bytes + (copyBias ? biases.bytes : 0));
  result.hasBias = hasBias;
  if (!result.memory) throw rangeError(env, "ERR_CONV1D_MEMORY", "no memory to pack the weights");
  T* packed = reinterpret_cast<T*>(result.memory.data());
  packWeights(parameters_, kernelsFor<T>(*kernels_).maxRows, static_cast<const T*>(weights.data), packed);
  if (copyBias && hasBias) std::copy_n(static_cast<const T*>(biases.data), biases.length, packed + weights.length);
  return result;
}

// forward(input, batch, length, weight | null, bias | null, out)
template <typename T>
void Convolution::forwardAs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Geometry geometry;
  requireOk(env, makeGeometry(parameters_, toInteger(env, info[1], "batch", 0), toInteger(env, info[2], "length", 0),
                              &geometry));

  // From here on no JavaScript runs, so the pointers stay good.
  const FloatSpan input =
      toFloats(env, info[0], "input", kind_, geometry.batch * parameters_.inChannels * geometry.length);
  const FloatSpan out =
      toFloats(env, info[5], "out", kind_, geometry.batch * parameters_.outChannels * geometry.outLength);
  requireApart(env, out, input, "the input");

  Snapshot fresh;
  ForwardArgs<T> args{};
  args.input = static_cast<const T*>(input.data);
  args.out = static_cast<T*>(out.data);
  if (isNull(env, info[3])) {
    if (!packed_.memory) throw typeError(env, "ERR_CONV1D_TYPE", "weight is null and pack() was not called");
    args.packedWeights = reinterpret_cast<const T*>(packed_.memory.data());
    args.bias = packed_.hasBias ? args.packedWeights + parameters_.weightCount() : nullptr;
  } else {
    constexpr bool kCopyBias = false;
    fresh = snapshot<T>(info, info[3], info[4], kCopyBias);
    args.packedWeights = reinterpret_cast<const T*>(fresh.memory.data());
    requireApart(env, out, toFloats(env, info[3], "weight", kind_, parameters_.weightCount()), "the weight");
    if (fresh.hasBias) {
      const FloatSpan bias = toFloats(env, info[4], "bias", kind_, parameters_.outChannels);
      requireApart(env, out, bias, "the bias");
      args.bias = static_cast<const T*>(bias.data);
    }
  }
  const Kernels<T>& kernels = kernelsFor<T>(*kernels_);
  requireOk(env, conv1d::forward(makePlan(geometry, kernels, getNumThreads()), kernels, args));
}

}  // namespace conv1d::binding
