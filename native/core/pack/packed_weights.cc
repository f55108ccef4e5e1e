#include "core/pack/packed_weights.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include "core/fast/gain.h"
#include "core/pack/pack_weights.h"
#include "core/plan/algorithm.h"

namespace conv1d {
namespace {

template <typename T>
AlignedBuffer copyOf(const T* values, int64_t count) noexcept {
  AlignedBuffer copy(static_cast<std::size_t>(count) * sizeof(T));
  if (copy) std::copy_n(values, count, reinterpret_cast<T*>(copy.data()));
  return copy;
}

}  // namespace

template <typename T>
std::shared_ptr<const PackedWeights> PackedWeights::pack(const Parameters& p, const Kernels<T>& kernels,
                                                         const T* weight, const T* bias, bool lazily) noexcept {
  std::shared_ptr<PackedWeights> result;
  try {
    result = std::make_shared<PackedWeights>();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  result->parameters_ = p;
  if (bias != nullptr) {
    result->bias_ = copyOf(bias, p.outChannels);
    if (!result->bias_) return nullptr;
  }
  result->finite_ = allFinite(weight, p.weightCount());
  if (lazily) {
    result->plain_ = copyOf(weight, p.weightCount());
    if (!result->plain_) return nullptr;
    const Gains gains = gainsOf(p, weightOf(p, weight));
    result->largestGain_ = gains.largest;
    result->isTame_ = result->finite_ && leavesRoom<T>(gains);
    if (std::optional<WindowedDft<T>> dft = windowedDft(p, weightOf(p, weight))) {
      result->bytes_ += dft->bytes();
      try {
        result->dft_ = std::make_shared<const WindowedDft<T>>(std::move(*dft));
      } catch (const std::bad_alloc&) {
        return nullptr;
      }
    }
  } else {
    const Parameters computed = computedAs(p, result->finite_);
    for (const Algorithm<T>& algorithm : algorithms<T>()) {
      if (!algorithm.isExact || !suits(algorithm, computed, kernels)) continue;
      const WeightLayout layout = algorithm.layout(computed, kernels);
      if (result->find(layout) == nullptr && result->add(kernels, layout, weight) == nullptr) return nullptr;
    }
  }
  result->bytes_ += result->bias_.size() + result->plain_.size();
  return result;
}

template <typename T>
const T* PackedWeights::in(const Kernels<T>& kernels, const WeightLayout& layout) const noexcept {
  if (layout.kind == WeightLayout::Kind::kNone) return plain<T>();
  const std::byte* found = find(layout);
  if (found == nullptr && plain_) return add(kernels, layout, plain<T>());
  return reinterpret_cast<const T*>(found);
}

const std::byte* PackedWeights::find(const WeightLayout& layout) const noexcept {
  const std::size_t count = count_.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < count; i++) {
    if (packings_[i].layout == layout) return packings_[i].memory.data();
  }
  return nullptr;
}

// Packs before it takes the lock: another thread may want another layout, and should not wait for this one.
template <typename T>
const T* PackedWeights::add(const Kernels<T>& kernels, const WeightLayout& layout, const T* weight) const noexcept {
  AlignedBuffer memory(static_cast<std::size_t>(packedCount(parameters_, kernels, layout)) * sizeof(T));
  if (!memory) return nullptr;
  T* const packed = reinterpret_cast<T*>(memory.data());
  if (!packWeights(parameters_, kernels, layout, weightOf(parameters_, weight), packed)) return nullptr;
  const std::lock_guard lock(mutex_);
  if (const std::byte* found = find(layout)) return reinterpret_cast<const T*>(found);  // another thread was faster
  const std::size_t count = count_.load(std::memory_order_relaxed);
  if (count == kMostLayouts) return nullptr;
  bytes_ += memory.size();
  packings_[count] = {layout, std::move(memory)};
  count_.store(count + 1, std::memory_order_release);
  return packed;
}

// A layout of an exact algorithm holds every weight as it is, and zeros. Numbers that are packed in place of weights
// say where each of them is: packing moves bits, whatever they stand for.
template <typename T>
bool PackedWeights::unpack(const Kernels<T>& kernels, T* weight) const noexcept {
  using Number = std::conditional_t<sizeof(T) == sizeof(uint32_t), uint32_t, uint64_t>;
  const int64_t count = parameters_.weightCount();
  if (plain_) {
    std::copy_n(plain<T>(), count, weight);
    return true;
  }
  if (count_.load(std::memory_order_acquire) == 0 || !std::in_range<Number>(count)) return false;
  const auto& [layout, memory] = packings_[0];
  const int64_t places = packedCount(parameters_, kernels, layout);
  AlignedBuffer numbers(static_cast<std::size_t>(count) * sizeof(T));
  AlignedBuffer packed(static_cast<std::size_t>(places) * sizeof(T));
  if (!numbers || !packed) return false;
  T* const from = reinterpret_cast<T*>(numbers.data());
  T* const to = reinterpret_cast<T*>(packed.data());
  for (int64_t i = 0; i < count; i++) {
    const auto number = static_cast<Number>(i + 1);
    std::memcpy(from + i, &number, sizeof(T));
  }
  if (!packWeights(parameters_, kernels, layout, weightOf<T>(parameters_, from), to)) return false;
  const T* const values = reinterpret_cast<const T*>(memory.data());
  for (int64_t i = 0; i < places; i++) {
    Number number = 0;
    std::memcpy(&number, to + i, sizeof(T));
    if (number != 0) weight[number - 1] = values[i];
  }
  return true;
}

#define CONV1D_INSTANTIATE(T)                                                                                          \
  template std::shared_ptr<const PackedWeights> PackedWeights::pack<T>(const Parameters&, const Kernels<T>&, const T*, \
                                                                       const T*, bool) noexcept;                       \
  template const T* PackedWeights::in<T>(const Kernels<T>&, const WeightLayout&) const noexcept;                       \
  template bool PackedWeights::unpack<T>(const Kernels<T>&, T*) const noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
