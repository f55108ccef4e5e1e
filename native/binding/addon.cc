// The module: what binding.d.ts lists.
#include <napi.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>

#include "binding/arguments.h"
#include "binding/async_jobs.h"
#include "binding/channelwise.h"
#include "binding/convolution.h"
#include "binding/errors.h"
#include "binding/indexing.h"
#include "binding/network_program.h"
#include "binding/network_schedule.h"
#include "binding/norm_gradients.h"
#include "binding/norms.h"
#include "binding/operation_gradients.h"
#include "binding/optim.h"
#include "binding/pointwise.h"
#include "binding/pool.h"
#include "binding/products.h"
#include "binding/recurrent.h"
#include "binding/reductions.h"
#include "binding/results.h"
#include "binding/samples.h"
#include "binding/shared_network.h"
#include "binding/sorting.h"
#include "binding/spectra.h"
#include "binding/stay_loaded.h"
#include "kernels/dispatch.h"
#include "runtime/job_queue.h"
#include "runtime/result_memory.h"
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

void select(Napi::Env env, const char* name, const char* what) {
  const KernelTable* kernels = findKernels(name);
  if (kernels == nullptr) {
    throw rangeError(env, "ERR_CONV1D_ISA",
                     std::string(what) + " is '" + name + "', but this machine runs only: " + supportedNames());
  }
  selectKernels(*kernels);
}

// Applies CONV1D_ISA once per process: a Worker that loads the addon again must not undo setIsa.
void selectFromEnvironment(Napi::Env env) {
  static std::atomic<bool> applied{false};
  if (applied.load()) return;
  const char* forced = std::getenv("CONV1D_ISA");
  if (forced != nullptr && *forced != '\0') select(env, forced, "the environment variable CONV1D_ISA");
  applied.store(true);
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
  constexpr std::size_t kLongestName = 16;
  char name[kLongestName + 1];
  std::size_t length = 0;
  if (napi_get_value_string_utf8(info.Env(), info[0], name, sizeof name, &length) != napi_ok) {
    throw typeError(info.Env(), "ERR_CONV1D_TYPE", "isa must be a string");
  }
  if (std::strlen(name) != length) name[0] = '\0';  // a NUL inside: no name of ours
  select(info.Env(), name, "isa");
}

void setThreads(const Napi::CallbackInfo& info) {
  const int64_t threads = toInteger(info.Env(), info[0], "threads", 1);
  setNumThreads(static_cast<int>(threads < kMaxThreads ? threads : kMaxThreads));
}

void setDefaultThreads(const Napi::CallbackInfo& info) {
  const int64_t threads = toInteger(info.Env(), info[0], "threads", 1);
  setDefaultNumThreads(static_cast<int>(threads < kMaxThreads ? threads : kMaxThreads));
}

// (bytes): an ArrayBuffer of uninitialised memory for a result that is about to be written.
Napi::Value allocateResult(const Napi::CallbackInfo& info) {
  return {info.Env(), makeResult(info.Env(), toInteger(info.Env(), info[0], "bytes", 0)).buffer};
}

Napi::Value giveBack(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), giveBackWhenIdle()); }

void cancel(const Napi::CallbackInfo& info) {
  cancelJob(info.Env(), static_cast<uintptr_t>(toInteger(info.Env(), info[0], "job", 1)));
}

Napi::Value getThreads(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), getNumThreads()); }

Napi::Value countJobsRunByCaller(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(jobsRunByCaller()));
}

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
  stayLoaded();
  selectFromEnvironment(env);
  exports.Set("cpuInfo", Napi::Function::New<cpuInfo>(env, "cpuInfo"));
  exports.Set("setIsa", Napi::Function::New<setIsa>(env, "setIsa"));
  exports.Set("setNumThreads", Napi::Function::New<setThreads>(env, "setNumThreads"));
  exports.Set("setDefaultNumThreads", Napi::Function::New<setDefaultThreads>(env, "setDefaultNumThreads"));
  exports.Set("getNumThreads", Napi::Function::New<getThreads>(env, "getNumThreads"));
  exports.Set("allocateResult", Napi::Function::New<allocateResult>(env, "allocateResult"));
  exports.Set("giveBackWhenIdle", Napi::Function::New<giveBack>(env, "giveBackWhenIdle"));
  exports.Set("fmaProbe", Napi::Function::New<fmaProbe>(env, "fmaProbe"));
  exports.Set("jobsRunByCaller", Napi::Function::New<countJobsRunByCaller>(env, "jobsRunByCaller"));
  exports.Set("cancel", Napi::Function::New<cancel>(env, "cancel"));
  exports.Set("scaleSamples", Napi::Function::New<scaleSamples>(env, "scaleSamples"));
  definePointwise(env, exports);
  defineProducts(env, exports);
  exports.Set("Recurrent", Recurrent::define(env));
  defineReductions(env, exports);
  defineNorms(env, exports);
  defineNormGradients(env, exports);
  defineOperationGradients(env, exports);
  defineOptim(env, exports);
  defineSorting(env, exports);
  defineSpectra(env, exports);
  defineIndexing(env, exports);
  defineChannelwise(env, exports);
  definePool(env, exports);
  exports.Set("Convolution", Convolution::define(env));
  exports.Set("Program", Program::define(env));
  exports.Set("Schedule", Schedule::define(env));
  exports.Set("SharedNetwork", SharedNetwork::define(env));
  return exports;
}

}  // namespace
}  // namespace conv1d::binding

static Napi::Object initModule(Napi::Env env, Napi::Object exports) { return conv1d::binding::init(env, exports); }

NODE_API_MODULE(conv1d, initModule)
