// The functions of one number against the C library's of the next larger format: within two units in the last place,
// the same bits on every implementation, and what belongs to NaN, infinities, zeros and subnormals. CONV1D_FLOAT_STEP=1
// takes all 2^32 float32 values instead of every 16381st.
#include <doctest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "kernels/huge_angle.h"
#include "kernels/kernel_table.h"
#include "test/implementations.h"

namespace conv1d::test {
namespace {

using Wide = long double;

struct Function {
  UnaryFunction function;
  std::string name;
  Wide (*reference)(Wide);
  double bound;    // units in the last place
  double bound64;  // the same of float64
};

Wide sigmoid(Wide x) { return 1 / (1 + std::exp(-x)); }
Wide softplus(Wide x) { return x > 20 ? x : std::log1p(std::exp(x)); }
Wide silu(Wide x) { return x / (1 + std::exp(-x)); }
Wide hardsigmoid(Wide x) { return x < -3 ? 0 : x > 3 ? 1 : (x + 3) / 6; }
Wide mish(Wide x) { return x * std::tanh(std::log1p(std::exp(x))); }

const Function kFunctions[] = {
    {kExp, "exp", [](Wide x) { return std::exp(x); }, 1, 1},
    {kLog, "log", [](Wide x) { return std::log(x); }, 1, 1},
    {kSin, "sin", [](Wide x) { return std::sin(x); }, 2, 2},
    {kCos, "cos", [](Wide x) { return std::cos(x); }, 2, 2},
    {kTanh, "tanh", [](Wide x) { return std::tanh(x); }, 2, 2},
    {kSigmoid, "sigmoid", sigmoid, 2, 2},
    {kErf, "erf", [](Wide x) { return std::erf(x); }, 2, 2},
    {kSoftplus, "softplus", softplus, 2, 2},
    {kSilu, "silu", silu, 3, 3},
    {kSqrt, "sqrt", [](Wide x) { return std::sqrt(x); }, 0.5, 0.5},
    {kExpm1, "expm1", [](Wide x) { return std::expm1(x); }, 2, 2},
    {kLog1p, "log1p", [](Wide x) { return std::log1p(x); }, 2, 2},
    {kMish, "mish", mish, 4, 4},
    {kRsqrt, "rsqrt", [](Wide x) { return 1 / std::sqrt(x); }, 2, 2},
    {kReciprocal, "reciprocal", [](Wide x) { return 1 / x; }, 0.5, 0.5},
    {kSquare, "square", [](Wide x) { return x * x; }, 0.5, 0.5},
    {kCube, "cube", [](Wide x) { return x * x * x; }, 2, 2},
    {kFloor, "floor", [](Wide x) { return std::floor(x); }, 0, 0},
    {kCeil, "ceil", [](Wide x) { return std::ceil(x); }, 0, 0},
    {kRound, "round", [](Wide x) { return std::nearbyint(x); }, 0, 0},
    {kHardsigmoid, "hardsigmoid", hardsigmoid, 2, 2},
};

// In units in the last place of the value rounded to T.
template <typename T>
double errorOf(T got, Wide expected) {
  const T rounded = static_cast<T>(expected);
  if (std::isnan(rounded)) return std::isnan(got) ? 0 : 1e9;
  if (std::isinf(rounded) || std::isinf(got)) {
    if (got == rounded) return 0;
    // The first value that rounds to infinity is one unit behind the largest number.
    return std::isinf(got) && std::abs(rounded) == std::numeric_limits<T>::max() ? 1 : 1e9;
  }
  const T above = std::nextafter(std::abs(rounded), std::numeric_limits<T>::infinity());
  const Wide unit = static_cast<Wide>(above) - static_cast<Wide>(std::abs(rounded));
  return static_cast<double>(std::abs(static_cast<Wide>(got) - expected) / unit);
}

// Where e^x in x * sigmoid(x) or in mish is no normal number, it has fewer digits.
template <typename T>
bool isCoarse(const Function& function, T x) {
  return (function.function == kSilu || function.function == kMish) && x < (sizeof(T) == 4 ? T{-87} : T{-708});
}

template <typename T>
void apply(const Kernels<T>& kernels, UnaryFunction function, const std::vector<T>& x, std::vector<T>& out) {
  const bool isSoftplus = function == kSoftplus;
  kernels.unary[function](
      {x.data(), out.data(), static_cast<int64_t>(x.size()), isSoftplus ? T{1} : T{0}, isSoftplus ? T{20} : T{0}});
}

// Values in blocks: visit(block).
template <typename Visit>
void forEachFloat(uint64_t step, Visit visit) {
  std::vector<float> block;
  for (uint64_t bits = 0; bits < uint64_t{1} << 32; bits += step) {
    block.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
    if (block.size() == 4096) {
      visit(block);
      block.clear();
    }
  }
  visit(block);
}

std::vector<double> sampleOfDoubles() {
  std::vector<double> values;
  uint64_t state = 88172645463325252u;
  constexpr double kWorst[] = {0.22, 0.76, -2.0, 1.4};  // of tanh, erf, softplus, log
#ifdef CONV1D_SLOW_MACHINE
  constexpr int kCount = 3000;
#else
  constexpr int kCount = 60000;
#endif
  for (int i = 0; i < kCount; i++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    const double unit = static_cast<double>(state >> 11) * 0x1p-53 * 2 - 1;
    if (i % 4 == 0) values.push_back(kWorst[i / 4 % 4] + unit * 0.05);
    values.push_back(i % 3 == 0   ? std::bit_cast<double>(state)
                     : i % 3 == 1 ? unit * 30
                                  : unit * std::exp2(i % 40 - 20));
  }
  for (const double special : {0.0, -0.0, 1.0, -1.0, 0x1p-1074, 0x1p-1022, 1e300, -1e300, HUGE_VAL, -HUGE_VAL}) {
    values.push_back(special);
  }
  return values;
}

uint64_t step() {
  const char* given = std::getenv("CONV1D_FLOAT_STEP");
  if (given != nullptr && std::atoi(given) > 0) return static_cast<uint64_t>(std::atoi(given));
#ifdef CONV1D_SLOW_MACHINE
  return 524287;
#else
  return 16381;
#endif
}

template <typename T>
using BitsOf = std::conditional_t<sizeof(T) == sizeof(float), uint32_t, uint64_t>;

// What a function was seen to do.
template <typename T>
struct Seen {
  double worst = 0;
  T at = 0;
  int64_t different = 0;  // results with other bits than those of the first implementation

  void look(const Function& function, const std::vector<T>& x) {
    std::vector<T> first;
    std::vector<T> out(x.size());
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      apply(kernels, function.function, x, out);
      if (first.empty()) {
        first = out;
        measure(function, x, out);
        return;
      }
      for (size_t i = 0; i < x.size(); i++) {
        different += std::bit_cast<BitsOf<T>>(out[i]) != std::bit_cast<BitsOf<T>>(first[i]) ? 1 : 0;
      }
    });
  }

  void measure(const Function& function, const std::vector<T>& x, const std::vector<T>& out) {
    for (size_t i = 0; i < x.size(); i++) {
      if (isCoarse(function, x[i])) continue;
      const double error = errorOf(out[i], function.reference(static_cast<Wide>(x[i])));
      if (error <= worst) continue;
      worst = error;
      at = x[i];
    }
  }

  void check(const Function& function, double bound) const {
    std::printf("%-8s %.2f at %.9g\n", function.name.c_str(), worst, static_cast<double>(at));
    INFO(function.name << ": " << worst << " units in the last place at " << at);
    CHECK(worst <= bound);
    CHECK(different == 0);
  }
};

TEST_CASE("float32 functions are within their bounds, and have the same bits everywhere") {
  for (const Function& function : kFunctions) {
    Seen<float> seen;
    forEachFloat(step(), [&](const std::vector<float>& x) { seen.look(function, x); });
    seen.check(function, function.bound);
  }
}

TEST_CASE("float64 functions are within their bounds, and have the same bits everywhere") {
  const std::vector<double> x = sampleOfDoubles();
  for (const Function& function : kFunctions) {
    Seen<double> seen;
    seen.look(function, x);
    seen.check(function, function.bound64);
  }
}

TEST_CASE_TEMPLATE("special values", T, float, double) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  constexpr T kNan = std::numeric_limits<T>::quiet_NaN();
  struct Case {
    UnaryFunction function;
    T x;
    T expected;
  };
  const Case cases[] = {
      {kExp, kInfinity, kInfinity},
      {kExp, -kInfinity, 0},
      {kExp, 0, 1},
      {kLog, 0, -kInfinity},
      {kLog, T{-0.0}, -kInfinity},
      {kLog, kInfinity, kInfinity},
      {kLog, -1, kNan},
      {kLog, -kInfinity, kNan},
      {kLog, 1, 0},
      {kTanh, kInfinity, 1},
      {kTanh, -kInfinity, -1},
      {kSin, kInfinity, kNan},
      {kCos, -kInfinity, kNan},
      {kSin, 0, 0},
      {kCos, 0, 1},
      {kSigmoid, -kInfinity, 0},
      {kSigmoid, kInfinity, 1},
      {kSigmoid, 0, T{0.5}},
      {kErf, kInfinity, 1},
      {kErf, -kInfinity, -1},
      {kSqrt, -1, kNan},
      {kSqrt, kInfinity, kInfinity},
      {kRelu, -kInfinity, 0},
      {kRelu, kNan, kNan},
      {kExp, kNan, kNan},
      {kLog, kNan, kNan},
      {kSin, kNan, kNan},
      {kTanh, kNan, kNan},
      {kErf, kNan, kNan},
      {kSigmoid, kNan, kNan},
      {kNeg, 0, 0},
      {kAbs, T{-0.0}, 0},
  };
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    for (const Case& c : cases) {
      std::vector<T> x(3, c.x);
      std::vector<T> out(3);
      apply(kernels, c.function, x, out);
      INFO("function " << c.function << " of " << c.x);
      for (const T value : out) {
        if (std::isnan(c.expected)) {
          CHECK(std::isnan(value));
        } else {
          CHECK(value == c.expected);
          CHECK(std::signbit(value) == std::signbit(c.expected));
        }
      }
    }
  });
}

TEST_CASE("huge angles are reduced exactly") {
  for (const double x :
       {40000.0, 1e6, 3.0e38, 1e22, -1e22, 6381956970095103.0 * 0x1p797, 1.7976931348623157e308, -0x1p15 - 1}) {
    double rest = 0;
    const uint32_t quadrant = reduceHugeAngle(x, &rest);
    const Wide sine = quadrant % 2 == 0 ? std::sin(static_cast<Wide>(rest)) : std::cos(static_cast<Wide>(rest));
    const Wide got = quadrant >= 2 ? -sine : sine;
    const double expected = std::sin(x);  // the C library reduces exactly as well
    INFO(x);
    CHECK(std::abs(static_cast<double>(got) - expected) <= 4e-16 * std::abs(expected));
  }
}

}  // namespace
}  // namespace conv1d::test
