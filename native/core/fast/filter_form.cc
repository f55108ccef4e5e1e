#include "core/fast/filter_form.h"

#include <algorithm>
#include <numeric>

#include "core/checked_math.h"

namespace conv1d {

TileForm makeFilterForm(const Parameters& p, int64_t size) noexcept {
  TileForm form;
  const int64_t divisor = std::gcd(p.stride, p.dilation);
  form.step = p.dilation / divisor;
  form.period = std::min(p.stride / divisor, p.kernelSize);
  const int64_t taps = ceilDivide(p.kernelSize, form.period);
  // Longer hops leave too little room for taps, shorter ones make few outputs of each transform.
  const int64_t longest = size / 2;
  form.pieces = ceilDivide(taps, longest);
  form.pieceTaps = form.pieces == 1 ? taps : longest;
  form.hop = form.pieces == 1 ? size + 1 - taps : longest;
  return form;
}

}  // namespace conv1d
