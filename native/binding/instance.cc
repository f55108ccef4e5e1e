#include "binding/instance.h"

#include "binding/errors.h"

namespace conv1d::binding {
namespace {

napi_ref referenceTo(Napi::Env env, napi_value value) {
  napi_ref reference = nullptr;
  if (napi_create_reference(env, value, 1, &reference) != napi_ok) {
    throw rangeError(env, "ERR_CONV1D_MEMORY", "the engine refuses a reference");
  }
  return reference;
}

}  // namespace

void Instance::make(Napi::Env env) {
  auto* const instance = new Instance;
  env.SetInstanceData(instance);
  const Napi::Object global = env.Global();
  instance->arrayBufferClass = referenceTo(env, global.Get("ArrayBuffer"));
  const Napi::Value buffer = global.Get("Buffer");
  if (!buffer.IsFunction()) return;
  const Napi::Value allocate = buffer.As<Napi::Function>().Get("allocUnsafeSlow");
  if (!allocate.IsFunction()) return;
  instance->bufferClass = referenceTo(env, buffer);
  instance->allocUnsafeSlow = referenceTo(env, allocate);
}

Instance& Instance::of(Napi::Env env) { return *env.GetInstanceData<Instance>(); }

}  // namespace conv1d::binding
