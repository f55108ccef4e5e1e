// The module: what binding.d.ts lists.
#include <napi.h>

#include <cstdlib>
#include <string>

#include "binding/arguments.h"
#include "binding/convolution.h"
#include "binding/errors.h"
#include "kernels/dispatch.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

constexpr int64_t kMaxProbe = 1'000'000'000;  // a few seconds: the event loop waits for it

std::string supportedNames() {
  std::string names;
  for (const KernelTable* const* table = supportedKernels(); *table != nullptr; table++) {
    if (!names.empty()) names += ", ";
    names += (*table)->name;
  }
  return names;
}

void select(Napi::Env env, const std::string& name, const char* what) {
  const KernelTable* kernels = findKernels(name.c_str());
  if (kernels == nullptr) {
    throw rangeError(env, "ERR_CONV1D_ISA",
                     std::string(what) + " is '" + name + "', but this machine runs only: " + supportedNames());
  }
  selectKernels(*kernels);
}

Napi::Value cpuInfo(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Array supported = Napi::Array::New(env);
  for (const KernelTable* const* table = supportedKernels(); *table != nullptr; table++) {
    supported.Set(supported.Length(), Napi::String::New(env, (*table)->name));
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("isa", activeKernels().name);
  result.Set("supported", supported);
  return result;
}

void setIsa(const Napi::CallbackInfo& info) {
  if (!info[0].IsString()) throw typeError(info.Env(), "ERR_CONV1D_TYPE", "isa must be a string");
  select(info.Env(), info[0].As<Napi::String>().Utf8Value(), "isa");
}

void setThreads(const Napi::CallbackInfo& info) {
  const int64_t threads = toInteger(info.Env(), info[0], "threads", 1);
  setNumThreads(static_cast<int>(threads < kMaxThreads ? threads : kMaxThreads));
}

Napi::Value getThreads(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), getNumThreads()); }

// FMAs alone, on the calling thread, for as long as the harness wants to time them.
Napi::Value fmaProbe(const Napi::CallbackInfo& info) {
  const int64_t iterations = toInteger(info.Env(), info[0], "iterations", 1);
  if (iterations > kMaxProbe) {
    throw rangeError(info.Env(), "ERR_CONV1D_VALUE", "iterations must be at most " + std::to_string(kMaxProbe));
  }
  float sink[kMaxLanes];
  return Napi::Number::New(info.Env(), static_cast<double>(activeKernels().f32.fmaProbe(iterations, sink)));
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  const char* forced = std::getenv("CONV1D_ISA");
  if (forced != nullptr && *forced != '\0') select(env, forced, "the environment variable CONV1D_ISA");
  exports.Set("cpuInfo", Napi::Function::New<cpuInfo>(env, "cpuInfo"));
  exports.Set("setIsa", Napi::Function::New<setIsa>(env, "setIsa"));
  exports.Set("setNumThreads", Napi::Function::New<setThreads>(env, "setNumThreads"));
  exports.Set("getNumThreads", Napi::Function::New<getThreads>(env, "getNumThreads"));
  exports.Set("fmaProbe", Napi::Function::New<fmaProbe>(env, "fmaProbe"));
  exports.Set("Convolution", Convolution::define(env));
  return exports;
}

}  // namespace
}  // namespace conv1d::binding

static Napi::Object initModule(Napi::Env env, Napi::Object exports) { return conv1d::binding::init(env, exports); }

NODE_API_MODULE(conv1d, initModule)
