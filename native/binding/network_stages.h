// The flat list of numbers that the stages of an epilogue come as.
#pragma once

#include <vector>

#include "binding/network_program.h"
#include "core/network/stages.h"

namespace conv1d::binding {

// What a step's stages are about: values (items, channels, length), which lie one behind the other.
struct StagedValues {
  int64_t count;  // all elements
  int64_t channels;
  Operand x;       // what the step reads
  Operand out;     // what the stages read and write where they name no place
  bool mayWriteX;  // whether a stage may write to x in place, or not at all
};

// Stages of float64, whose numbers are rounded when they become those of a program.
std::vector<Stage<double>> toStages(const StepCall& call, std::size_t argument, const StagedValues& values);

template <typename T>
std::vector<Stage<T>> roundedTo(const std::vector<Stage<double>>& stages);

}  // namespace conv1d::binding
