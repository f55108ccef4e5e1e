// What becomes of outputs behind their chains: functions of elements, applied to a stretch of a finished row while it
// is in the first cache. Whoever finishes outputs, whatever the algorithm, comes here; the kernels are those of the
// operations by themselves, and so are the bits.
#pragma once

#include <cstdint>

#include "kernels/kernel_table.h"

namespace conv1d {

// Values that lie as the outputs do, (items, channels, length): an item begins `itemStride` behind the one before it.
template <typename T>
struct Rows {
  T* data;  // null where a stage says so
  int64_t itemStride;
};

// One function. It reads `in` and writes `out`, each the outputs themselves where it is null.
template <typename T>
struct EpilogueStage {
  enum class Kind {
    kUnary,    // kernels.unary[function], with a and b
    kChannel,  // the same (kChannelAffine ...), with as[channel] and bs[channel]; bs may be null for zeros
    kBinary,   // kernels.binary[function] of `in` and `other`, or the number a where that is null
  };
  Kind kind = Kind::kUnary;
  int function = 0;
  Rows<T> in{};
  Rows<T> out{};
  T a{};
  T b{};
  const T* as = nullptr;
  const T* bs = nullptr;
  Rows<const T> other{};
  bool otherIsLeft = false;
};

template <typename T>
class Epilogue {
 public:
  // Of outputs (items, channels, length) at `out`, which lie one after the other.
  Epilogue(const Kernels<T>& kernels, const EpilogueStage<T>* stages, int count, T* out, int64_t channels,
           int64_t length) noexcept
      : kernels_(kernels),
        stages_(stages),
        count_(count),
        out_{out, channels * length},
        channels_(channels),
        length_(length) {}

  // To be called once for each stretch [position, position + count) of a row, when it is final.
  void finish(int64_t item, int64_t channel, int64_t position, int64_t count) const noexcept;

  // The same for neighbouring channels of outputs of length 1.
  void finishChannels(int64_t item, int64_t channel, int64_t count) const noexcept;

  // The same for that stretch of the rows of neighbouring channels, of any length.
  void finishRows(int64_t item, int64_t channel, int64_t rows, int64_t position, int64_t count) const noexcept;

 private:
  const T* find(const Rows<T>& rows, int64_t item, int64_t offset) const noexcept {
    const Rows<T>& from = rows.data == nullptr ? out_ : rows;
    return from.data + item * from.itemStride + offset;
  }
  void apply(const EpilogueStage<T>& stage, int64_t item, int64_t offset, int64_t count, T a, T b) const noexcept;
  void applyToChannel(const EpilogueStage<T>& stage, int64_t item, int64_t channel, int64_t position,
                      int64_t count) const noexcept;
  void finishWholeRows(int64_t item, int64_t channel, int64_t rows) const noexcept;

  const Kernels<T>& kernels_;
  const EpilogueStage<T>* stages_;
  const int count_;
  const Rows<T> out_;
  const int64_t channels_;
  const int64_t length_;
};

}  // namespace conv1d
