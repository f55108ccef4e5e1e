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
  Snapshot snapshot;
  snapshot.hasBias = !isNull(env, info[1]);
  const FloatSpan bias =
      snapshot.hasBias ? toFloats(env, info[1], "bias", kind_, parameters_.outChannels) : FloatSpan{};
  snapshot.memory = AlignedBuffer(weight.bytes + bias.bytes);
  if (!snapshot.memory) throw rangeError(env, "ERR_CONV1D_MEMORY", "no memory for a copy of the weights");
  T* copy = reinterpret_cast<T*>(snapshot.memory.data());
  std::copy_n(static_cast<const T*>(weight.data), weight.length, copy);
  std::copy_n(static_cast<const T*>(bias.data), bias.length, copy + weight.length);
  snapshot.finite = allFinite(copy, weight.length);
  snapshot_ = std::move(snapshot);
  planThreads_ = 0;
  reportMemory();
}

// The weights in the panels of the plan, packed into the buffer unless they are there already.
template <typename T>
const T* Convolution::panelsFor(Napi::Env env, const Plan& plan, const T* weight, AlignedBuffer* buffer,
                                bool isPacked) {
  const std::size_t bytes = static_cast<std::size_t>(parameters_.weightCount()) * sizeof(T);
  if (buffer->size() < bytes) {
    *buffer = AlignedBuffer(bytes);
    if (!*buffer) throw rangeError(env, "ERR_CONV1D_MEMORY", "no memory to pack the weights");
    reportMemory();
    isPacked = false;
  }
  T* panels = reinterpret_cast<T*>(buffer->data());
  if (!isPacked) packWeights(parameters_, plan.panelWidth, weight, panels);
  return panels;
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
    if (!snapshot_.memory) throw typeError(env, "ERR_CONV1D_TYPE", "weight is null and pack() was not called");
    const int threads = getNumThreads();
    if (threads != planThreads_ || geometry.batch != plan_.geometry.batch || geometry.length != plan_.geometry.length) {
      plan_ = makePlan(geometry, kernels, threads, snapshot_.finite);
      planThreads_ = threads;
    }
    const T* weight = reinterpret_cast<const T*>(snapshot_.memory.data());
    AlignedBuffer* panels = plan_.swapped ? &snapshot_.swappedPanels : &snapshot_.usualPanels;
    args.packedWeights = panelsFor(env, plan_, weight, panels, true);
    args.bias = snapshot_.hasBias ? weight + parameters_.weightCount() : nullptr;
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
    args.packedWeights = panelsFor(env, plan, values, &freshPanels_, false);
    requireOk(env, conv1d::forward(plan, kernels, args));
  }
}

}  // namespace conv1d::binding
