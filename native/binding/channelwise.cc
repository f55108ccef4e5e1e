#include "binding/channelwise.h"

#include "binding/elements.h"
#include "binding/errors.h"
#include "core/pointwise/channelwise.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

// (function, rows, channels, length, x, a, b or null, out)
void channelwise(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const int function = toFunctionNumber(env, info[0], kChannelFunctions);
  const int64_t rows = toInteger(env, info[1], "rows", 0);
  const int64_t channels = toInteger(env, info[2], "channels", 1);
  const int64_t length = toInteger(env, info[3], "length", 0);
  if (rows % channels != 0) throw rangeError(env, "ERR_CONV1D_SHAPE", "rows must be a multiple of channels");
  const ElementSpan out = toFloats(env, info[7], "out", product(env, {rows, length}));
  const ElementSpan x = toElements(env, info[4], "x", out.kind, out.length);
  const ElementSpan a = toElements(env, info[5], "a", out.kind, channels);
  const bool hasB = function != kChannelLeakyRelu;
  if (!hasB && !isNull(env, info[6])) throw typeError(env, "ERR_CONV1D_TYPE", "b must be null for this function");
  const ElementSpan b = hasB ? toElements(env, info[6], "b", out.kind, channels) : ElementSpan{};
  if (out.length == 0) return;
  if (out.data != x.data) requireApart(env, out, x, "x");
  requireApart(env, out, a, "a");
  requireApart(env, out, b, "b");
  forFloats(out, [&]<typename T>(T) {
    applyChannelwise<T>(activeKernelsFor<T>(), static_cast<ChannelFunction>(function),
                        {x.as<T>(), a.as<T>(), b.as<T>(), out.as<T>(), rows, channels, length}, getNumThreads());
  });
}

}  // namespace

void defineChannelwise(Napi::Env env, Napi::Object exports) {
  exports.Set("channelwise", Napi::Function::New<channelwise>(env, "channelwise"));
}

}  // namespace conv1d::binding
