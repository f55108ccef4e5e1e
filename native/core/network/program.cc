#include "core/network/program.h"

#include <algorithm>
#include <chrono>
#include <new>

namespace conv1d {
namespace {

void grow(std::vector<int64_t>* lengths, const Place& place) {
  const auto index = static_cast<std::size_t>(place.index);
  if (lengths->size() <= index) lengths->resize(index + 1, 0);
  (*lengths)[index] = std::max((*lengths)[index], place.offset + place.length);
}

class Stopwatch {
 public:
  double seconds() noexcept {
    const auto now = Clock::now();
    const std::chrono::duration<double> passed = now - last_;
    last_ = now;
    return passed.count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point last_ = Clock::now();
};

}  // namespace

template <typename T>
int Program<T>::addPlace(const Place& place) {
  if (place.kind == PlaceKind::kInput) grow(&inputLengths_, place);
  if (place.kind == PlaceKind::kOutput) grow(&outputLengths_, place);
  if (place.kind == PlaceKind::kArena) arenaLength_ = std::max(arenaLength_, place.offset + place.length);
  places_.push_back(place);
  return static_cast<int>(places_.size()) - 1;
}

template <typename T>
int Program<T>::addConstant(const T* values, int64_t count) {
  const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
  AlignedBuffer copy(std::max(bytes, sizeof(T)));
  if (!copy) throw std::bad_alloc();
  std::copy_n(values, count, reinterpret_cast<T*>(copy.data()));
  constants_.push_back(std::move(copy));
  constantBytes_ += bytes;
  return addPlace({PlaceKind::kConstant, static_cast<int64_t>(constants_.size()) - 1, 0, count});
}

template <typename T>
std::size_t Program<T>::scratchBytes(int threads) const noexcept {
  std::size_t most = 0;
  for (const auto& step : steps_) most = std::max(most, step->scratchBytes(threads));
  return most;
}

template <typename T>
Status Program<T>::prepare(int threads) const noexcept {
  for (const auto& step : steps_) {
    if (const Status status = step->prepare(threads); status != Status::kOk) return status;
  }
  return Status::kOk;
}

template <typename T>
Status Program<T>::run(const Unit& unit, int threads, const std::atomic<bool>* cancelled,
                       double* seconds) const noexcept {
  const Memory<T> memory(places_.data(), constants_.data(), unit.arena, unit.arrays, unit.inputOffsets,
                         unit.outputOffsets);
  const auto isCancelled = [cancelled] { return cancelled != nullptr && cancelled->load(std::memory_order_relaxed); };
  Stopwatch watch;
  for (const auto& step : steps_) {
    if (isCancelled()) return Status::kCancelled;
    if (const Status status = step->run(memory, threads, cancelled); status != Status::kOk) return status;
    if (seconds != nullptr) *seconds++ += watch.seconds();
  }
  return Status::kOk;
}

template class Program<float>;
template class Program<double>;

}  // namespace conv1d
