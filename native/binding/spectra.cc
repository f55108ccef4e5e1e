#include "binding/spectra.h"

#include "binding/elements.h"
#include "binding/errors.h"
#include "core/checked_math.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

template <typename T>
std::shared_ptr<const DftTables<T>> tablesOf(Napi::Env env, const FrameShape& shape) {
  return orNoMemory(env, "a Fourier transform", [&] { return dftTables<T>(shape.size); });
}

// (signals, length, frames, size, hop, ends, inner, x, window, spectra)
void spectraOfFramesInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const FrameShape shape = toFrameShape(info);
  requireFrames(env, shape);
  const BinFactors factors = toBinFactors(info, 5);
  const ElementSpan x = toFloats(env, info[7], "x", signalElements(env, shape));
  const ElementSpan window = toElements(env, info[8], "window", x.kind, shape.size);
  const ElementSpan spectra = toElements(env, info[9], "spectra", x.kind, spectrumElements(env, shape));
  requireApart(env, spectra, x, "x");
  requireApart(env, spectra, window, "window");
  forFloats(x, [&]<typename T>(T) {
    requireOk(env,
              spectraOfFrames<T>(activeKernelsFor<T>(), *tablesOf<T>(env, shape), shape, factors, x.as<T>(),
                                 window.as<T>(), spectra.as<T>(), getNumThreads()),
              "a Fourier transform");
  });
}

// (signals, length, frames, size, hop, ends, inner, first, dividesByWindows, spectra, window, x)
void overlapAddFramesInto(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const FrameShape shape = toFrameShape(info);
  const OverlapAdd how = toOverlapAdd(info, 5, shape);
  const ElementSpan spectra = toFloats(env, info[9], "spectra", spectrumElements(env, shape));
  const ElementSpan window = toElements(env, info[10], "window", spectra.kind, shape.size);
  const ElementSpan x = toElements(env, info[11], "x", spectra.kind, signalElements(env, shape));
  requireApart(env, x, spectra, "spectra");
  requireApart(env, x, window, "window");
  forFloats(x, [&]<typename T>(T) {
    requireOk(env,
              overlapAddFrames<T>(activeKernelsFor<T>(), *tablesOf<T>(env, shape), shape, how, spectra.as<T>(),
                                  window.as<T>(), x.as<T>(), getNumThreads()),
              "a Fourier transform");
  });
}

}  // namespace

FrameShape toFrameShape(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const FrameShape shape = {toInteger(env, info[0], "signals", 0), toInteger(env, info[1], "length", 0),
                            toInteger(env, info[2], "frames", 0), toInteger(env, info[3], "size", 1),
                            toInteger(env, info[4], "hop", 1)};
  if (shape.size > kMostDftSamples) throw rangeError(env, "ERR_CONV1D_VALUE", "size must be at most 2^22");
  // Where the last frame ends.
  if (product(env, {shape.frames, shape.hop}) > kMaxInteger) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", "frames and hop are too large to count samples");
  }
  return shape;
}

void requireFrames(Napi::Env env, const FrameShape& shape) {
  if (shape.frames > 0 && (shape.frames - 1) * shape.hop + shape.size > shape.length) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", "frames reach beyond the end of their signal");
  }
}

BinFactors toBinFactors(const Napi::CallbackInfo& info, std::size_t first) {
  return {toNumber(info.Env(), info[first], "ends"), toNumber(info.Env(), info[first + 1], "inner")};
}

OverlapAdd toOverlapAdd(const Napi::CallbackInfo& info, std::size_t first, const FrameShape& shape) {
  const Napi::Env env = info.Env();
  const OverlapAdd how = {toBinFactors(info, first), toInteger(env, info[first + 2], "first", 0),
                          toBoolean(env, info[first + 3], "dividesByWindows")};
  if (how.first + shape.length > kMaxInteger) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", "first and length are too large to count samples");
  }
  return how;
}

int64_t signalElements(Napi::Env env, const FrameShape& shape) { return product(env, {shape.signals, shape.length}); }

int64_t spectrumElements(Napi::Env env, const FrameShape& shape) {
  return product(env, {shape.signals, 2, shape.bins(), shape.frames});
}

void defineSpectra(Napi::Env env, Napi::Object exports) {
  exports.Set("spectraOfFrames", Napi::Function::New<spectraOfFramesInto>(env, "spectraOfFrames"));
  exports.Set("overlapAddFrames", Napi::Function::New<overlapAddFramesInto>(env, "overlapAddFrames"));
}

}  // namespace conv1d::binding
