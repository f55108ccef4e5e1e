#include "core/fast/windowed_dft.h"

#include <algorithm>
#include <new>

#include "core/checked_math.h"
#include "core/pack/pack_input.h"
#include "runtime/float_mode.h"

namespace conv1d {
namespace {

template <typename T>
int64_t columnsOfStrip(const Kernels<T>& kernels) noexcept {
  return roundUp(kernels.blocks.dftRowBytes / static_cast<int64_t>(sizeof(T)), kernels.lanes);
}

// Copies [from, from + count) of the padded signal.
template <typename T>
void copyPadded(const Geometry& geometry, const Kernels<T>& kernels, const T* channel, int64_t from, int64_t count,
                T* to) noexcept {
  Parameters everySample = geometry.parameters;
  everySample.stride = 1;
  Piece piece{0, 0, count, 0};
  TileLayout stretch;
  stretch.pieces = &piece;
  stretch.pieceCount = 1;
  packRow(everySample, channel, geometry.length, stretch, from, kernels.stridedCopy, to);
}

}  // namespace

template <typename T>
std::optional<WindowedDft<T>> WindowedDft<T>::make(const DftWeights<T>& weights) noexcept {
  try {
    return WindowedDft(weights);
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}

template <typename T>
WindowedDft<T>::WindowedDft(const DftWeights<T>& weights)
    : window_(weights.window), tables_(size(), dftRadices(size())) {
  for (const DftRow& row : weights.rows) {
    const bool isCosine = row.part == DftRow::Part::kCosine;
    // The spectrum holds -sin, and none where it is all zeros.
    const bool isZero = !isCosine && (row.bin == 0 || 2 * row.bin == size());
    values_.push_back(static_cast<int32_t>(isZero ? 0 : isCosine ? row.bin : size() - row.bin));
    signs_.push_back(static_cast<T>(isZero ? 0 : isCosine ? row.sign : -row.sign));
  }
}

template <typename T>
std::size_t WindowedDft<T>::bytes() const noexcept {
  return (window_.size() + tables_.twiddles.size() + signs_.size()) * sizeof(T) +
         (tables_.places.size() + values_.size()) * sizeof(int32_t);
}

template <typename T>
std::size_t WindowedDft<T>::scratchBytes(const Kernels<T>& kernels) const noexcept {
  const int64_t spectra = (size() + 1) * columnsOfStrip(kernels);
  const int64_t frames = size() * columnsOfStrip(kernels);
  return static_cast<std::size_t>(spectra + frames) * sizeof(T);
}

template <typename T>
void WindowedDft<T>::run(const Kernels<T>& kernels, const WindowedDftCall<T>& call) const noexcept {
  const Geometry& g = call.geometry;
  const int64_t width = columnsOfStrip(kernels);
  const int64_t rows = g.parameters.groupOutChannels();
  RealDftArgs<T> args{};
  args.window = window_.data();
  args.size = size();
  args.passes = tables_.passes.data();
  args.passCount = static_cast<int64_t>(tables_.passes.size());
  args.places = tables_.places.data();
  args.work = reinterpret_cast<T*>(call.scratch);
  args.values = values_.data() + call.group * rows;
  args.signs = signs_.data() + call.group * rows;
  args.rows = rows;
  args.bias = call.bias;
  args.outStride = g.outLength;
  T* const copy = args.work + (size() + 1) * width;
  WindowedDftCall<T> strip = call;
  const int64_t end = call.firstColumn + call.columns;
  for (; strip.firstColumn < end; strip.firstColumn += width) {
    strip.columns = std::min(width, end - strip.firstColumn);
    const Frames frames = provide(kernels, strip, copy);
    args.frames = frames.samples;
    args.pitch = frames.pitch;
    args.out = call.out + strip.firstColumn;
    args.columns = strip.columns;
    kernels.realDft(args);
  }
}

// The frames of whole vectors of columns: in the input, or copied where they reach into the padding or beyond.
template <typename T>
typename WindowedDft<T>::Frames WindowedDft<T>::provide(const Kernels<T>& kernels, const WindowedDftCall<T>& strip,
                                                        T* copy) const noexcept {
  const Geometry& g = strip.geometry;
  const int64_t stride = g.parameters.stride;
  const int64_t count = roundUp(strip.columns, kernels.lanes);
  const int64_t position = strip.firstColumn * stride;  // in the padded signal
  const int64_t first = position - g.parameters.padLeft;
  const bool isInside = first >= 0 && stride <= g.length / count && (count - 1) * stride + size() <= g.length - first;
  if (isInside) return {strip.input + first, stride};
  // Frames that overlap are one stretch. Those behind the last column are zeros.
  const bool overlap = stride < size();
  const int64_t pitch = overlap ? stride : size();
  const int64_t stretches = overlap ? 1 : strip.columns;
  const int64_t length = overlap ? (strip.columns - 1) * stride + size() : size();
  for (int64_t i = 0; i < stretches; i++) {
    copyPadded(g, kernels, strip.input, position + i * stride, length, copy + i * length);
  }
  std::fill(copy + stretches * length, copy + (count - 1) * pitch + size(), T{0});
  return {copy, pitch};
}

template <typename T>
std::optional<WindowedDft<T>> windowedDft(const Parameters& p, const WeightView<T>& weight) noexcept {
  if (p.transposed || p.groupInChannels() != 1 || p.dilation != 1) return std::nullopt;
  const StandardFloatMode mode;
  const std::optional<DftWeights<T>> weights = recogniseDft(p, weight);
  return weights ? WindowedDft<T>::make(*weights) : std::nullopt;
}

template class WindowedDft<float>;
template class WindowedDft<double>;
template std::optional<WindowedDft<float>> windowedDft<float>(const Parameters&, const WeightView<float>&) noexcept;
template std::optional<WindowedDft<double>> windowedDft<double>(const Parameters&, const WeightView<double>&) noexcept;

}  // namespace conv1d
