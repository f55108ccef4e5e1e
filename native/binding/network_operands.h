// The places that a step of a network names, checked against what it reads and writes there.
#pragma once

#include <napi.h>

#include <cstdint>
#include <span>

#include "binding/strided.h"
#include "core/network/place.h"

namespace conv1d::binding {

// A place, and which elements of its memory are touched: [begin, end) of the arena, or of its input, output or
// constant.
struct Operand {
  int place = kNoPlace;
  PlaceKind kind = PlaceKind::kArena;
  int64_t index = 0;
  int64_t begin = 0;
  int64_t end = 0;
};

using Places = std::span<const Place>;

// A place by its number, all of it.
Operand toOperand(Napi::Env env, napi_value value, const char* name, Places places);

// Throws unless steps may write there.
void requireWritable(Napi::Env env, const Operand& operand, const char* name);

// The first `count` elements of a place.
Operand toRead(Napi::Env env, napi_value value, const char* name, Places places, int64_t count);
Operand toWritten(Napi::Env env, napi_value value, const char* name, Places places, int64_t count);

// The same, or none at all for -1.
Operand toReadOrNone(Napi::Env env, napi_value value, const char* name, Places places, int64_t count);
Operand toWrittenOrNone(Napi::Env env, napi_value value, const char* name, Places places, int64_t count);
bool isNone(Napi::Env env, napi_value value);

// A part of what is touched.
Operand within(const Operand& whole, const Reach& reach);

// The elements of a view, whose sizes are 1 or more.
Operand viewed(Napi::Env env, const Operand& whole, const Steps& steps, const Integers& shape, const char* name);

// Throws ERR_CONV1D_OVERLAP where both touch the same elements. Inputs and outputs are apart whenever programs run.
void requireApart(Napi::Env env, const Operand& written, const Operand& other, const char* name);

// The same, unless both touch the very same elements.
void requireApartOrSame(Napi::Env env, const Operand& written, const Operand& other, const char* name);

}  // namespace conv1d::binding
