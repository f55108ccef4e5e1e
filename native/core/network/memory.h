// The memory of a program's places while one unit runs.
#pragma once

#include <cstdint>

#include "core/network/place.h"
#include "runtime/aligned_buffer.h"

namespace conv1d {

// The arrays of a call.
template <typename T>
struct CallArrays {
  const T* const* inputs;
  T* const* outputs;
};

template <typename T>
class Memory {
 public:
  // The unit's inputs and outputs begin at these offsets of the call's arrays.
  Memory(const Place* places, const AlignedBuffer* constants, T* arena, const CallArrays<T>& arrays,
         const int64_t* inputOffsets, const int64_t* outputOffsets) noexcept
      : places_(places),
        constants_(constants),
        arena_(arena),
        arrays_(arrays),
        inputOffsets_(inputOffsets),
        outputOffsets_(outputOffsets) {}

  // Null for kNoPlace.
  const T* read(int number) const noexcept {
    if (number == kNoPlace) return nullptr;
    const Place& place = places_[number];
    switch (place.kind) {
      case PlaceKind::kArena:
        return arena_ + place.offset;
      case PlaceKind::kInput:
        return arrays_.inputs[place.index] + inputOffsets_[place.index] + place.offset;
      case PlaceKind::kOutput:
        return arrays_.outputs[place.index] + outputOffsets_[place.index] + place.offset;
      case PlaceKind::kConstant:
        return reinterpret_cast<const T*>(constants_[place.index].data());
    }
    return nullptr;
  }

  // A place in the arena or an output, or kNoPlace.
  T* write(int number) const noexcept { return const_cast<T*>(read(number)); }

 private:
  const Place* places_;
  const AlignedBuffer* constants_;
  T* arena_;
  const CallArrays<T>& arrays_;
  const int64_t* inputOffsets_;
  const int64_t* outputOffsets_;
};

}  // namespace conv1d
