#include "binding/network_schedule.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "binding/elements.h"
#include "binding/errors.h"
#include "binding/network_job.h"
#include "binding/network_program.h"
#include "binding/results.h"
#include "runtime/thread_pool.h"

namespace conv1d::binding {
namespace {

constexpr const char* kWhat = "a network";

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
                     "there must be " + std::to_string(lengths.size()) + ", each " + std::string(name));
  }
  std::vector<ElementSpan> arrays;
  arrays.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); i++) {
    arrays.push_back(toElements(env, values[i], name, kind, lengths[i]));
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

// Copies one behind the other, and where each of them is.
template <typename T>
JobInput copyOf(const std::vector<ElementSpan>& arrays, std::vector<const T*>* copies) {
  std::size_t bytes = 0;
  for (const ElementSpan& array : arrays) bytes += array.bytes;
  JobInput memory(bytes);
  T* to = static_cast<T*>(memory.memory());
  for (const ElementSpan& array : arrays) {
    copies->push_back(to);
    to = std::copy_n(array.as<T>(), array.length, to);
  }
  return memory;
}

}  // namespace

Napi::Function Schedule::define(Napi::Env env) {
  return DefineClass(env, "Schedule",
                     {
                         InstanceMethod<&Schedule::add>("add"),
                         InstanceMethod<&Schedule::parallel>("parallel"),
                         InstanceMethod<&Schedule::run>("run"),
                         InstanceMethod<&Schedule::runAsync>("runAsync"),
                         InstanceMethod<&Schedule::profile>("profile"),
                         InstanceMethod<&Schedule::workingBytes>("workingBytes"),
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
    const Status status = std::visit(
        [&]<typename T>(Core<T>& schedule) {
          if (std::exchange(isInJobs_, false)) schedule = std::make_shared<conv1d::Schedule<T>>(*schedule);
          return schedule->add(program.core<T>(), std::move(inputs), std::move(outputs));
        },
        schedule_);
    if (status != Status::kOk) {
      throw rangeError(env, "ERR_CONV1D_SHAPE", "the program's inputs and outputs do not lie inside those of a call");
    }
    program.finish();
    reported_.insert(program.reported());
  });
}

// (value)
void Schedule::parallel(const Napi::CallbackInfo& info) { isParallel_ = toBoolean(info.Env(), info[0], "value"); }

template <typename Body>
void Schedule::withArrays(const Napi::CallbackInfo& info, const Body& body) {
  const Napi::Env env = info.Env();
  orNoMemory(env, kWhat, [&] {
    const std::vector<napi_value> inputs = elementsOf(env, info[0], "inputs");
    const std::vector<napi_value> outputs = elementsOf(env, info[1], "outputs");
    std::visit(
        [&]<typename T>(const Core<T>& schedule) {
          // From here on no JavaScript runs, so the pointers stay good.
          const Arrays arrays = {toArrays(env, inputs, "an array of inputs", kind_, schedule->inputLengths()),
                                 toArrays(env, outputs, "an array of outputs", kind_, schedule->outputLengths())};
          requireApart(env, arrays);
          const std::vector<const T*> from = pointersTo<const T>(arrays.inputs);
          const std::vector<T*> to = pointersTo<T>(arrays.outputs);
          body(*schedule, ScheduleCall<T>{{from.data(), to.data()}, getNumThreads(), isParallel_});
        },
        schedule_);
  });
}

// (inputs, outputs)
void Schedule::run(const Napi::CallbackInfo& info) {
  withArrays(info, [&](const auto& schedule, const auto& call) { requireOk(info.Env(), schedule.run(call), kWhat); });
}

// (inputs, outputs): a Float64Array
Napi::Value Schedule::profile(const Napi::CallbackInfo& info) {
  std::vector<double> seconds;
  withArrays(info, [&](const auto& schedule, const auto& call) {
    seconds.resize(schedule.stepCount(), 0);
    requireOk(info.Env(), schedule.profile(call, seconds.data()), kWhat);
  });
  Napi::Float64Array result = Napi::Float64Array::New(info.Env(), seconds.size());
  std::copy(seconds.begin(), seconds.end(), result.Data());
  return result;
}

// (inputs, done)
Napi::Value Schedule::runAsync(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return orNoMemory(env, "what a background job holds", [&]() -> Napi::Value {
    const std::vector<napi_value> inputs = elementsOf(env, info[0], "inputs");
    JobValues values{{}, {}, toCallback(env, info[1])};
    // From here on no JavaScript runs, so the pointers stay good.
    return std::visit(
        [&]<typename T>(const Core<T>& schedule) -> Napi::Value {
          const std::vector<ElementSpan> arrays =
              toArrays(env, inputs, "an array of inputs", kind_, schedule->inputLengths());
          std::vector<T*> outputs;
          for (const int64_t length : schedule->outputLengths()) {
            const Result result = makeResult(env, product(env, {length, static_cast<int64_t>(sizeof(T))}));
            values.results.push_back(result.buffer);
            outputs.push_back(static_cast<T*>(result.data));
          }
          std::vector<const T*> copies;
          JobInput memory = copyOf<T>(arrays, &copies);
          isInJobs_ = true;
          auto job = std::make_shared<NetworkJob<T>>(schedule, isParallel_, std::move(memory), std::move(copies),
                                                     std::move(outputs));
          return Napi::Number::New(env, static_cast<double>(startJob(env, std::move(job), values)));
        },
        schedule_);
  });
}

// ()
Napi::Value Schedule::workingBytes(const Napi::CallbackInfo& info) {
  std::size_t bytes = 0;
  const bool isCounted = std::visit(
      [&](const auto& schedule) { return schedule->workingBytes(getNumThreads(), isParallel_, &bytes); }, schedule_);
  if (!isCounted) throw rangeError(info.Env(), "ERR_CONV1D_SHAPE", "the arenas are too large to count");
  return Napi::Number::New(info.Env(), static_cast<double>(bytes));
}

}  // namespace conv1d::binding
