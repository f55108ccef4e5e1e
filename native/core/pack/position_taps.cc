#include "core/pack/position_taps.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/pack/phase_taps.h"

namespace conv1d {
namespace {

// The i >= 0, below `count`, with 0 <= first + i * step < bound.
struct Range {
  int64_t begin;
  int64_t end;
};

Range inside(int64_t first, int64_t step, int64_t count, int64_t bound) noexcept {
  const int64_t begin = first >= 0 ? 0 : std::min(count, ceilDivide(-first, step));
  const int64_t end = first >= bound ? 0 : std::min(count, ceilDivide(bound - first, step));
  return {begin, std::max(begin, end)};
}

class Writer {
 public:
  Writer(const Geometry& g, PositionTaps* taps, int64_t* sources) noexcept
      : g_(g), p_(g.parameters), taps_(taps), sources_(sources) {}

  void ofConvolution() noexcept {
    for (int64_t t = 0; t < g_.outLength; t++) {
      const int64_t first = t * p_.stride - p_.padLeft;
      const Range live = p_.mode == PaddingMode::kZeros ? inside(first, p_.dilation, p_.kernelSize, g_.length)
                                                        : Range{0, p_.kernelSize};
      begin(live.begin, p_.kernelSize);
      for (int64_t k = live.begin; k < live.end; k++) {
        const int64_t position = first + k * p_.dilation;
        const bool isInside = position >= 0 && position < g_.length;
        add(isInside ? position : sourcePosition(position, g_.length, p_.mode));
      }
    }
  }

  int64_t written() const noexcept { return written_; }

  void ofTransposed() noexcept {
    const PhaseTaps phases(p_);
    for (int64_t t = 0; t < g_.outLength; t++) {
      const int64_t column = (t + p_.padLeft) / p_.stride;
      const int64_t residue = phases.residueOf((t + p_.padLeft) % p_.stride);
      const int64_t count = residue < 0 ? 0 : phases.tapsOf(residue);
      const int64_t largest = residue + (count - 1) * phases.period();
      const auto source = [&](int64_t i) { return column - phases.lag(largest - i * phases.period()); };
      int64_t i = 0;
      while (i < count && source(i) < 0) i++;
      begin(count == 0 ? 0 : phases.tapsBefore(residue) * p_.groupInChannels() + i, count);
      for (; i < count && source(i) < g_.length; i++) add(source(i));
    }
  }

 private:
  void begin(int64_t weight, int64_t perChannel) noexcept {
    now_ = taps_++;
    *now_ = {written_, 0, weight, perChannel};
  }

  void add(int64_t position) noexcept {
    sources_[written_++] = position;
    now_->count++;
  }

  const Geometry& g_;
  const Parameters& p_;
  PositionTaps* taps_;
  PositionTaps* now_ = nullptr;
  int64_t* const sources_;
  int64_t written_ = 0;
};

}  // namespace

int64_t findPositionTaps(const Geometry& g, PositionTaps* taps, int64_t* sources) noexcept {
  Writer writer(g, taps, sources);
  if (g.parameters.transposed) {
    writer.ofTransposed();
  } else {
    writer.ofConvolution();
  }
  return writer.written();
}

double countPositionTaps(const Geometry& g) noexcept {
  const Parameters& p = g.parameters;
  if (p.mode != PaddingMode::kZeros) return static_cast<double>(g.outLength) * static_cast<double>(p.kernelSize);
  // The tap is the same for all of them: a convolution's reads inputs, a transposed one's adds to outputs.
  const int64_t count = p.transposed ? g.length : g.outLength;
  const int64_t bound = p.transposed ? g.outLength : g.length;
  double taps = 0;
  for (int64_t k = 0; k < p.kernelSize; k++) {
    const Range live = inside(k * p.dilation - p.padLeft, p.stride, count, bound);
    taps += static_cast<double>(live.end - live.begin);
  }
  return taps;
}

}  // namespace conv1d
