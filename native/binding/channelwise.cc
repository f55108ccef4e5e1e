#include "binding/channelwise.h"

#include "binding/errors.h"
#include "binding/rows.h"
#include "core/pointwise/channelwise.h"
#include "kernels/dispatch.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

// (function, rows, channels, length, x, a, b or null, out)
void channelwise(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int64_t function = toInteger(env, info[0], "function", 0);
  if (function >= kChannelFunctions) throw rangeError(env, "ERR_CONV1D_VALUE", "there is no function of this number");
  const int64_t rows = toInteger(env, info[1], "rows", 0);
  const int64_t channels = toInteger(env, info[2], "channels", 1);
  const int64_t length = toInteger(env, info[3], "length", 0);
  if (rows % channels != 0) throw rangeError(env, "ERR_CONV1D_SHAPE", "rows must be a multiple of channels");
  const napi_typedarray_type kind = toFloatKind(env, info[7]);
  const FloatSpan out = toFloats(env, info[7], "out", kind, toCount(env, rows, length, "out"));
  const FloatSpan x = toFloats(env, info[4], "x", kind, out.length);
  const FloatSpan a = toFloats(env, info[5], "a", kind, channels);
  const bool hasB = function != kChannelLeakyRelu;
  if (!hasB && !isNull(env, info[6])) throw typeError(env, "ERR_CONV1D_TYPE", "b must be null for this function");
  const FloatSpan b = hasB ? toFloats(env, info[6], "b", kind, channels) : FloatSpan{};
  if (out.length == 0) return;
  if (out.data != x.data) requireApart(env, out, x, "x");
  requireApart(env, out, a, "a");
  requireApart(env, out, b, "b");
  withType(kind, [&]<typename T>(T) {
    applyChannelwise<T>(kernelsFor<T>(activeKernels()), static_cast<ChannelFunction>(function),
                        {elements<T>(x), elements<T>(a), elements<T>(b), elements<T>(out), rows, channels, length},
                        getNumThreads());
  });
}

}  // namespace

void defineChannelwise(Napi::Env env, Napi::Object exports) {
  exports.Set("channelwise", Napi::Function::New<channelwise>(env, "channelwise"));
}

}  // namespace conv1d::binding
