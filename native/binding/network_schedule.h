// The JavaScript class Schedule: programs in units over the arrays of a call.
#pragma once

#include <napi.h>

#include <memory>
#include <set>
#include <variant>

#include "binding/reported_memory.h"
#include "core/network/schedule.h"

namespace conv1d::binding {

class Schedule : public Napi::ObjectWrap<Schedule> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Schedule(const Napi::CallbackInfo& info);

 private:
  template <typename T>
  using Core = std::shared_ptr<conv1d::Schedule<T>>;

  void add(const Napi::CallbackInfo& info);
  void parallel(const Napi::CallbackInfo& info);
  void run(const Napi::CallbackInfo& info);

  napi_typedarray_type kind_;
  std::variant<Core<float>, Core<double>> schedule_;
  bool isParallel_ = false;
  std::set<std::shared_ptr<ReportedMemory>> reported_;  // of its programs
};

}  // namespace conv1d::binding
