// What is recognised as a windowed DFT, and what is not.
#include "core/fast/dft_weights.h"

#include <doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/fast/dft_size.h"
#include "core/fast/unit_circle.h"
#include "test/filterbank.h"

namespace conv1d::test {
namespace {

using Part = DftRow::Part;

TEST_CASE("points of the unit circle are less than an ulp off, and exact where they can be") {
  double worst = 0;
  const auto addError = [&](double actual, long double exact) {
    if (exact == 0) {
      CHECK(actual == 0);
    } else {
      worst = std::max(worst, static_cast<double>(std::abs(actual - exact) / std::ldexp(1.0L, std::ilogb(exact) - 52)));
    }
  };
  for (const int64_t parts : {4, 8, 12, 28, 32, 400, 1764, 4096, 8748, 48000}) {
    const int64_t quarter = parts / 4;
    for (int64_t part = 0; 8 * part <= parts; part++) {
      const long double angle = 2 * std::acos(-1.0L) * static_cast<long double>(part) / static_cast<long double>(parts);
      addError(unitPoint(part, parts).cos, std::cos(angle));
      addError(unitPoint(part, parts).sin, std::sin(angle));
    }
    for (int64_t part = 0; part < parts; part++) {
      const UnitPoint point = unitPoint(part, parts);
      const UnitPoint mirrored = unitPoint((parts - part) % parts, parts);
      const UnitPoint turned = unitPoint((part + quarter) % parts, parts);
      const bool isSymmetric = mirrored.cos == point.cos && mirrored.sin == -point.sin && turned.cos == -point.sin &&
                               turned.sin == point.cos;
      CHECK(isSymmetric);
      // The same fraction of a turn.
      const UnitPoint same = unitPoint(3 * part, 3 * parts);
      CHECK(same.cos == point.cos);
      CHECK(same.sin == point.sin);
    }
  }
  MESSAGE("at most " << worst << " ulp");
  CHECK(worst < 1);
  CHECK(unitPoint(0, 7).cos == 1);
  CHECK(unitPoint(1, 6).cos == 0.5);
  CHECK(unitPoint(1, 8).sin == 0.70710678118654752440);
  CHECK(unitPoint(2, 7).sin == 0.97492791218182360702);
}

TEST_CASE("sizes from 32 to 4096 of the prime factors 2, 3, 5 and 7 have passes, others have none") {
  for (int64_t size = 0; size <= 5000; size++) {
    int64_t rest = size;
    for (const int64_t factor : {2, 3, 5, 7}) {
      while (rest > 0 && rest % factor == 0) rest /= factor;
    }
    const DftRadices radices = dftRadices(size);
    INFO(size);
    CHECK((radices.count > 0) == (size >= 32 && size <= 4096 && rest == 1));
    int64_t product = 1;
    for (int i = 0; i < radices.count; i++) product *= radices.radix[static_cast<size_t>(i)];
    if (radices.count > 0) CHECK(product == size);
  }
}

Parameters parametersOf(int64_t size, int64_t rows) { return {.outChannels = rows, .kernelSize = size}; }

template <typename T>
std::optional<DftWeights<T>> recognised(int64_t size, const std::vector<T>& weights) {
  const Parameters p = parametersOf(size, static_cast<int64_t>(weights.size()) / size);
  return recogniseDft(p, convolutionWeight(p, weights.data()));
}

// sin(0) and sin(pi n) are zeros.
std::vector<DftRow> canonical(std::vector<DftRow> rows, int64_t size) {
  for (DftRow& row : rows) {
    if (row.part == Part::kSine && (row.bin == 0 || 2 * row.bin == size)) row = DftRow{};
  }
  return rows;
}

template <typename T>
void checkRecognised(int64_t size, const std::vector<DftRow>& rows, const Window& window, Rounding rounding) {
  INFO("size " << size << ", " << rows.size() << " rows, window: " << std::string(window.name) << ", "
               << std::string(rounding == Rounding::kProduct ? "rounded products" : "rounded factors"));
  const std::optional<DftWeights<T>> found = recognised(size, filterbank<T>(size, rows, window, rounding));
  REQUIRE(found.has_value());
  const bool sameRows = found->rows == canonical(rows, size);
  CHECK(sameRows);
  for (int64_t n = 0; n < size; n++) {
    const double expected = window.element(n, size);
    const auto actual = static_cast<double>(found->window[static_cast<size_t>(n)]);
    const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
    if (std::abs(actual - expected) > 2 * epsilon * std::abs(expected)) FAIL_CHECK("window[" << n << "] is " << actual);
  }
}

constexpr std::array<const Window*, 6> kWindows = {&kHann, &kHamming, &kRectangle, &kShort, &kFlatTop, &kLoud};

TEST_CASE_TEMPLATE("a windowed DFT of any size, window and order of its rows is recognised", T, float, double) {
  for (const int64_t size : kDftSizes) {
    if (size > 512) continue;
    for (const Window* window : kWindows) {
      for (const Rounding rounding : {Rounding::kProduct, Rounding::kFactors}) {
        const std::vector<DftRow> rows = spectrumRows(size);
        checkRecognised<T>(size, rows, *window, rounding);
        checkRecognised<T>(size, shuffled(rows, static_cast<uint64_t>(size)), *window, rounding);
      }
    }
  }
}

TEST_CASE_TEMPLATE("the largest size is recognised", T, float, double) {
  checkRecognised<T>(kLargestDft, spectrumRows(kLargestDft), kHann, Rounding::kProduct);
}

TEST_CASE_TEMPLATE("some of the bins will do, repeated and with either sign, if the window can be read from them", T,
                   float, double) {
  // With bin 0.
  checkRecognised<T>(400, {{0, Part::kCosine, 1}, {7, Part::kSine, 1}}, kHann, Rounding::kProduct);
  checkRecognised<T>(400, {{1, Part::kCosine, -1}, {0, Part::kCosine, 1}, {1, Part::kCosine, 1}, {1, Part::kSine, -1}},
                     kShort, Rounding::kFactors);
  // With a cosine and a sine of one bin.
  for (const Window* window : kWindows) {
    for (const Rounding rounding : {Rounding::kProduct, Rounding::kFactors}) {
      checkRecognised<T>(96, {{30, Part::kCosine, 1}, {30, Part::kSine, 1}}, *window, rounding);
      checkRecognised<T>(400, {{3, Part::kSine, 1}, {3, Part::kCosine, 1}, {5, Part::kSine, -1}, {0, Part::kSine, 1}},
                         *window, rounding);
      std::vector<DftRow> rows;
      for (int64_t bin = 1; bin < 256; bin++) rows.push_back({bin, Part::kCosine, 1});
      for (int64_t bin = 1; bin < 256; bin++) rows.push_back({bin, Part::kSine, -1});
      checkRecognised<T>(512, rows, *window, rounding);
    }
  }
}

TEST_CASE_TEMPLATE("the bin in the middle serves as well as bin 0", T, float, double) {
  checkRecognised<T>(60, {{20, Part::kCosine, 1}, {30, Part::kCosine, 1}, {7, Part::kCosine, -1}}, kHamming,
                     Rounding::kProduct);
}

TEST_CASE_TEMPLATE("weights are read through strides, in all groups", T, float, double) {
  constexpr int64_t kSize = 60;
  const std::vector<DftRow> rows = spectrumRows(kSize);
  const auto count = static_cast<int64_t>(rows.size());
  const std::vector<T> plain = filterbank<T>(kSize, rows, kHamming);
  // Two groups side by side, taps far apart.
  std::vector<T> woven(2 * plain.size());
  for (int64_t o = 0; o < count; o++) {
    for (int64_t k = 0; k < kSize; k++) {
      woven[static_cast<size_t>((k * count + o) * 2)] = plain[static_cast<size_t>(o * kSize + k)];
      woven[static_cast<size_t>((k * count + count - 1 - o) * 2 + 1)] = plain[static_cast<size_t>(o * kSize + k)];
    }
  }
  const Parameters p = {.inChannels = 2, .outChannels = 2 * count, .kernelSize = kSize, .groups = 2};
  const auto found = recogniseDft(p, WeightView<T>{woven.data(), 1, 2, 0, 2 * count});
  REQUIRE(found.has_value());
  std::vector<DftRow> expected = canonical(rows, kSize);
  expected.insert(expected.end(), expected.rbegin(), expected.rend());
  const bool sameRows = found->rows == expected;
  CHECK(sameRows);
}

TEST_CASE("a row of small weights is no row of zeros") {
  const std::vector<DftRow> rows = spectrumRows(400);
  std::vector<float> weights = filterbank<float>(400, rows, kHann);
  const std::size_t zeros = (rows.size() / 2) * 400;  // the sine of bin 0
  REQUIRE(recognised(400, weights).has_value());
  weights[zeros + 200] = 2e-7f;
  CHECK(!recognised(400, weights).has_value());
}

TEST_CASE_TEMPLATE("weights one of which differs by more than its rounding are not recognised", T, float, double) {
  for (const int64_t size : {32, 400, 512}) {
    const std::vector<DftRow> rows = spectrumRows(size);
    const std::vector<T> weights = filterbank<T>(size, rows, kHamming);
    REQUIRE(recognised(size, weights).has_value());
    Random random(static_cast<uint64_t>(size));
    for (int i = 0; i < 100; i++) {
      std::vector<T> changed = weights;
      const auto at = static_cast<size_t>(random.between(0, static_cast<int64_t>(weights.size()) - 1));
      const auto element = static_cast<T>(kHamming.element(static_cast<int64_t>(at) % size, size));
      changed[at] += (random.oneIn(2) ? T{6} : T{-6}) * std::numeric_limits<T>::epsilon() * element;
      INFO("size " << size << ", element " << at);
      CHECK(!recognised(size, changed).has_value());
      changed[at] = weights[at] + T{1} / 1024;
      CHECK(!recognised(size, changed).has_value());
    }
  }
}

TEST_CASE_TEMPLATE("what is no windowed DFT is not recognised", T, float, double) {
  constexpr int64_t kSize = 96;
  const std::vector<DftRow> rows = spectrumRows(kSize);
  const auto count = static_cast<int64_t>(rows.size());
  const std::vector<T> weights = filterbank<T>(kSize, rows, kHann);
  const auto refused = [](const Parameters& p, const std::vector<T>& data) {
    return !recogniseDft(p, convolutionWeight(p, data.data())).has_value();
  };
  const Parameters p = parametersOf(kSize, count);
  REQUIRE(!refused(p, weights));

  Parameters dilated = p;
  dilated.dilation = 2;
  CHECK(refused(dilated, weights));
  CHECK(refused({.inChannels = 2, .outChannels = count / 2, .kernelSize = kSize}, weights));

  // A frame of a prime factor 11, and frames too short and too long.
  for (const int64_t size : {int64_t{88}, int64_t{30}, int64_t{5120}}) {
    CHECK(!recognised(size, filterbank<T>(size, {{0, Part::kCosine, 1}, {1, Part::kSine, 1}}, kHann)).has_value());
  }

  std::vector<T> changed(weights.size());
  CHECK(refused(p, changed));  // zeros
  Random random(96);
  for (T& value : changed) value = random.real<T>();
  CHECK(refused(p, changed));
  for (const T value : {std::numeric_limits<T>::infinity(), std::numeric_limits<T>::quiet_NaN()}) {
    changed = weights;
    changed[200] = value;
    CHECK(refused(p, changed));
  }
  // One row that lacks the window.
  changed = weights;
  const std::vector<T> plain = filterbank<T>(kSize, {{5, Part::kCosine, 1}}, kRectangle);
  std::copy(plain.begin(), plain.end(), changed.begin() + 5 * kSize);
  CHECK(refused(p, changed));
  // Half a bin aside, as an odd-frequency transform has them.
  for (int64_t n = 0; n < kSize; n++) {
    changed[static_cast<size_t>(5 * kSize + n)] =
        static_cast<T>(kHann.element(n, kSize) * cosineOf<double>(11 * n, 2 * kSize));
  }
  CHECK(refused(p, changed));
  // Windows alone: any weights would do.
  const std::vector<DftRow> still = {{0, Part::kCosine, 1}, {0, Part::kCosine, -1}, {48, Part::kCosine, 1}};
  CHECK(!recognised(kSize, filterbank<T>(kSize, still, kHann)).has_value());
  CHECK(!recognised(kSize, std::vector<T>(weights.begin(), weights.begin() + kSize)).has_value());
  // A window so large that sums might overflow, and one so small that they might vanish.
  for (const T factor : {T{1e12f}, T{1e-12f}}) {
    changed = weights;
    for (T& value : changed) value *= factor;
    CHECK(refused(p, changed));
  }
}

// Angles in float32 are off by more than the rounding of the weights, and then so would be the results.
TEST_CASE("cosines of angles computed in float32 are not recognised") {
  std::vector<float> weights;
  for (int bin = 0; bin <= 200; bin++) {
    for (int n = 0; n < 400; n++) weights.push_back(std::cos(6.2831853f * static_cast<float>(bin * n) / 400.0f));
  }
  CHECK(!recognised(400, weights).has_value());
}

}  // namespace
}  // namespace conv1d::test
