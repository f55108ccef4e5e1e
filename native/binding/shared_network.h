// The JavaScript class SharedNetwork: a network's packed layers, listed for other JavaScript threads of the process.
#pragma once

#include <napi.h>

#include <memory>

#include "binding/reported_memory.h"
#include "core/network/shared_network.h"

namespace conv1d::binding {

class SharedNetwork : public Napi::ObjectWrap<SharedNetwork> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit SharedNetwork(const Napi::CallbackInfo& info);

  // What a constructor of a layer was given as (shared, index); good as long as no JavaScript runs.
  static const SharedLayer& layerOf(const Napi::CallbackInfo& info);

 private:
  Napi::Value description(const Napi::CallbackInfo& info);
  void release(const Napi::CallbackInfo& info);

  const conv1d::SharedNetwork& network(Napi::Env env) const;

  std::shared_ptr<const conv1d::SharedNetwork> network_;  // null once released
  ReportedMemory reported_{Env()};
};

}  // namespace conv1d::binding
