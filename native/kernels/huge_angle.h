// Angles too large for pi/2 in three parts.
#pragma once

#include <stdint.h>

namespace conv1d {

// x = (4 m + quadrant) * pi/2 + rest, |rest| up to pi/4, for |x| from 2^15 on; the rest of what is not finite is NaN.
uint32_t reduceHugeAngle(double x, double* rest) noexcept;

}  // namespace conv1d
