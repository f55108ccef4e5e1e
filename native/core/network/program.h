// A network at fixed sizes: steps that run one after the other over places in memory. Whoever adds a step has checked
// that its places are long enough, and apart where its function demands it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/network/memory.h"
#include "core/network/place.h"
#include "core/network/step.h"
#include "core/status.h"
#include "kernels/kernel_table.h"
#include "runtime/aligned_buffer.h"

namespace conv1d {

// Built by one thread; once built, any number of them may run it. Functions that grow it throw std::bad_alloc.
template <typename T>
class Program {
 public:
  explicit Program(const Kernels<T>& kernels) noexcept : kernels_(kernels) {}

  const Kernels<T>& kernels() const noexcept { return kernels_; }

  // Both return the number of the place.
  int addPlace(const Place& place);
  int addConstant(const T* values, int64_t count);

  void addStep(std::unique_ptr<const Step<T>> step) { steps_.push_back(std::move(step)); }
  template <typename Body>
  void addFunction(Body body) {
    addStep(std::make_unique<const FunctionStep<T, Body>>(std::move(body)));
  }

  const std::vector<Place>& places() const noexcept { return places_; }
  const std::vector<std::unique_ptr<const Step<T>>>& steps() const noexcept { return steps_; }

  // The largest end of a place in each input and output, by its number.
  int64_t arenaLength() const noexcept { return arenaLength_; }
  const std::vector<int64_t>& inputLengths() const noexcept { return inputLengths_; }
  const std::vector<int64_t>& outputLengths() const noexcept { return outputLengths_; }

  std::size_t constantBytes() const noexcept { return constantBytes_; }
  // The most bytes that a step takes beside the arena.
  std::size_t scratchBytes(int threads) const noexcept;

  // One unit of a call: its inputs and outputs begin at these `offsets`.
  struct Unit {
    const CallArrays<T>& arrays;
    const int64_t* inputOffsets;
    const int64_t* outputOffsets;
    T* arena;
  };

  Status prepare(int threads) const noexcept;

  // Call prepare for these threads first. `seconds`, unless null, grows by the time of each step.
  Status run(const Unit& unit, int threads, const std::atomic<bool>* cancelled, double* seconds) const noexcept;

 private:
  const Kernels<T>& kernels_;
  std::vector<Place> places_;
  std::vector<AlignedBuffer> constants_;
  std::vector<std::unique_ptr<const Step<T>>> steps_;
  int64_t arenaLength_ = 0;
  std::vector<int64_t> inputLengths_;
  std::vector<int64_t> outputLengths_;
  std::size_t constantBytes_ = 0;
};

}  // namespace conv1d
