#include "binding/network_stages.h"

#include <cmath>

#include "binding/elements.h"
#include "binding/errors.h"
#include "runtime/float_mode.h"

namespace conv1d::binding {
namespace {

using Kind = Stage<double>::Kind;

// [kind, function, in, out, p, q, a, b, otherIsLeft]
constexpr int64_t kNumbers = 9;

int functionsOf(Kind kind) noexcept {
  switch (kind) {
    case Kind::kUnary:
      return kUnaryFunctions;
    case Kind::kChannel:
      return kChannelFunctions;
    case Kind::kBinary:
      return kBinaryFunctions;
  }
  return 0;
}

class StageReader {
 public:
  StageReader(const StepCall& call, const StagedValues& values) noexcept : call_(call), values_(values) {}

  Stage<double> read(const double* numbers) {
    Stage<double> stage;
    stage.kind = static_cast<Kind>(choice(numbers[0], 3));
    stage.function = choice(numbers[1], functionsOf(stage.kind));
    stage.in = element(numbers[2], "in of a stage");
    stage.out = written(numbers[3]);
    if (stage.kind == Kind::kChannel) {
      stage.as = parameters(numbers[4]);
      const bool hasBs = stage.function != kChannelLeakyRelu;
      if (hasBs) stage.bs = parameters(numbers[5]);
      if (!hasBs) requireNone(numbers[5]);
    } else if (stage.kind == Kind::kBinary) {
      stage.other = element(numbers[4], "p of a stage");
      requireNone(numbers[5]);
    } else {
      requireNone(numbers[4]);
      requireNone(numbers[5]);
    }
    stage.a = numbers[6];
    stage.b = numbers[7];
    stage.otherIsLeft = choice(numbers[8], 2) == 1;
    return stage;
  }

  // What is written must be apart from what is read, or the very same elements: those are read first.
  void requireApart() const {
    const Napi::Env env = call_.env();
    for (const Operand& write : written_) {
      if (values_.mayWriteX) {
        requireApartOrSame(env, write, values_.x, "x");
      } else {
        binding::requireApart(env, write, values_.x, "x");
      }
      for (const Operand& other : elements_) requireApartOrSame(env, write, other, "what a stage reads");
      for (const Operand& other : written_) requireApartOrSame(env, write, other, "what a stage writes");
      for (const Operand& other : parameters_) binding::requireApart(env, write, other, "the parameters of channels");
    }
  }

 private:
  int choice(double number, int count) const {
    if (!(number >= 0 && number < count) || number != std::floor(number)) {
      throw rangeError(call_.env(), "ERR_CONV1D_VALUE", "a stage has a kind, a function or a flag that does not exist");
    }
    return static_cast<int>(number);
  }

  void requireNone(double number) const {
    if (number != kNoPlace) {
      throw rangeError(call_.env(), "ERR_CONV1D_VALUE", "a stage has a place that its function does not read");
    }
  }

  // A place's first `count` elements.
  Operand operand(double number, const char* name, int64_t count) const {
    return toRead(call_.env(), Napi::Number::New(call_.env(), number), name, call_.places(), count);
  }

  int element(double number, const char* name) {
    if (number == kNoPlace) return kNoPlace;
    elements_.push_back(operand(number, name, values_.count));
    return elements_.back().place;
  }

  int parameters(double number) {
    parameters_.push_back(operand(number, "the parameters of channels", values_.channels));
    return parameters_.back().place;
  }

  int written(double number) {
    if (number == kNoPlace) return kNoPlace;
    written_.push_back(operand(number, "out of a stage", values_.count));
    requireWritable(call_.env(), written_.back(), "out of a stage");
    return written_.back().place;
  }

  const StepCall& call_;
  const StagedValues& values_;
  std::vector<Operand> elements_;
  std::vector<Operand> parameters_;
  std::vector<Operand> written_{values_.out};
};

}  // namespace

std::vector<Stage<double>> toStages(const StepCall& call, std::size_t argument, const StagedValues& values) {
  const Napi::Env env = call.env();
  const ElementSpan numbers = toElements(env, call[argument], "stages", napi_float64_array);
  if (numbers.length % kNumbers != 0 || numbers.length / kNumbers > static_cast<int64_t>(kMostStages)) {
    throw rangeError(env, "ERR_CONV1D_SHAPE", "stages must have 9 numbers each, and be at most 32");
  }
  return orNoMemory(env, "stages", [&] {
    StageReader reader(call, values);
    std::vector<Stage<double>> stages;
    for (int64_t at = 0; at < numbers.length; at += kNumbers) stages.push_back(reader.read(numbers.as<double>() + at));
    reader.requireApart();
    return stages;
  });
}

template <typename T>
std::vector<Stage<T>> roundedTo(const std::vector<Stage<double>>& stages) {
  const StandardFloatMode mode;
  std::vector<Stage<T>> rounded;
  for (const Stage<double>& from : stages) {
    rounded.push_back({static_cast<typename Stage<T>::Kind>(from.kind), from.function, from.in, from.out, from.as,
                       from.bs, from.other, static_cast<T>(from.a), static_cast<T>(from.b), from.otherIsLeft});
  }
  return rounded;
}

template std::vector<Stage<float>> roundedTo(const std::vector<Stage<double>>&);
template std::vector<Stage<double>> roundedTo(const std::vector<Stage<double>>&);

}  // namespace conv1d::binding
