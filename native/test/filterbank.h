// Filterbanks to test with: windowed DFTs as weights, made in the ways that programs make them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "core/fast/dft_weights.h"
#include "test/random.h"

namespace conv1d::test {

// Of every radix, odd and even, in several orders.
inline constexpr std::array<int64_t, 14> kDftSizes = {32,  35,  45,  60,  96,  128,  240,
                                                      343, 350, 400, 480, 512, 1024, 2187};

// To compute in what T's results are measured with.
template <typename T>
using Wider = std::conditional_t<sizeof(T) == 4, double, long double>;

// cos(2 pi turn / parts) from an angle of the first quarter turn, exact at every quarter (examples/make-filterbank.ts).
template <typename Real>
Real cosineOf(int64_t turn, int64_t parts) {
  turn = ((turn % parts) + parts) % parts;
  const int64_t half = std::min(turn, parts - turn);
  const bool isFolded = 4 * half > parts;
  const auto angle = static_cast<Real>(isFolded ? parts - 2 * half : 2 * half) / static_cast<Real>(parts);
  const Real pi = std::acos(Real{-1});
  const Real cosine = 4 * half == parts ? Real{0} : std::cos(pi * angle);
  return isFolded ? -cosine : cosine;
}

// All of them, and those of sin(2 pi turn / parts).
template <typename Real>
struct Waves {
  std::vector<Real> cos, sin;

  explicit Waves(int64_t parts) {
    for (int64_t turn = 0; turn < parts; turn++) {
      cos.push_back(cosineOf<Real>(turn, parts));
      sin.push_back(cosineOf<Real>(4 * turn + 3 * parts, 4 * parts));  // a quarter turn later, in quarters of a part
    }
  }

  Real at(const DftRow& row, int64_t n) const {
    const auto turn = static_cast<size_t>(row.bin * n) % cos.size();
    return static_cast<Real>(row.sign) * (row.part == DftRow::Part::kCosine ? cos[turn] : sin[turn]);
  }
};

struct Window {
  const char* name;
  double (*element)(int64_t n, int64_t size);
};

inline constexpr Window kHann = {"Hann", [](int64_t n, int64_t size) { return 0.5 - 0.5 * cosineOf<double>(n, size); }};
inline constexpr Window kHamming = {"Hamming",
                                    [](int64_t n, int64_t size) { return 0.54 - 0.46 * cosineOf<double>(n, size); }};
inline constexpr Window kRectangle = {"rectangle", [](int64_t, int64_t) { return 1.0; }};
// Shorter than the frame (win_length below n_fft), in its middle.
inline constexpr Window kShort = {"short Hann", [](int64_t n, int64_t size) {
                                    const int64_t length = size / 2 + 3;
                                    const int64_t at = n - (size - length) / 2;
                                    return at < 0 || at >= length ? 0.0 : 0.5 - 0.5 * cosineOf<double>(at, length);
                                  }};
inline constexpr Window kFlatTop = {
    "flat top, of both signs", [](int64_t n, int64_t size) {
      return 0.21557895 - 0.41663158 * cosineOf<double>(n, size) + 0.277263158 * cosineOf<double>(2 * n, size) -
             0.083578947 * cosineOf<double>(3 * n, size) + 0.006947368 * cosineOf<double>(4 * n, size);
    }};
inline constexpr Window kLoud = {
    "of 16-bit samples", [](int64_t n, int64_t size) { return (0.5 - 0.5 * cosineOf<double>(n, size)) / 32768; }};

// The product of float64 factors, rounded; or of rounded factors.
enum class Rounding { kProduct, kFactors };

template <typename T>
std::vector<T> filterbank(int64_t size, const std::vector<DftRow>& rows, const Window& window,
                          Rounding rounding = Rounding::kProduct) {
  const Waves<double> waves(size);
  std::vector<double> elements;
  for (int64_t n = 0; n < size; n++) elements.push_back(window.element(n, size));
  std::vector<T> weights;
  weights.reserve(rows.size() * elements.size());
  for (const DftRow& row : rows) {
    for (int64_t n = 0; n < size; n++) {
      const double element = elements[static_cast<size_t>(n)];
      const double wave = waves.at(row, n);
      weights.push_back(rounding == Rounding::kProduct ? static_cast<T>(element * wave)
                                                       : static_cast<T>(element) * static_cast<T>(wave));
    }
  }
  return weights;
}

// Real parts, then imaginary parts with their sign, as torch.stft has them.
inline std::vector<DftRow> spectrumRows(int64_t size) {
  std::vector<DftRow> rows;
  for (int64_t bin = 0; 2 * bin <= size; bin++) rows.push_back({bin, DftRow::Part::kCosine, 1});
  for (int64_t bin = 0; 2 * bin <= size; bin++) rows.push_back({bin, DftRow::Part::kSine, -1});
  return rows;
}

inline std::vector<DftRow> shuffled(std::vector<DftRow> rows, uint64_t seed) {
  Random random(seed);
  for (auto last = static_cast<int64_t>(rows.size()) - 1; last > 0; last--) {
    std::swap(rows[static_cast<size_t>(last)], rows[static_cast<size_t>(random.between(0, last))]);
  }
  return rows;
}

}  // namespace conv1d::test
