#include "binding/network_program.h"

#include "binding/elements.h"
#include "binding/errors.h"
#include "binding/network_steps.h"
#include "binding/type_tags.h"
#include "core/checked_math.h"

namespace conv1d::binding {
namespace {

constexpr std::size_t kMostPlaces = std::size_t{1} << 20;

PlaceKind toPlaceKind(Napi::Env env, napi_value value) {
  switch (toInteger(env, value, "kind", 0)) {
    case 0:
      return PlaceKind::kArena;
    case 1:
      return PlaceKind::kInput;
    case 2:
      return PlaceKind::kOutput;
    default:
      throw rangeError(env, "ERR_CONV1D_VALUE", "kind must be 0 (the arena), 1 (an input) or 2 (an output)");
  }
}

}  // namespace

Places StepCall::places() const noexcept { return program_.places(); }

napi_typedarray_type StepCall::kind() const noexcept { return program_.kind(); }

void StepCall::addNothing() const {
  add([](const auto&, const auto&, int) { return Status::kOk; });
}

Napi::Function Program::define(Napi::Env env) {
  return DefineClass(env, "Program",
                     {
                         InstanceMethod<&Program::place>("place"),
                         InstanceMethod<&Program::constant>("constant"),
                         InstanceMethod<&Program::arenaLength>("arenaLength"),
                         InstanceMethod<&Program::step<addConvolution>>("convolution"),
                         InstanceMethod<&Program::step<addPointwise>>("pointwise"),
                         InstanceMethod<&Program::step<addBinary>>("binary"),
                         InstanceMethod<&Program::step<addChannelwise>>("channelwise"),
                         InstanceMethod<&Program::step<addCopy>>("copy"),
                         InstanceMethod<&Program::step<addFill>>("fill"),
                         InstanceMethod<&Program::step<addGlu>>("glu"),
                         InstanceMethod<&Program::step<addPowScalar>>("powScalar"),
                         InstanceMethod<&Program::step<addRecurrent>>("recurrent"),
                         InstanceMethod<&Program::step<addMaxPool>>("maxPool"),
                         InstanceMethod<&Program::step<addAvgPool>>("avgPool"),
                         InstanceMethod<&Program::step<addAdaptiveMaxPool>>("adaptiveMaxPool"),
                         InstanceMethod<&Program::step<addAdaptiveAvgPool>>("adaptiveAvgPool"),
                         InstanceMethod<&Program::step<addUpsampleNearest>>("upsampleNearest"),
                         InstanceMethod<&Program::step<addUpsampleLinear>>("upsampleLinear"),
                         InstanceMethod<&Program::step<addReduce>>("reduce"),
                         InstanceMethod<&Program::step<addSoftmax>>("softmax"),
                         InstanceMethod<&Program::step<addCumsum>>("cumsum"),
                         InstanceMethod<&Program::step<addNormalise>>("normalise"),
                         InstanceMethod<&Program::step<addMatmul>>("matmul"),
                         InstanceMethod<&Program::step<addSpectraOfFrames>>("spectraOfFrames"),
                         InstanceMethod<&Program::step<addOverlapAddFrames>>("overlapAddFrames"),
                     });
}

// (dtype)
Program::Program(const Napi::CallbackInfo& info)
    : Napi::ObjectWrap<Program>(info), kind_(toArrayKind(info.Env(), info[0])) {
  orNoMemory(info.Env(), "a network", [&] {
    if (kind_ == napi_float32_array) {
      program_ = std::make_shared<conv1d::Program<float>>(activeKernelsFor<float>());
    } else {
      program_ = std::make_shared<conv1d::Program<double>>(activeKernelsFor<double>());
    }
  });
  tag(info, kProgramTag);
}

Program& Program::from(Napi::Env env, napi_value value) {
  return unwrap<Program>(env, value, kProgramTag, "program must be a Program");
}

void Program::requireGrowing(Napi::Env env) const {
  if (isFinished_) {
    throw typeError(env, "ERR_CONV1D_TYPE", "a schedule has this program: it takes no more steps and places");
  }
}

// (kind, index, offset, length)
Napi::Value Program::place(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Place place = {toPlaceKind(env, info[0]), toInteger(env, info[1], "index", 0),
                       toInteger(env, info[2], "offset", 0), toInteger(env, info[3], "length", 0)};
  if (place.index >= (place.kind == PlaceKind::kArena ? 1 : static_cast<int64_t>(kMostArrays))) {
    throw rangeError(env, "ERR_CONV1D_VALUE", "index must be 0 for the arena, and below 1024 for inputs and outputs");
  }
  if (place.offset + place.length > kMaxInteger) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", "offset and length are too large to count");
  }
  if (places().size() >= kMostPlaces) throw rangeError(env, "ERR_CONV1D_VALUE", "a program has at most 2^20 places");
  return Napi::Number::New(env, grow(env, [&](auto& program) { return program.addPlace(place); }));
}

// (values)
Napi::Value Program::constant(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ElementSpan values = toElements(env, info[0], "values", kind_);
  if (places().size() >= kMostPlaces) throw rangeError(env, "ERR_CONV1D_VALUE", "a program has at most 2^20 places");
  return Napi::Number::New(env, grow(env, [&]<typename T>(conv1d::Program<T>& program) {
                             const int number = program.addConstant(values.as<T>(), values.length);
                             reported_->snapshot(program.constantBytes());
                             return number;
                           }));
}

Napi::Value Program::arenaLength(const Napi::CallbackInfo& info) {
  const int64_t length = std::visit([](const auto& program) { return program->arenaLength(); }, program_);
  return Napi::Number::New(info.Env(), static_cast<double>(length));
}

}  // namespace conv1d::binding
