#include "core/spectra/dft_tables.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <mutex>

namespace conv1d {
namespace {

// The tables used last. Larger ones are made anew: computing with them takes much longer than making them.
constexpr std::size_t kKept = 8;
constexpr int64_t kLargestKept = 16384;

template <typename T>
class Recent {
 public:
  std::shared_ptr<const DftTables<T>> find(int64_t size) noexcept {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(kept_.begin(), kept_.end(),
                                    [&](const auto& tables) { return tables != nullptr && tables->size == size; });
    if (found == kept_.end()) return nullptr;
    std::rotate(kept_.begin(), found, found + 1);
    return kept_.front();
  }

  void add(const std::shared_ptr<const DftTables<T>>& tables) noexcept {
    const std::lock_guard lock(mutex_);
    std::rotate(kept_.begin(), kept_.end() - 1, kept_.end());
    kept_.front() = tables;
  }

 private:
  std::mutex mutex_;
  std::array<std::shared_ptr<const DftTables<T>>, kKept> kept_;
};

template <typename T>
Recent<T>& recent() {
  // Never destroyed: a background thread may look tables up while the process ends.
  static auto* const tables = new Recent<T>;
  return *tables;
}

}  // namespace

template <typename T>
DftTables<T>::DftTables(int64_t samples) : size(samples), dft(samples, allDftRadices(samples)), sums(0) {
  for (int64_t bin = 0; bin < bins(); bin++) values.push_back(static_cast<int32_t>(bin));
  for (int64_t bin = 0; bin < bins(); bin++) values.push_back(static_cast<int32_t>(bin == 0 ? 0 : size - bin));
  for (const RealDftPass<T>& pass : dft.passes) {
    if (pass.radix > 8) sums = std::max(sums, 2 * pass.radix);
  }
}

template <typename T>
std::shared_ptr<const DftTables<T>> dftTables(int64_t size) {
  if (size > kLargestKept) return std::make_shared<const DftTables<T>>(size);
  std::shared_ptr<const DftTables<T>> tables = recent<T>().find(size);
  if (tables == nullptr) {
    tables = std::make_shared<const DftTables<T>>(size);
    recent<T>().add(tables);
  }
  return tables;
}

template struct DftTables<float>;
template struct DftTables<double>;
template std::shared_ptr<const DftTables<float>> dftTables<float>(int64_t);
template std::shared_ptr<const DftTables<double>> dftTables<double>(int64_t);

}  // namespace conv1d
