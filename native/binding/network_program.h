// The JavaScript class Program: converts and checks what its steps name, and hands over to core/network.
#pragma once

#include <napi.h>

#include <memory>
#include <utility>
#include <variant>

#include "binding/errors.h"
#include "binding/network_operands.h"
#include "binding/reported_memory.h"
#include "core/network/program.h"

namespace conv1d::binding {

// More inputs, or outputs, than any network has: a program takes memory for every number up to the largest one.
constexpr std::size_t kMostArrays = 1024;

class Program;

// A call of a method that adds a step. Whatever arguments are read by running JavaScript (arrays of numbers) must be
// read before places are, and these before the step is added.
class StepCall {
 public:
  StepCall(const Napi::CallbackInfo& info, Program& program) noexcept : info_(info), program_(program) {}

  Napi::Env env() const { return info_.Env(); }
  const Napi::CallbackInfo& info() const noexcept { return info_; }
  Napi::Value operator[](std::size_t index) const { return info_[index]; }

  int64_t integer(std::size_t index, const char* name, int64_t least) const {
    return toInteger(env(), info_[index], name, least);
  }

  Operand read(std::size_t index, const char* name, int64_t count) const {
    return toRead(env(), info_[index], name, places(), count);
  }
  Operand readOrNone(std::size_t index, const char* name, int64_t count) const {
    return toReadOrNone(env(), info_[index], name, places(), count);
  }
  Operand writtenOrNone(std::size_t index, const char* name, int64_t count) const {
    return toWrittenOrNone(env(), info_[index], name, places(), count);
  }
  Operand written(std::size_t index, const char* name, int64_t count) const {
    return toWritten(env(), info_[index], name, places(), count);
  }
  Operand whole(std::size_t index, const char* name) const { return toOperand(env(), info_[index], name, places()); }

  Places places() const noexcept;
  napi_typedarray_type kind() const noexcept;

  // body(kernels, memory, threads) answers with a Status.
  template <typename Body>
  void add(const Body& body) const;

  // make(program) returns a std::unique_ptr<const Step<T>>.
  template <typename Make>
  void addStep(const Make& make) const;

  // A step that has nothing to do.
  void addNothing() const;

 private:
  const Napi::CallbackInfo& info_;
  Program& program_;
};

class Program : public Napi::ObjectWrap<Program> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Program(const Napi::CallbackInfo& info);

  // Of an object that may be anything.
  static Program& from(Napi::Env env, napi_value value);

  napi_typedarray_type kind() const noexcept { return kind_; }
  Places places() const noexcept {
    return std::visit([](const auto& program) { return Places(program->places()); }, program_);
  }

  // What schedules run. A schedule that has it must finish() it: it takes no more steps, places and constants.
  template <typename T>
  std::shared_ptr<const conv1d::Program<T>> core() const noexcept {
    return *std::get_if<std::shared_ptr<conv1d::Program<T>>>(&program_);
  }
  void finish() noexcept { isFinished_ = true; }
  // Schedules keep it as long as the program.
  const std::shared_ptr<ReportedMemory>& reported() const noexcept { return reported_; }

  // grow(program), the core's.
  template <typename Grow>
  auto grow(Napi::Env env, const Grow& grow) {
    requireGrowing(env);
    return orNoMemory(env, "a network",
                      [&] { return std::visit([&](auto& program) { return grow(*program); }, program_); });
  }

 private:
  Napi::Value place(const Napi::CallbackInfo& info);
  Napi::Value constant(const Napi::CallbackInfo& info);
  Napi::Value arenaLength(const Napi::CallbackInfo& info);

  template <void (*kAdd)(const StepCall&)>
  void step(const Napi::CallbackInfo& info) {
    kAdd(StepCall(info, *this));
  }

  void requireGrowing(Napi::Env env) const;

  napi_typedarray_type kind_;
  std::variant<std::shared_ptr<conv1d::Program<float>>, std::shared_ptr<conv1d::Program<double>>> program_;
  bool isFinished_ = false;
  const std::shared_ptr<ReportedMemory> reported_ = std::make_shared<ReportedMemory>(Env());
};

template <typename Make>
void StepCall::addStep(const Make& make) const {
  program_.grow(env(), [&](auto& program) { program.addStep(make(program)); });
}

template <typename Body>
void StepCall::add(const Body& body) const {
  program_.grow(env(), [&]<typename T>(conv1d::Program<T>& program) {
    program.addFunction([body, &kernels = program.kernels()](const Memory<T>& memory, int threads) noexcept -> Status {
      return body(kernels, memory, threads);
    });
  });
}

}  // namespace conv1d::binding
