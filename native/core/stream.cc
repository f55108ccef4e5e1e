#include "core/stream.h"

#include <algorithm>

#include "core/checked_math.h"

namespace conv1d {
namespace {

// Neighbouring taps may have an algorithm of their own, whose layout the layer's snapshot does not hold
// (plan/broadcast_depthwise.cc).
constexpr int64_t kLeastDilation = 2;

// The row that a window sees: the last `carried` positions of the history, then the chunk.
template <typename T>
class Row {
 public:
  Row(const StreamStep& step, const T* history, int64_t oldest, const T* chunk) noexcept
      : step_(step), history_(history), oldest_(oldest), chunk_(chunk + step.skipped) {}

  // Positions [first, first + count), counted from the beginning of the window.
  T* copy(int64_t first, int64_t count, T* to) const noexcept {
    const int64_t old = std::clamp<int64_t>(step_.carried - first, 0, count);
    if (old > 0) {
      int64_t column = oldest_ + step_.reach - step_.carried + first;
      if (column >= step_.reach) column -= step_.reach;
      const int64_t beforeWrap = std::min(old, step_.reach - column);
      to = std::copy_n(history_ + column, beforeWrap, to);
      to = std::copy_n(history_, old - beforeWrap, to);
    }
    return std::copy_n(chunk_ + std::max<int64_t>(first - step_.carried, 0), count - old, to);
  }

 private:
  const StreamStep& step_;
  const T* history_;
  int64_t oldest_;
  const T* chunk_;
};

}  // namespace

Status makeStreamStep(const Parameters& p, int64_t batch, int64_t length, int64_t lead, int64_t padRight,
                      StreamStep* result) noexcept {
  if (batch < 0 || length < 0 || padRight < 0) return Status::kInvalidArgument;
  StreamStep step;
  if (!checkedMultiply(p.kernelSize - 1, p.dilation, &step.reach)) return Status::kOverflow;
  if (!checkedMultiply(batch, p.inChannels, &step.rows)) return Status::kOverflow;
  int64_t arriving = 0;
  int64_t available = 0;  // positions of the window and behind it
  if (!checkedAdd(length, padRight, &arriving)) return Status::kOverflow;
  if (!checkedAdd(arriving, std::max<int64_t>(lead, 0), &available)) return Status::kOverflow;
  if (lead < 0) available = lead < -arriving ? 0 : arriving + lead;
  step.length = length;
  step.carried = std::clamp<int64_t>(lead, 0, step.reach);
  step.skipped = lead < -length ? length : std::max<int64_t>(-lead, 0);
  step.outputs = available > step.reach ? (available - step.reach - 1) / p.stride + 1 : 0;
  if (step.outputs == 0) {
    *result = step;
    return Status::kOk;
  }

  // Only a padding wider than the reach leaves positions that the history does not hold: zeros, all of them.
  Parameters windowed = p;
  windowed.mode = PaddingMode::kZeros;
  windowed.padLeft = std::max<int64_t>(lead - step.reach, 0);
  const int64_t real = step.carried + length - step.skipped;
  windowed.padRight = available - windowed.padLeft - real;
  int64_t joinedLength = real;

  const int64_t read = (step.outputs - 1) * p.stride + 1;
  const int64_t dilation = std::max(kLeastDilation, read);
  if (windowed.padLeft == 0 && windowed.padRight == 0 && dilation < p.dilation && p.kernelSize > 1) {
    step.stretch = read;
    step.dilation = p.dilation;
    windowed.dilation = dilation;
    joinedLength = (p.kernelSize - 1) * dilation + read;
  }
  const Status status = makeGeometry(windowed, batch, joinedLength, &step.geometry);
  if (status != Status::kOk) return status;
  step.readsChunk = step.carried == 0 && step.skipped == 0 && step.stretch == 0;
  step.joinedElements = step.readsChunk ? 0 : step.rows * joinedLength;
  *result = step;
  return Status::kOk;
}

template <typename T>
void joinRows(const StreamStep& step, const T* history, int64_t oldest, const T* chunk, T* joined) noexcept {
  const Geometry& g = step.geometry;
  for (int64_t i = 0; i < step.rows; i++, history += step.reach, chunk += step.length) {
    const Row<T> row(step, history, oldest, chunk);
    if (step.stretch == 0) {
      joined = row.copy(0, g.length, joined);
      continue;
    }
    const int64_t gap = g.parameters.dilation - step.stretch;
    for (int64_t k = 0; k < g.parameters.kernelSize; k++) {
      if (k > 0) joined = std::fill_n(joined, gap, T{0});
      joined = row.copy(k * step.dilation, step.stretch, joined);
    }
  }
}

template <typename T>
int64_t remember(const StreamStep& step, const T* chunk, int64_t oldest, T* history) noexcept {
  if (step.length >= step.reach) {
    const int64_t first = step.length - step.reach;
    for (int64_t i = 0; i < step.rows; i++, history += step.reach, chunk += step.length) {
      std::copy_n(chunk + first, step.reach, history);
    }
    return 0;
  }
  const int64_t beforeWrap = std::min(step.length, step.reach - oldest);
  for (int64_t i = 0; i < step.rows; i++, history += step.reach, chunk += step.length) {
    std::copy_n(chunk, beforeWrap, history + oldest);
    std::copy_n(chunk + beforeWrap, step.length - beforeWrap, history);
  }
  return beforeWrap < step.length ? step.length - beforeWrap : (oldest + beforeWrap) % step.reach;
}

template void joinRows<float>(const StreamStep&, const float*, int64_t, const float*, float*) noexcept;
template void joinRows<double>(const StreamStep&, const double*, int64_t, const double*, double*) noexcept;
template int64_t remember<float>(const StreamStep&, const float*, int64_t, float*) noexcept;
template int64_t remember<double>(const StreamStep&, const double*, int64_t, double*) noexcept;

}  // namespace conv1d
