#include "core/product/strip.h"

#include "core/checked_math.h"

namespace conv1d {
namespace {

// How many panels from `begin` on are as wide as this one, and whole vectors.
int64_t alike(const Parts& parts, int64_t begin, int64_t end, int64_t lanes) noexcept {
  const int64_t width = parts.size(begin);
  if (width % lanes != 0) return 0;
  int64_t panel = begin + 1;
  while (panel < end && parts.size(panel) == width) panel++;
  return panel - begin;
}

// A single row: several panels at a time where a kernel takes them.
template <typename T>
void multiplyRow(const Kernels<T>& kernels, const Strip<T>& strip, const Panels<T>& panels, int64_t c, int64_t begin,
                 int64_t end) noexcept {
  const Parts& parts = panels.parts();
  const int64_t widest = kernels.blocks.widestPanel(kernels.lanes);
  for (int64_t panel = begin; panel < end;) {
    const int64_t width = parts.size(panel);
    const int64_t narrower = (widest - width) / kernels.lanes;
    int64_t run = alike(parts, panel, end, kernels.lanes);
    const Panel<T> first = panels.at(panel, c);
    if (narrower > 1 || kernels.rowProducts[narrower][0] == nullptr || run < kRowPanelCounts[1]) {
      multiplyPanel(kernels, strip, first, parts.begin(panel), width);
      panel++;
      continue;
    }
    RowProductArgs<T> args{};
    args.row = strip.tile;
    args.depth = strip.depth;
    args.panelStride = first.stride;
    args.panelStep = panels.at(panel + 1, c).data - first.data;
    args.first = strip.first;
    args.last = strip.last;
    for (int i = 0; i < 2; i++) {
      for (; run >= kRowPanelCounts[i]; run -= kRowPanelCounts[i], panel += kRowPanelCounts[i]) {
        args.panel = panels.at(panel, c).data;
        args.bias = strip.bias == nullptr ? nullptr : strip.bias + parts.begin(panel);
        args.out = strip.out + parts.begin(panel);
        kernels.rowProducts[narrower][i](args);
      }
    }
  }
}

}  // namespace

template <typename T>
void multiplyPanel(const Kernels<T>& kernels, const Strip<T>& strip, const Panel<T>& panel, int64_t column,
                   int64_t columns) noexcept {
  static constexpr int64_t kOnlyTap = 0;
  const int64_t vectors = ceilDivide(columns, kernels.lanes);
  MicrokernelArgs<T> args{};
  args.tile = strip.tile;
  args.rowStride = strip.rows;
  args.tapOffsets = &kOnlyTap;
  args.panel = panel.data;
  args.panelStride = panel.stride;
  args.panelWidth = panel.stride;
  args.channels = strip.depth;
  args.taps = 1;
  args.columns = columns;
  args.bias = strip.bias == nullptr ? nullptr : strip.bias + column;
  args.out = strip.out + column;
  args.outStride = strip.outStride;
  args.first = strip.first;
  args.last = strip.last;
  const auto& kernel = columns == vectors * kernels.lanes ? kernels.swappedFull : kernels.swappedPartial;
  kernel[strip.rows - 1][vectors - 1](args);
}

template <typename T>
void multiplyPanels(const Kernels<T>& kernels, const Strip<T>& strip, const Panels<T>& panels, int64_t c, int64_t begin,
                    int64_t end) noexcept {
  if (strip.rows == 1) return multiplyRow(kernels, strip, panels, c, begin, end);
  const Parts& parts = panels.parts();
  for (int64_t panel = begin; panel < end; panel++) {
    multiplyPanel(kernels, strip, panels.at(panel, c), parts.begin(panel), parts.size(panel));
  }
}

#define CONV1D_INSTANTIATE(T)                                                                                     \
  template void multiplyPanel<T>(const Kernels<T>&, const Strip<T>&, const Panel<T>&, int64_t, int64_t) noexcept; \
  template void multiplyPanels<T>(const Kernels<T>&, const Strip<T>&, const Panels<T>&, int64_t, int64_t,         \
                                  int64_t) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
