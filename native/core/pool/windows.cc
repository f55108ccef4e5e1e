#include "core/pool/windows.h"

#include <algorithm>

#include "core/checked_math.h"

namespace conv1d {

Status makeWindows(const PoolShape& shape, Windows* windows) noexcept {
  if (shape.rows < 0 || shape.length < 0 || shape.outLength < 0 || shape.kernelSize < 1 || shape.stride < 1 ||
      shape.dilation < 1 || shape.padding < 0 || shape.padding > shape.kernelSize / 2) {
    return Status::kInvalidArgument;
  }
  static_cast<PoolShape&>(*windows) = shape;
  int64_t unused = 0;
  if (!checkedMultiply(shape.kernelSize - 1, shape.dilation, &windows->span) ||
      !checkedAdd(windows->span, 1, &windows->span) || !checkedMultiply(shape.outLength, shape.stride, &unused) ||
      !checkedAdd(unused, windows->span, &unused) || !checkedAdd(shape.length, shape.padding, &unused)) {
    return Status::kOverflow;
  }
  const int64_t last = shape.length + shape.padding - windows->span;
  windows->insideBegin = std::min(ceilDivide(shape.padding, shape.stride), shape.outLength);
  windows->insideEnd = last < 0 ? 0 : std::min(last / shape.stride + 1, shape.outLength);
  windows->insideEnd = std::max(windows->insideBegin, windows->insideEnd);
  return Status::kOk;
}

Window Windows::at(int64_t column) const noexcept {
  const int64_t start = column * stride - padding;
  if (dilation == 1) {  // the usual case, without divisions
    const int64_t first = std::max<int64_t>(start, 0);
    return {first, std::max<int64_t>(std::min(start + kernelSize, length) - first, 0), 1};
  }
  const int64_t skipped = start < 0 ? ceilDivide(-start, dilation) : 0;
  const int64_t first = start + skipped * dilation;
  if (skipped >= kernelSize || first >= length) return {first, 0, dilation};
  return {first, std::min(kernelSize - skipped, (length - 1 - first) / dilation + 1), dilation};
}

int64_t Windows::paddedCount(int64_t column) const noexcept {
  const int64_t start = column * stride - padding;
  return std::min(start + kernelSize, length + padding) - start;
}

bool AdaptiveShape::isValid() const noexcept { return rows >= 0 && length >= 1 && outLength >= 0; }

Window AdaptiveShape::at(int64_t column) const noexcept {
  const int64_t first = column * length / outLength;
  return {first, ceilDivide((column + 1) * length, outLength) - first, 1};
}

WindowReader planReader(const Windows& windows, int lanes, int group) noexcept {
  WindowReader reader;
  if (windows.kernelSize > kMostTaps) return reader;
  const int64_t taps = windows.kernelSize;
  const int64_t inside = windows.insideEnd - windows.insideBegin;
  if (windows.stride > kMostPicked && windows.dilation == 1 && taps >= group) {
    reader.isTransposed = inside >= lanes;
    return reader;
  }
  if (windows.stride == 1) {
    for (int64_t k = 0; k < taps; k++) reader.offsets[k] = k * windows.dilation;
    reader.isInPlace = true;
    return reader;
  }
  int64_t copyOf[kMostTaps];
  for (int64_t k = 0; k < taps; k++) {
    const int64_t phase = k * windows.dilation % windows.stride;
    int64_t copy = 0;
    while (copy < reader.copies && reader.phases[copy] != phase) copy++;
    if (copy == reader.copies) {
      reader.phases[copy] = phase;
      reader.copies++;
    }
    reader.reach[copy] = k * windows.dilation / windows.stride;
    copyOf[k] = copy;
  }
  const int64_t shift = (windows.span - 1) / windows.stride;
  const int64_t room = kStage / reader.copies;
  if (inside < lanes / 2 || shift >= room || room - shift < lanes) return reader;
  reader.columns = std::min((room - shift) / lanes * lanes, inside);
  for (int64_t k = 0; k < taps; k++) {
    reader.offsets[k] = copyOf[k] * (reader.columns + shift) + k * windows.dilation / windows.stride;
  }
  reader.isCopied = true;
  return reader;
}

}  // namespace conv1d
