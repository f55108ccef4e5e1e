#include "core/geometry.h"

#include "core/checked_math.h"
#include "kernels/blocks.h"

namespace conv1d {
namespace {

bool productFits(int64_t a, int64_t b, int64_t c, int64_t elementSize) noexcept {
  int64_t product = 0;
  return checkedMultiply(a, b, &product) && checkedMultiply(product, c, &product) &&
         checkedMultiply(product, elementSize, &product);
}

constexpr int64_t kLargestElement = sizeof(double);

// Rows are read as if their columns were rounded up to whole vectors (core/plan/plan.h, readsWholeVectors).
constexpr int64_t kReadAhead = kMaxLanes;

// Zeros on both sides of a depthwise layer's packed taps (core/pack/weight_layout.h).
constexpr int64_t kWidestMargins = 2 * kMaxLanes;

// Whether the weights, and their bytes, can be counted in every layout.
bool weightsFit(const Parameters& p) noexcept {
  int64_t taps = 0;
  return productFits(p.outChannels, p.groupInChannels(), p.kernelSize, kLargestElement) &&
         checkedAdd(p.kernelSize, kWidestMargins, &taps) && productFits(p.outChannels, 1, taps, kLargestElement);
}

Status makeTransposedGeometry(const Parameters& p, int64_t batch, int64_t length, Geometry* geometry) noexcept {
  int64_t whole = 0;  // outputs before the padding cuts them off
  int64_t reachable = 0;
  if (!checkedMultiply(length, p.stride, &whole) || !checkedAdd(whole, p.reach(), &whole)) return Status::kOverflow;
  if (!checkedAdd(whole, p.outputPadding + 1, &whole)) return Status::kOverflow;
  // A whole column of phases behind the last output; the padded signal of the flipped convolution.
  if (!checkedAdd(whole, p.reach(), &reachable) || !checkedAdd(reachable, kReadAhead, &reachable)) {
    return Status::kOverflow;
  }
  whole -= p.stride;
  if (whole - p.padLeft <= p.padRight) return Status::kTooShort;
  const int64_t outLength = whole - p.padLeft - p.padRight;
  if (!productFits(batch, p.inChannels, length, kLargestElement)) return Status::kOverflow;
  if (!productFits(batch, p.outChannels, outLength, kLargestElement)) return Status::kOverflow;
  *geometry = Geometry{p, batch, length, outLength};
  return Status::kOk;
}

}  // namespace

Status validate(const Parameters& p) noexcept {
  const bool positive =
      p.inChannels > 0 && p.outChannels > 0 && p.kernelSize > 0 && p.stride > 0 && p.dilation > 0 && p.groups > 0;
  if (!positive || p.padLeft < 0 || p.padRight < 0) return Status::kInvalidArgument;
  if (p.inChannels % p.groups != 0 || p.outChannels % p.groups != 0) return Status::kInvalidArgument;
  int64_t reach = 0;
  if (p.transposed) {
    if (p.mode != PaddingMode::kZeros || p.outputPadding < 0) return Status::kInvalidArgument;
    if (p.outputPadding >= p.stride && p.outputPadding >= p.dilation) return Status::kInvalidArgument;
    if (!checkedMultiply(p.kernelSize - 1, p.dilation, &reach)) return Status::kOverflow;
  } else if (p.outputPadding != 0) {
    return Status::kInvalidArgument;
  }
  return weightsFit(p) ? Status::kOk : Status::kOverflow;
}

Status makeGeometry(const Parameters& p, int64_t batch, int64_t length, Geometry* geometry) noexcept {
  if (batch < 0 || length < 0) return Status::kInvalidArgument;
  if (p.transposed) return makeTransposedGeometry(p, batch, length, geometry);
  if (p.mode == PaddingMode::kReflect && (p.padLeft >= length || p.padRight >= length)) return Status::kPaddingTooWide;
  if (p.mode == PaddingMode::kCircular && (p.padLeft > length || p.padRight > length)) return Status::kPaddingTooWide;
  if (p.mode == PaddingMode::kReplicate && length == 0) return Status::kPaddingTooWide;

  int64_t padded = 0;
  int64_t readable = 0;
  int64_t reach = 0;  // from the first to the last tap of one output
  if (!checkedAdd(length, p.padLeft, &padded) || !checkedAdd(padded, p.padRight, &padded)) return Status::kOverflow;
  if (!checkedAdd(padded, kReadAhead, &readable)) return Status::kOverflow;
  if (!checkedMultiply(p.kernelSize - 1, p.dilation, &reach)) return Status::kOverflow;
  if (reach >= padded) return Status::kTooShort;

  const int64_t outLength = (padded - reach - 1) / p.stride + 1;
  if (!productFits(batch, p.inChannels, length, kLargestElement)) return Status::kOverflow;
  if (!productFits(batch, p.outChannels, outLength, kLargestElement)) return Status::kOverflow;
  *geometry = Geometry{p, batch, length, outLength};
  return Status::kOk;
}

bool isFlippedConvolution(const Parameters& p) noexcept {
  return p.transposed && p.stride == 1 && p.padLeft <= p.reach() && p.padRight <= p.reach() + p.outputPadding;
}

Parameters flippedConvolution(const Parameters& p) noexcept {
  Parameters convolution = p;
  convolution.transposed = false;
  convolution.outputPadding = 0;
  convolution.padLeft = p.reach() - p.padLeft;
  convolution.padRight = p.reach() + p.outputPadding - p.padRight;
  return convolution;
}

int64_t sourcePosition(int64_t position, int64_t length, PaddingMode mode) noexcept {
  if (position >= 0 && position < length) return position;
  switch (mode) {
    case PaddingMode::kReflect:
      return position < 0 ? -position : 2 * (length - 1) - position;
    case PaddingMode::kReplicate:
      return position < 0 ? 0 : length - 1;
    case PaddingMode::kCircular:
      return position < 0 ? position + length : position - length;
    case PaddingMode::kZeros:
      break;
  }
  return -1;
}

}  // namespace conv1d
