// Where the values of a network lie.
#pragma once

#include <cstdint>

namespace conv1d {

enum class PlaceKind {
  kArena,     // of a unit while it runs
  kInput,     // of the call
  kOutput,    // of the call
  kConstant,  // of the program
};

// A stretch of memory. Steps name it by its number in their program.
struct Place {
  PlaceKind kind;
  int64_t index;   // which input, output or constant
  int64_t offset;  // elements
  int64_t length;
};

constexpr int kNoPlace = -1;

}  // namespace conv1d
