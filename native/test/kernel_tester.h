// Runs one kernel on operands flush against guard pages and compares every output with the chain of std::fma.
#pragma once

#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "core/checked_math.h"
#include "kernels/kernel_table.h"
#include "test/bits.h"
#include "test/guarded_buffer.h"
#include "test/random.h"

namespace conv1d::test {

// Offsets as a strided tile has them: not sorted, mostly odd multiples of an element; the first is 0.
inline int64_t tapOffset(int64_t tap) { return tap * 5 % 7 * 3 + tap; }

// The settings that both kernels have. `Self` is the tester itself, so that calls can be chained.
template <typename Self>
class TesterBase {
 public:
  Self& columns(int64_t value) { return set(columns_, value); }
  Self& taps(int64_t value) { return set(taps_, value); }
  Self& first(bool value) { return set(first_, value); }
  Self& last(bool value) { return set(last_, value); }
  Self& bias(bool value) { return set(bias_, value); }
  Self& special(bool value) { return set(special_, value); }
  Self& flush(Flush value) { return set(flush_, value); }

 protected:
  template <typename Value>
  Self& set(Value& member, Value value) {
    member = value;
    return static_cast<Self&>(*this);
  }

  // The chain of one output: what it starts at, then the products that `visit` adds.
  template <typename T, typename Products>
  T chain(T bias, T partialSum, Products products) const {
    T acc = first_ ? bias : partialSum;
    products(acc);
    return last_ ? normalised(acc) : acc;
  }

  template <typename T>
  bool matches(T actual, T expected) const {
    return last_ ? sameBits(actual, expected) : sameBitsOrNaNs(actual, expected);
  }

  template <typename T>
  void fill(Random& random, std::span<T> values) const {
    for (T& value : values) value = special_ ? random.special<T>() : random.real<T>();
  }

  uint64_t seed() const { return static_cast<uint64_t>(columns_ * 64 + taps_); }

  std::string describeBase() const {
    std::ostringstream text;
    text << ".columns(" << columns_ << ").taps(" << taps_ << ").first(" << first_ << ").last(" << last_ << ").bias("
         << bias_ << ").special(" << special_ << ").flush(Flush::" << (flush_ == Flush::kStart ? "kStart" : "kEnd")
         << ")";
    return text.str();
  }

  int64_t columns_ = 1;
  int64_t taps_ = 1;
  bool first_ = true;
  bool last_ = true;
  bool bias_ = true;
  bool special_ = false;
  Flush flush_ = Flush::kEnd;
};

// KernelTester().rows(6).columns(63).taps(5).run(kernel)
//
// In the swapped roles rows are output positions and columns output channels (kernel_table.h).
class KernelTester : public TesterBase<KernelTester> {
 public:
  KernelTester& rows(int64_t value) { return set(rows_, value); }
  KernelTester& channels(int64_t value) { return set(channels_, value); }
  KernelTester& swapped(bool value) { return set(swapped_, value); }
  // Taps whose weights lie in the panel and are left out: they are NaN, and so would be the outputs.
  KernelTester& skippedTaps(int64_t value) { return set(skippedTaps_, value); }

  template <typename T>
  void run(void (*kernel)(const MicrokernelArgs<T>&)) const {
    INFO(describe());
    const bool hasKernel = kernel != nullptr;
    REQUIRE(hasKernel);

    // Mapped once, and no larger than the widest kernels need: else mapping and clearing would take most of the time.
    static GuardedBuffer<T> tileMemory(512), panelMemory(2048), biasMemory(128), outMemory(512);
    static GuardedBuffer<int64_t> offsetMemory(16);

    const int64_t positions = swapped_ ? rows_ : columns_;
    const int64_t panelWidth = swapped_ ? columns_ : rows_;
    const int64_t rowLength = furthestTap() + positions;
    const int64_t rowStride = rowLength + 3;
    const int64_t panelStride = (taps_ + skippedTaps_) * panelWidth;
    const int64_t outStride = columns_ + 5;
    const std::span<T> tile = tileMemory.place((channels_ - 1) * rowStride + rowLength, flush_);
    const std::span<T> panel = panelMemory.place((channels_ - 1) * panelStride + taps_ * panelWidth, flush_);
    const std::span<T> biases = biasMemory.place(panelWidth, flush_);
    const std::span<T> out = outMemory.place((rows_ - 1) * outStride + columns_, flush_);
    const std::span<int64_t> offsets = offsetMemory.place(taps_, flush_);

    Random random(seed());
    for (int64_t c = 0; c < channels_; c++) {
      fill(random, part(tile, c * rowStride, rowLength));
      fill(random, part(panel, c * panelStride, taps_ * panelWidth));
    }
    fill(random, biases);
    for (int64_t k = 0; k < taps_; k++) offsets[static_cast<size_t>(k)] = tapOffset(k);
    if (!first_) {
      for (int64_t m = 0; m < rows_; m++) fill(random, part(out, m * outStride, columns_));
    }
    const std::vector<T> before(out.begin(), out.end());

    MicrokernelArgs<T> args{};
    args.tile = taps_ > 0 ? tile.data() : tileMemory.inaccessible();
    args.rowStride = rowStride;
    args.tapOffsets = taps_ > 0 ? offsets.data() : offsetMemory.inaccessible();
    args.panel = taps_ > 0 ? panel.data() : panelMemory.inaccessible();
    args.panelStride = panelStride;
    args.panelWidth = panelWidth;
    args.channels = channels_;
    args.taps = taps_;
    args.columns = columns_;
    args.bias = !bias_ ? nullptr : first_ ? biases.data() : biasMemory.inaccessible();
    args.out = out.data();
    args.outStride = outStride;
    args.first = first_;
    args.last = last_;
    kernel(args);

    for (int64_t m = 0; m < rows_; m++) {
      for (int64_t j = 0; j < columns_; j++) {
        const size_t at = static_cast<size_t>(m * outStride + j);
        const int64_t outChannel = swapped_ ? j : m;
        const int64_t position = swapped_ ? m : j;
        const T start = bias_ ? biases[static_cast<size_t>(outChannel)] : T{0};
        const T expected = chain(start, before[at], [&](T& acc) {
          for (int64_t c = 0; c < channels_; c++) {
            for (int64_t k = 0; k < taps_; k++) {
              const T weight = panel[static_cast<size_t>(c * panelStride + k * panelWidth + outChannel)];
              acc = std::fma(weight, tile[static_cast<size_t>(c * rowStride + tapOffset(k) + position)], acc);
            }
          }
        });
        if (matches(out[at], expected)) continue;
        CAPTURE(m);
        CAPTURE(j);
        FAIL_CHECK("got " << out[at] << " instead of " << expected);
        return;
      }
      for (int64_t j = columns_; m + 1 < rows_ && j < outStride; j++) {
        if (outMemory.untouched(static_cast<size_t>(m * outStride + j))) continue;
        FAIL_CHECK("row " << m << ": column " << j << " of the gap was written");
        return;
      }
    }
    if (!outMemory.surroundingsUntouched()) FAIL_CHECK("memory around the output was written");
  }

 private:
  std::string describe() const {
    std::ostringstream text;
    text << "KernelTester().swapped(" << swapped_ << ").rows(" << rows_ << ").channels(" << channels_
         << ").skippedTaps(" << skippedTaps_ << ")" << describeBase() << ".run(kernel)";
    return text.str();
  }

  template <typename T>
  static std::span<T> part(std::span<T> whole, int64_t begin, int64_t count) {
    return whole.subspan(static_cast<size_t>(begin), static_cast<size_t>(count));
  }

  // The longest stretch that the taps reach.
  int64_t furthestTap() const {
    int64_t furthest = 0;
    for (int64_t k = 0; k < taps_; k++) furthest = std::max(furthest, tapOffset(k));
    return furthest;
  }

  int64_t rows_ = 1;
  int64_t channels_ = 1;
  int64_t skippedTaps_ = 0;
  bool swapped_ = false;
};

// DepthwiseTester().columns(163).taps(31).run(kernel)
class DepthwiseTester : public TesterBase<DepthwiseTester> {
 public:
  // For the kernel that broadcasts the input: taps next to each other, the first at the row's first element (flush
  // against its end, one element further); whole vectors of `lanes` readable; weights reversed between zeros.
  DepthwiseTester& broadcast(int64_t lanes) { return set(lanes_, lanes); }

  template <typename T>
  void run(void (*kernel)(const DepthwiseArgs<T>&)) const {
    INFO("DepthwiseTester().broadcast(" << lanes_ << ")" << describeBase() << ".run(kernel)");
    const bool hasKernel = kernel != nullptr;
    REQUIRE(hasKernel);

    const int64_t readable = lanes_ > 0 ? roundUp(columns_, lanes_) : columns_;
    const int64_t margin = lanes_ > 0 ? lanes_ - 1 : 0;
    int64_t rowLength = readable;
    for (int64_t k = 0; k < taps_; k++) rowLength = std::max(rowLength, offsetOf(k) + readable);

    static GuardedBuffer<T> rowMemory(512), weightMemory(160), outMemory(256);
    static GuardedBuffer<int64_t> offsetMemory(128);

    const std::span<T> row = rowMemory.place(rowLength, flush_);
    const std::span<T> packed = weightMemory.place(taps_ + 2 * margin, flush_);
    const std::span<T> out = outMemory.place(columns_, flush_);
    const std::span<int64_t> offsets = offsetMemory.place(taps_, flush_);

    Random random(seed());
    T bias{0};
    fill(random, row);
    std::vector<T> weights(static_cast<size_t>(taps_));
    fill(random, std::span<T>(weights));
    std::fill(packed.begin(), packed.end(), T{0});
    if (lanes_ > 0) {
      std::reverse_copy(weights.begin(), weights.end(), packed.begin() + margin);
    } else {
      std::copy(weights.begin(), weights.end(), packed.begin());
    }
    fill(random, std::span<T>(&bias, 1));
    for (int64_t k = 0; k < taps_; k++) offsets[static_cast<size_t>(k)] = offsetOf(k);
    if (!first_) fill(random, out);
    if (!bias_) bias = T{0};
    const std::vector<T> before(out.begin(), out.end());

    DepthwiseArgs<T> args{};
    args.row = row.data();
    args.tapOffsets = offsets.data();
    args.weights = lanes_ > 0 ? packed.data() + margin + taps_ - 1 : packed.data();
    args.weightStep = lanes_ > 0 ? -1 : 1;
    args.taps = taps_;
    args.columns = columns_;
    args.bias = bias;
    args.out = out.data();
    args.first = first_;
    args.last = last_;
    kernel(args);

    for (int64_t j = 0; j < columns_; j++) {
      const size_t at = static_cast<size_t>(j);
      const T expected = chain(bias, before[at], [&](T& acc) {
        for (int64_t k = 0; k < taps_; k++) {
          acc = std::fma(weights[static_cast<size_t>(k)], row[static_cast<size_t>(offsetOf(k) + j)], acc);
        }
      });
      if (matches(out[at], expected)) continue;
      CAPTURE(j);
      FAIL_CHECK("got " << out[at] << " instead of " << expected);
      return;
    }
    if (!outMemory.surroundingsUntouched()) FAIL_CHECK("memory around the output was written");
  }

 private:
  int64_t offsetOf(int64_t tap) const {
    if (lanes_ == 0) return tapOffset(tap);
    return tap + (flush_ == Flush::kEnd ? 1 : 0);
  }

  int64_t lanes_ = 0;
};

}  // namespace conv1d::test
