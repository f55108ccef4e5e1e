// What happens to a finished chain before it is stored. Included by microkernel.h; every kernel ends here and nowhere
// else.
#pragma once

namespace {

// -0 becomes +0 and every NaN the same NaN: which NaN comes out of an FMA depends on the ISA, and the sign of a zero on
// whether products with padding were skipped.
template <typename Simd>
typename Simd::Vector endOfChain(typename Simd::Vector acc) {
  return Simd::normalise(acc);
}

}  // namespace
