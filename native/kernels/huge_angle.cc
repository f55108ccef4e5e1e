// After M. Payne and R. Hanek, "Radian reduction for trigonometric functions", SIGNUM Newsletter 18, 1983: of the bits
// of 2/pi, only those count that make neither whole turns nor less than the last place of the rest.
#include "kernels/huge_angle.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace conv1d {
namespace {

// The bits of 2/pi behind the binary point, the first ones first.
constexpr uint64_t kTwoOverPi[] = {
    0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561, 0xb7246e3a424dd2e0,
    0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41, 0x3991d639835339f4,
    0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab, 0xf0cfbc209af4361d,
};

// 64 of them from bit `first` on.
uint64_t bitsFrom(int first) noexcept {
  const int word = first / 64;
  const int shift = first % 64;
  return shift == 0 ? kTwoOverPi[word] : kTwoOverPi[word] << shift | kTwoOverPi[word + 1] >> (64 - shift);
}

// Of fewer turns than this, two parts of pi/2 leave an error that float32, which alone asks for them, cannot see.
constexpr double kFewTurns = 0x1p27;

uint32_t reduceInFloat64(double x, double* rest) noexcept {
  constexpr double kRound = 0x1.8p52;
  const double n = (x * 0x1.45f306dc9c883p-1 + kRound) - kRound;
  *rest = std::fma(-n, 0x1.1a62633145c07p-54, std::fma(-n, 0x1.921fb54442d18p+0, x));
  return static_cast<uint32_t>(static_cast<int64_t>(n)) & 3;
}

// a * b + c: the upper word, and the lower one.
uint64_t multiplyAdd(uint64_t a, uint64_t b, uint64_t c, uint64_t* lower) noexcept {
  constexpr uint64_t kHalf = 0xFFFFFFFF;
  const uint64_t low = (a & kHalf) * (b & kHalf) + (c & kHalf);
  const uint64_t middle = (a >> 32) * (b & kHalf) + (low >> 32);
  const uint64_t other = (a & kHalf) * (b >> 32) + (middle & kHalf) + (c >> 32);
  *lower = other << 32 | (low & kHalf);
  return (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32);
}

}  // namespace

uint32_t reduceHugeAngle(double x, double* rest) noexcept {
  if (!std::isfinite(x)) {
    *rest = std::numeric_limits<double>::quiet_NaN();
    return 0;
  }
  if (std::abs(x) < kFewTurns) return reduceInFloat64(x, rest);
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  const bool isNegative = bits >> 63 != 0;
  const uint64_t mantissa = (bits & 0x000FFFFFFFFFFFFF) | 0x0010000000000000;  // |x| = mantissa * 2^exponent
  const int exponent = static_cast<int>(bits >> 52 & 0x7FF) - 1075;
  // Bits before `first` make multiples of 4 quarters. 192 bits from there on, times the mantissa: the point lies above
  // the lowest 192 - (exponent - first) bits of four words.
  const int first = exponent > 2 ? exponent - 2 : 0;
  uint64_t words[4] = {};
  for (int i = 0; i < 3; i++) words[i + 1] = multiplyAdd(mantissa, bitsFrom(first + 128 - 64 * i), words[i], &words[i]);
  const int point = 192 - (exponent - first);
  const auto at = [&](int bit) -> uint64_t {  // 64 bits from this one on
    const int word = bit / 64;
    const int shift = bit % 64;
    return shift == 0 || word == 3 ? words[word] >> shift : words[word] >> shift | words[word + 1] << (64 - shift);
  };
  auto quadrant = static_cast<uint32_t>(at(point) & 3);
  uint64_t high = at(point - 64);
  uint64_t low = at(point - 128);
  // To the nearest quarter: a fraction of one half or more is a negative one behind the next.
  const bool isBehind = (high >> 63) != 0;
  if (isBehind) {
    quadrant++;
    low = ~low + 1;
    high = ~high + (low == 0 ? 1 : 0);
  }
  // The fraction as two numbers, the first exact, times pi/2 as two.
  const double first53 = static_cast<double>(high >> 11) * 0x1p-53;
  const double others = static_cast<double>((high << 53) | (low >> 11)) * 0x1p-117;
  constexpr double kHalfPi = 0x1.921fb54442d18p+0;
  constexpr double kHalfPiLow = 0x1.1a62633145c07p-54;
  const double angle = std::fma(first53, kHalfPi, std::fma(others, kHalfPi, first53 * kHalfPiLow));
  *rest = isBehind != isNegative ? -angle : angle;
  return (isNegative ? 4 - (quadrant & 3) : quadrant) & 3;
}

}  // namespace conv1d
