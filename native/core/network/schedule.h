// How programs run over batch items or stretches: units, each a program with places of its own in the call's arrays.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/network/memory.h"
#include "core/network/program.h"
#include "core/status.h"

namespace conv1d {

template <typename T>
struct ScheduleCall {
  CallArrays<T> arrays;  // of the schedule's lengths; outputs apart from each other and from all inputs
  int threads;
  // Threads share the units, each unit on one thread; otherwise one runs after the other, and each of
  // their steps on all threads. The bits are the same.
  bool isParallel = false;
  const std::atomic<bool>* cancelled = nullptr;  // read before every step, and by convolutions; unless null
};

template <typename T>
class Schedule {
 public:
  // The elements of the call's inputs and outputs.
  Schedule(std::vector<int64_t> inputLengths, std::vector<int64_t> outputLengths)
      : inputLengths_(std::move(inputLengths)), outputLengths_(std::move(outputLengths)) {}

  const std::vector<int64_t>& inputLengths() const noexcept { return inputLengths_; }
  const std::vector<int64_t>& outputLengths() const noexcept { return outputLengths_; }

  // A unit whose inputs and outputs begin at these elements; kInvalidArgument unless they lie inside. Units that run in
  // parallel must not write the same elements. The program must not grow any more. Throws std::bad_alloc.
  Status add(std::shared_ptr<const Program<T>> program, std::vector<int64_t> inputOffsets,
             std::vector<int64_t> outputOffsets);

  // Fails with kOutOfMemory, as far as can be known before anything is written, or with kCancelled.
  Status run(const ScheduleCall<T>& call) const noexcept;

  // The same, unit after unit; `seconds` grows by the time of each step, by its index in its program.
  Status profile(const ScheduleCall<T>& call, double* seconds) const noexcept;

  // The most steps of a program.
  std::size_t stepCount() const noexcept;

  // The bytes of arenas and of the steps' scratch while a call runs; false if they cannot be counted.
  bool workingBytes(int threads, bool isParallel, std::size_t* bytes) const noexcept;

 private:
  struct Unit {
    std::shared_ptr<const Program<T>> program;
    std::vector<int64_t> inputOffsets;
    std::vector<int64_t> outputOffsets;
  };

  // How many units run at a time, and the threads of each.
  struct Share {
    int units;
    int threads;
  };
  Share shareOut(int threads, bool isParallel) const noexcept;

  Status runUnits(const ScheduleCall<T>& call, const Share& share, double* seconds) const noexcept;
  int64_t arenaLength() const noexcept;

  std::vector<int64_t> inputLengths_;
  std::vector<int64_t> outputLengths_;
  std::vector<Unit> units_;
};

}  // namespace conv1d
