#include "binding/convolution.h"

#include <cstring>
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

AlignedBuffer allocate(Napi::Env env, std::size_t bytes) {
  AlignedBuffer buffer(bytes);
  if (!buffer) throw rangeError(env, "ERR_CONV1D_MEMORY", "no memory to pack the weights");
  return buffer;
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

Convolution::~Convolution() {
  snapshot_ = Snapshot();
  freshPanels_ = AlignedBuffer();
  reportMemory();
}

void Convolution::reportMemory() noexcept {
  const std::size_t bytes = snapshot_.bytes() + freshPanels_.size();
  if (bytes == reportedBytes_) return;
  int64_t total = 0;
  napi_adjust_external_memory(Env(), static_cast<int64_t>(bytes) - static_cast<int64_t>(reportedBytes_), &total);
  reportedBytes_ = bytes;
}

// pack(weight, bias)
void Convolution::pack(const Napi::CallbackInfo& info) {
  if (kind_ == napi_float32_array) {
    takeSnapshot<float>(info);
  } else {
    takeSnapshot<double>(info);
  }
}

void Convolution::unpack(const Napi::CallbackInfo&) {
  snapshot_ = Snapshot();
  reportMemory();
}

void Convolution::forward(const Napi::CallbackInfo& info) {
  if (kind_ == napi_float32_array) {
    forwardAs<float>(info);
  } else {
    forwardAs<double>(info);
  }
}

template <typename T>
void Convolution::takeSnapshot(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const FloatSpan weight = toFloats(env, info[0], "weight", kind_, parameters_.weightCount());
  const T* values = static_cast<const T*>(weight.data);
  const Kernels<T>& kernels = kernelsFor<T>(*kernels_);
  Snapshot snapshot;
  if (!isNull(env, info[1])) {
    const FloatSpan bias = toFloats(env, info[1], "bias", kind_, parameters_.outChannels);
    snapshot.bias = allocate(env, bias.bytes);
    std::memcpy(snapshot.bias.data(), bias.data, bias.bytes);
  }
  snapshot.finite = allFinite(values, weight.length);
  packInto(env, usualPacking(parameters_, kernels), values, &snapshot.usual);
  if (maySwap(parameters_)) packInto(env, swappedPacking(kernels), values, &snapshot.swapped);
  snapshot_ = std::move(snapshot);
  planThreads_ = 0;
  reportMemory();
}

template <typename T>
const T* Convolution::packInto(Napi::Env env, const WeightPacking& packing, const T* weight, AlignedBuffer* buffer) {
  const std::size_t bytes = static_cast<std::size_t>(packedCount(parameters_, packing)) * sizeof(T);
  if (buffer->size() < bytes) *buffer = allocate(env, bytes);
  T* packed = reinterpret_cast<T*>(buffer->data());
  packWeights(parameters_, packing, weight, packed);
  return packed;
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
  ForwardArgs<T> args{};
  args.input = static_cast<const T*>(input.data);
  args.out = static_cast<T*>(out.data);

  const Kernels<T>& kernels = kernelsFor<T>(*kernels_);
  if (isNull(env, info[3])) {
    if (!snapshot_.usual) throw typeError(env, "ERR_CONV1D_TYPE", "weight is null and pack() was not called");
    const int threads = getNumThreads();
    if (threads != planThreads_ || geometry.batch != plan_.geometry.batch || geometry.length != plan_.geometry.length) {
      plan_ = makePlan(geometry, kernels, threads, snapshot_.finite);
      planThreads_ = threads;
    }
    const AlignedBuffer& weights = plan_.swapped ? snapshot_.swapped : snapshot_.usual;
    args.packedWeights = reinterpret_cast<const T*>(weights.data());
    args.bias = reinterpret_cast<const T*>(snapshot_.bias.data());
    requireOk(env, conv1d::forward(plan_, kernels, args));
  } else {
    const FloatSpan weight = toFloats(env, info[3], "weight", kind_, parameters_.weightCount());
    requireApart(env, out, weight, "the weight");
    if (!isNull(env, info[4])) {
      const FloatSpan bias = toFloats(env, info[4], "bias", kind_, parameters_.outChannels);
      requireApart(env, out, bias, "the bias");
      args.bias = static_cast<const T*>(bias.data);
    }
    const T* values = static_cast<const T*>(weight.data);
    const Plan plan = makePlan(geometry, kernels, getNumThreads(), allFinite(values, weight.length));
    args.packedWeights = packInto(env, plan.packing, values, &freshPanels_);
    reportMemory();
    requireOk(env, conv1d::forward(plan, kernels, args));
  }
}

}  // namespace conv1d::binding
