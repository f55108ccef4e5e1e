#include "binding/network_operands.h"

#include <string>

#include "binding/errors.h"

namespace conv1d::binding {
namespace {

Operand cut(Napi::Env env, Operand whole, const char* name, int64_t count) {
  if (whole.end - whole.begin < count) {
    throw rangeError(env, "ERR_CONV1D_SHAPE",
                     std::string(name) + " must have " + std::to_string(count) + " elements, but its place has " +
                         std::to_string(whole.end - whole.begin));
  }
  whole.end = whole.begin + count;
  return whole;
}

}  // namespace

Operand toOperand(Napi::Env env, napi_value value, const char* name, Places places) {
  const int64_t number = toInteger(env, value, name, 0);
  if (static_cast<uint64_t>(number) >= places.size()) {
    throw rangeError(env, "ERR_CONV1D_VALUE", std::string(name) + ": there is no place of this number");
  }
  const Place& place = places[static_cast<std::size_t>(number)];
  return {static_cast<int>(number), place.kind, place.index, place.offset, place.offset + place.length};
}

void requireWritable(Napi::Env env, const Operand& operand, const char* name) {
  if (operand.kind == PlaceKind::kInput || operand.kind == PlaceKind::kConstant) {
    throw rangeError(env, "ERR_CONV1D_VALUE", std::string(name) + ": steps write to the arena and to outputs alone");
  }
}

Operand toRead(Napi::Env env, napi_value value, const char* name, Places places, int64_t count) {
  return cut(env, toOperand(env, value, name, places), name, count);
}

Operand toWritten(Napi::Env env, napi_value value, const char* name, Places places, int64_t count) {
  const Operand operand = toRead(env, value, name, places, count);
  requireWritable(env, operand, name);
  return operand;
}

Operand toReadOrNone(Napi::Env env, napi_value value, const char* name, Places places, int64_t count) {
  return isNone(env, value) ? Operand{} : toRead(env, value, name, places, count);
}

Operand toWrittenOrNone(Napi::Env env, napi_value value, const char* name, Places places, int64_t count) {
  return isNone(env, value) ? Operand{} : toWritten(env, value, name, places, count);
}

bool isNone(Napi::Env env, napi_value value) {
  double number = 0;
  return napi_get_value_double(env, value, &number) == napi_ok && number == kNoPlace;
}

Operand within(const Operand& whole, const Reach& reach) {
  Operand part = whole;
  part.begin = whole.begin + reach.begin;
  part.end = whole.begin + reach.end;
  return part;
}

Operand viewed(Napi::Env env, const Operand& whole, const Steps& steps, const Integers& shape, const char* name) {
  return within(whole, reachOf(env, whole.end - whole.begin, steps, shape, name));
}

void requireApart(Napi::Env env, const Operand& written, const Operand& other, const char* name) {
  if (written.place == kNoPlace || other.place == kNoPlace) return;
  if (written.kind != other.kind || written.index != other.index) return;
  const bool areEmpty = written.begin == written.end || other.begin == other.end;
  if (!areEmpty && written.begin < other.end && other.begin < written.end) {
    throw rangeError(env, "ERR_CONV1D_OVERLAP", std::string("what is written shares memory with ") + name);
  }
}

void requireApartOrSame(Napi::Env env, const Operand& written, const Operand& other, const char* name) {
  const bool isSame = written.kind == other.kind && written.index == other.index && written.begin == other.begin &&
                      written.end == other.end;
  if (!isSame) requireApart(env, written, other, name);
}

}  // namespace conv1d::binding
