#include "binding/network_schedule.h"

#include <utility>
#include <vector>

#include "binding/elements.h"
#include "binding/errors.h"
#include "binding/network_program.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

// Programs name as many at most.
constexpr std::size_t kMostArrays = 1024;

// Getters may run.
std::vector<int64_t> toSizes(Napi::Env env, Napi::Value value, const char* name) {
  const std::vector<napi_value> elements = elementsOf(env, value, name);
  if (elements.size() > kMostArrays) {
    throw rangeError(env, "ERR_CONV1D_VALUE", std::string(name) + " has more than 1024 elements");
  }
  std::vector<int64_t> sizes;
  sizes.reserve(elements.size());
  for (const napi_value element : elements) sizes.push_back(toInteger(env, element, name, 0));
  return sizes;
}

// The arrays of a call, checked.
struct Arrays {
  std::vector<ElementSpan> inputs;
  std::vector<ElementSpan> outputs;
};

std::vector<ElementSpan> toArrays(Napi::Env env, const std::vector<napi_value>& values, const char* name,
                                  napi_typedarray_type kind, const std::vector<int64_t>& lengths) {
  if (values.size() != lengths.size()) {
    throw rangeError(env, "ERR_CONV1D_SHAPE",
                     std::string(name) + " must have " + std::to_string(lengths.size()) + " arrays");
  }
  std::vector<ElementSpan> arrays;
  arrays.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); i++) {
    arrays.push_back(toElements(env, values[i], ("an array of " + std::string(name)).c_str(), kind, lengths[i]));
  }
  return arrays;
}

void requireApart(Napi::Env env, const Arrays& arrays) {
  for (std::size_t i = 0; i < arrays.outputs.size(); i++) {
    for (const ElementSpan& input : arrays.inputs) binding::requireApart(env, arrays.outputs[i], input, "an input");
    for (std::size_t j = 0; j < i; j++) {
      binding::requireApart(env, arrays.outputs[i], arrays.outputs[j], "another output");
    }
  }
}

template <typename T>
std::vector<T*> pointersTo(const std::vector<ElementSpan>& arrays) {
  std::vector<T*> pointers;
  pointers.reserve(arrays.size());
  for (const ElementSpan& array : arrays) pointers.push_back(array.as<T>());
  return pointers;
}

}  // namespace

Napi::Function Schedule::define(Napi::Env env) {
  return DefineClass(env, "Schedule",
                     {
                         InstanceMethod<&Schedule::add>("add"),
                         InstanceMethod<&Schedule::parallel>("parallel"),
                         InstanceMethod<&Schedule::run>("run"),
                     });
}

// (dtype, inputLengths, outputLengths)
Schedule::Schedule(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Schedule>(info), kind_(toArrayKind(info.Env(), info[0])) {
  const Napi::Env env = info.Env();
  orNoMemory(env, "a schedule", [&] {
    std::vector<int64_t> inputs = toSizes(env, info[1], "inputLengths");
    std::vector<int64_t> outputs = toSizes(env, info[2], "outputLengths");
    if (kind_ == napi_float32_array) {
      schedule_ = std::make_shared<conv1d::Schedule<float>>(std::move(inputs), std::move(outputs));
    } else {
      schedule_ = std::make_shared<conv1d::Schedule<double>>(std::move(inputs), std::move(outputs));
    }
  });
}

// (program, inputOffsets, outputOffsets)
void Schedule::add(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  orNoMemory(env, "a schedule", [&] {
    std::vector<int64_t> inputs = toSizes(env, info[1], "inputOffsets");
    std::vector<int64_t> outputs = toSizes(env, info[2], "outputOffsets");
    Program& program = Program::from(env, info[0]);
    if (program.kind() != kind_) throw typeError(env, "ERR_CONV1D_TYPE", "program must have the schedule's dtype");
    reported_.insert(program.reported());
    const Status status = std::visit(
        [&]<typename T>(Core<T>& schedule) {
          return schedule->add(program.finished<T>(), std::move(inputs), std::move(outputs));
        },
        schedule_);
    if (status != Status::kOk) {
      throw rangeError(env, "ERR_CONV1D_SHAPE", "the program's inputs and outputs do not lie inside those of a call");
    }
  });
}

// (value)
void Schedule::parallel(const Napi::CallbackInfo& info) { isParallel_ = toBoolean(info.Env(), info[0], "value"); }

// (inputs, outputs)
void Schedule::run(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  orNoMemory(env, "a network", [&] {
    const std::vector<napi_value> inputs = elementsOf(env, info[0], "inputs");
    const std::vector<napi_value> outputs = elementsOf(env, info[1], "outputs");
    std::visit(
        [&]<typename T>(const Core<T>& schedule) {
          // From here on no JavaScript runs, so the pointers stay good.
          const Arrays arrays = {toArrays(env, inputs, "inputs", kind_, schedule->inputLengths()),
                                 toArrays(env, outputs, "outputs", kind_, schedule->outputLengths())};
          requireApart(env, arrays);
          const std::vector<const T*> from = pointersTo<const T>(arrays.inputs);
          const std::vector<T*> to = pointersTo<T>(arrays.outputs);
          requireOk(env, schedule->run({{from.data(), to.data()}, getNumThreads(), isParallel_}), "a network");
        },
        schedule_);
  });
}

}  // namespace conv1d::binding
