#include "core/network/schedule.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/network/arenas.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

// Whether stretches of these lengths lie inside their arrays.
bool areInside(const std::vector<int64_t>& offsets, const std::vector<int64_t>& lengths,
               const std::vector<int64_t>& arrays) noexcept {
  if (offsets.size() != arrays.size() || lengths.size() > arrays.size()) return false;
  for (std::size_t i = 0; i < arrays.size(); i++) {
    int64_t end = 0;
    if (offsets[i] < 0 || !checkedAdd(offsets[i], i < lengths.size() ? lengths[i] : 0, &end) || end > arrays[i]) {
      return false;
    }
  }
  return true;
}

}  // namespace

template <typename T>
Status Schedule<T>::add(std::shared_ptr<const Program<T>> program, std::vector<int64_t> inputOffsets,
                        std::vector<int64_t> outputOffsets) {
  if (!areInside(inputOffsets, program->inputLengths(), inputLengths_) ||
      !areInside(outputOffsets, program->outputLengths(), outputLengths_)) {
    return Status::kInvalidArgument;
  }
  units_.push_back({std::move(program), std::move(inputOffsets), std::move(outputOffsets)});
  return Status::kOk;
}

template <typename T>
typename Schedule<T>::Share Schedule<T>::shareOut(int threads, bool isParallel) const noexcept {
  const auto units = static_cast<int>(std::min<std::size_t>(units_.size(), static_cast<std::size_t>(threads)));
  return isParallel && units > 1 ? Share{units, 1} : Share{1, threads};
}

template <typename T>
Status Schedule<T>::run(const ScheduleCall<T>& call) const noexcept {
  return runUnits(call, shareOut(call.threads, call.isParallel), nullptr);
}

template <typename T>
Status Schedule<T>::profile(const ScheduleCall<T>& call, double* seconds) const noexcept {
  return runUnits(call, shareOut(call.threads, false), seconds);
}

template <typename T>
Status Schedule<T>::runUnits(const ScheduleCall<T>& call, const Share& share, double* seconds) const noexcept {
  const Program<T>* prepared = nullptr;  // neighbouring units mostly share a program
  for (const Unit& unit : units_) {
    if (unit.program.get() == prepared) continue;
    if (const Status status = unit.program->prepare(share.threads); status != Status::kOk) return status;
    prepared = unit.program.get();
  }
  std::size_t bytes = 0;
  if (!Arenas::bytesOf(arenaLength(), sizeof(T), share.units, &bytes)) return Status::kOutOfMemory;
  const Arenas arenas(share.units, bytes);
  if (!arenas) return Status::kOutOfMemory;
  std::atomic<Status> worst{Status::kOk};
  parallelFor(static_cast<int64_t>(units_.size()), share.units, [&](int worker, TaskRange& tasks) {
    T* const arena = reinterpret_cast<T*>(arenas.of(worker));
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end; task++) {
        const Unit& unit = units_[static_cast<std::size_t>(task)];
        const Status status =
            unit.program->run({call.arrays, unit.inputOffsets.data(), unit.outputOffsets.data(), arena}, share.threads,
                              call.cancelled, seconds);
        if (status == Status::kOk) continue;
        worst.store(status, std::memory_order_relaxed);
        return;
      }
    }
  });
  return worst.load(std::memory_order_relaxed);
}

template <typename T>
std::size_t Schedule<T>::stepCount() const noexcept {
  std::size_t most = 0;
  for (const Unit& unit : units_) most = std::max(most, unit.program->steps().size());
  return most;
}

template <typename T>
int64_t Schedule<T>::arenaLength() const noexcept {
  int64_t most = 0;
  for (const Unit& unit : units_) most = std::max(most, unit.program->arenaLength());
  return most;
}

template <typename T>
bool Schedule<T>::workingBytes(int threads, bool isParallel, std::size_t* bytes) const noexcept {
  const Share share = shareOut(threads, isParallel);
  std::size_t scratch = 0;
  for (const Unit& unit : units_) scratch = std::max(scratch, unit.program->scratchBytes(share.threads));
  if (!Arenas::bytesOf(arenaLength(), sizeof(T), share.units, bytes)) return false;
  *bytes += static_cast<std::size_t>(share.units) * scratch;
  return true;
}

template class Schedule<float>;
template class Schedule<double>;

}  // namespace conv1d
