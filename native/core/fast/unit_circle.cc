#include "core/fast/unit_circle.h"

#include <cstddef>

namespace conv1d {
namespace {

// An angle that a double cannot hold: the double nearest to it, and the rest.
struct Angle {
  double value;
  double rest;
};

// pi / 4 * m / n for 0 <= m <= n. Only exact products and sums of the leading halves keep the error of the whole far
// below an ulp; the parts are short enough for that (Dekker, "A floating-point technique for extending the available
// precision", Numer. Math. 18, 1971).
Angle eighthTurns(int64_t m, int64_t n) noexcept {
  constexpr double kHigh = 0x1.921fb5p-1;         // the first 25 bits of pi / 4
  constexpr double kLow = 0x1.110b4611a6263p-27;  // and those behind them
  const auto numerator = static_cast<double>(m);
  const auto denominator = static_cast<double>(n);
  const double high = static_cast<float>(numerator / denominator);
  const double low = (numerator - high * denominator) / denominator;
  const double product = high * kHigh;
  const double correction = high * kLow + low * (kHigh + kLow);
  const double value = product + correction;
  return {value, (product - value) + correction};
}

// Taylor's series as far as they count within an eighth of a turn.
double sineOf(Angle x) noexcept {
  const double z = x.value * x.value;
  const double series =
      -1.0 / 6 +
      z * (1.0 / 120 +
           z * (-1.0 / 5040 + z * (1.0 / 362880 + z * (-1.0 / 39916800 +
                                                       z * (1.0 / 6227020800 + z * (-1.0 / 1307674368000 +
                                                                                    z * (1.0 / 355687428096000)))))));
  return x.value + (x.value * z * series + x.rest * (1 - 0.5 * z));
}

double cosineOf(Angle x) noexcept {
  const double z = x.value * x.value;
  const double series =
      1.0 / 24 +
      z * (-1.0 / 720 +
           z * (1.0 / 40320 +
                z * (-1.0 / 3628800 + z * (1.0 / 479001600 + z * (-1.0 / 87178291200 + z * (1.0 / 20922789888000))))));
  const double half = 0.5 * z;
  const double leading = 1 - half;
  return leading + (((1 - leading) - half) + (z * z * series - x.value * x.rest));
}

}  // namespace

UnitPoint unitPoint(int64_t part, int64_t parts) noexcept {
  const int64_t octant = 8 * part / parts;
  const int64_t beyond = 8 * part % parts;
  // Odd octants count back from their end, so that the angle never leaves the first one.
  const Angle angle = eighthTurns(octant % 2 == 0 ? beyond : parts - beyond, parts);
  const bool swapped = (octant + 1) / 2 % 2 == 1;
  const double x = swapped ? sineOf(angle) : cosineOf(angle);
  const double y = swapped ? cosineOf(angle) : sineOf(angle);
  return {octant >= 2 && octant < 6 ? -x : x, octant >= 4 ? -y : y};
}

std::vector<UnitPoint> unitCircle(int64_t parts) {
  std::vector<UnitPoint> points;
  points.reserve(static_cast<std::size_t>(parts));
  for (int64_t part = 0; part < parts; part++) points.push_back(unitPoint(part, parts));
  return points;
}

}  // namespace conv1d
