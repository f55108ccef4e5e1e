// What one JavaScript environment holds of this addon.
#pragma once

#include <napi.h>

#include <memory>

namespace conv1d::binding {

class JobHome;

struct Instance {
  // Of this environment as they were when it loaded the addon. References that are never released: they go with the
  // environment.
  napi_ref bufferClass = nullptr;      // null where the runtime has no Buffer
  napi_ref allocUnsafeSlow = nullptr;  // with it
  napi_ref arrayBufferClass = nullptr;

  std::shared_ptr<JobHome> jobs;  // from the first job on

  static void make(Napi::Env env);
  static Instance& of(Napi::Env env);
};

}  // namespace conv1d::binding
