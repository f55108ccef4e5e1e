// One step of a program.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "core/network/memory.h"
#include "core/status.h"

namespace conv1d {

// Never changes after it became part of a program, apart from caches; any thread may run it.
template <typename T>
class Step {
 public:
  virtual ~Step() = default;

  // Allocates what runs with this many threads need, so that a lack of memory shows before anything is written.
  virtual Status prepare(int) const noexcept { return Status::kOk; }

  // Fails with kOutOfMemory, or with kCancelled.
  virtual Status run(const Memory<T>& memory, int threads, const std::atomic<bool>* cancelled) const noexcept = 0;

  // The bytes that a run takes beside the arena, as far as a plan tells.
  virtual std::size_t scratchBytes(int) const noexcept { return 0; }
};

// body(memory, threads) returns a Status.
template <typename T, typename Body>
class FunctionStep final : public Step<T> {
 public:
  explicit FunctionStep(Body body) : body_(std::move(body)) {}

  Status run(const Memory<T>& memory, int threads, const std::atomic<bool>*) const noexcept override {
    return body_(memory, threads);
  }

 private:
  const Body body_;
};

}  // namespace conv1d
