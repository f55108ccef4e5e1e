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
  Napi::Value runAsync(const Napi::CallbackInfo& info);
  Napi::Value profile(const Napi::CallbackInfo& info);
  Napi::Value workingBytes(const Napi::CallbackInfo& info);

  // Runs body(schedule, call) with the arrays (inputs, outputs) of a call.
  template <typename Body>
  void withArrays(const Napi::CallbackInfo& info, const Body& body);

  napi_typedarray_type kind_;
  std::variant<Core<float>, Core<double>> schedule_;
  bool isInJobs_ = false;  // which read it on other threads: it is copied before it changes
  bool isParallel_ = false;
  std::set<std::shared_ptr<ReportedMemory>> reported_;  // of its programs
};

}  // namespace conv1d::binding
