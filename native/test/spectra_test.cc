// Spectra of frames and the way back, by definition: every implementation, any threads, between guard pages.
#include <doctest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/spectra/frames.h"
#include "test/bits.h"
#include "test/filterbank.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/random.h"
#include "test/runner.h"

namespace conv1d::test {
namespace {

// Signals, spectra and a window of random numbers.
template <typename T>
struct Given {
  FrameShape shape;
  BinFactors factors{0.5, 0.75};
  std::vector<T> x, spectra, window;

  explicit Given(const FrameShape& shape) : shape(shape) {
    Random random(static_cast<uint64_t>(shape.size * 100 + shape.frames * 10 + shape.hop));
    for (int64_t i = 0; i < shape.signals * shape.length; i++) x.push_back(random.real<T>());
    for (int64_t i = 0; i < shape.signals * 2 * shape.bins() * shape.frames; i++) spectra.push_back(random.real<T>());
    // Without small ones, so that there is something to divide by.
    for (int64_t i = 0; i < shape.size; i++) window.push_back(2 + random.real<T>() / 8);
  }

  int64_t reach() const { return (shape.frames - 1) * shape.hop + shape.size; }

  double factor(int64_t bin) const { return bin == 0 || 2 * bin == shape.size ? factors.ends : factors.inner; }
};

template <typename T>
std::vector<T> forwards(const Given<T>& given, const Kernels<T>& kernels, int threads, Flush flush) {
  GuardedBuffer<T> x(static_cast<int64_t>(given.x.size())), window(given.shape.size);
  GuardedBuffer<T> out(static_cast<int64_t>(given.spectra.size()));
  const auto tables = dftTables<T>(given.shape.size);
  const std::span<T> spectra = out.place(static_cast<int64_t>(given.spectra.size()), flush);
  REQUIRE(spectraOfFrames<T>(kernels, *tables, given.shape, given.factors, x.place(given.x, flush).data(),
                             window.place(given.window, flush).data(), spectra.data(), threads) == Status::kOk);
  CHECK(out.surroundingsUntouched());
  return {spectra.begin(), spectra.end()};
}

template <typename T>
std::vector<T> backwards(const Given<T>& given, const OverlapAdd& how, const Kernels<T>& kernels, int threads,
                         Flush flush) {
  GuardedBuffer<T> spectra(static_cast<int64_t>(given.spectra.size())), window(given.shape.size);
  GuardedBuffer<T> out(static_cast<int64_t>(given.x.size()));
  const auto tables = dftTables<T>(given.shape.size);
  const std::span<T> x = out.place(static_cast<int64_t>(given.x.size()), flush);
  REQUIRE(overlapAddFrames<T>(kernels, *tables, given.shape, how, spectra.place(given.spectra, flush).data(),
                              window.place(given.window, flush).data(), x.data(), threads) == Status::kOk);
  CHECK(out.surroundingsUntouched());
  return {x.begin(), x.end()};
}

// A few roundings of numbers up to 20, as many of which add up as frames have samples.
template <typename T>
double unitOf(const Given<T>& given) {
  return static_cast<double>(std::numeric_limits<T>::epsilon()) * 64 *
         std::sqrt(static_cast<double>(given.shape.size) + 16);
}

// Some of the results by definition.
template <typename T>
void checkForwards(const Given<T>& given, const std::vector<T>& actual) {
  const FrameShape& s = given.shape;
  const Waves<Wider<T>> waves(s.size);
  for (int64_t i = 0; i < static_cast<int64_t>(actual.size()); i += 1 + static_cast<int64_t>(actual.size()) / 300) {
    const int64_t frame = i % s.frames;
    const int64_t bin = i / s.frames % s.bins();
    const bool isSine = i / s.frames / s.bins() % 2 == 1;
    const T* const x = given.x.data() + i / s.frames / s.bins() / 2 * s.length + frame * s.hop;
    Wider<T> sum = 0;
    for (int64_t k = 0; k < s.size; k++) {
      const DftRow row{bin, isSine ? DftRow::Part::kSine : DftRow::Part::kCosine, isSine ? -1 : 1};
      const auto window = static_cast<Wider<T>>(given.window[static_cast<size_t>(k)]);
      sum += static_cast<Wider<T>>(x[k]) * window * waves.at(row, k);
    }
    const auto result = static_cast<Wider<T>>(actual[static_cast<size_t>(i)]);
    const auto error = static_cast<double>(std::abs(sum * static_cast<Wider<T>>(given.factor(bin)) - result));
    if (!(error <= unitOf(given))) FAIL_CHECK("spectrum " << i << " is off by " << error);
  }
}

template <typename T>
void checkBackwards(const Given<T>& given, const OverlapAdd& how, const std::vector<T>& actual) {
  const FrameShape& s = given.shape;
  const Waves<Wider<T>> waves(s.size);
  for (int64_t i = 0; i < static_cast<int64_t>(actual.size()); i += 1 + static_cast<int64_t>(actual.size()) / 50) {
    const int64_t sample = i % s.length + how.first;
    Wider<T> sum = 0;
    Wider<T> squares = 0;
    for (int64_t frame = 0; frame < s.frames; frame++) {
      const int64_t k = sample - frame * s.hop;
      if (k < 0 || k >= s.size) continue;
      const auto window = static_cast<Wider<T>>(given.window[static_cast<size_t>(k)]);
      const T* const re = given.spectra.data() + i / s.length * 2 * s.bins() * s.frames + frame;
      squares += window * window;
      for (int64_t bin = 0; bin < s.bins(); bin++) {
        const auto real = static_cast<Wider<T>>(re[bin * s.frames]);
        const auto imaginary = static_cast<Wider<T>>(re[(s.bins() + bin) * s.frames]);
        sum += window * static_cast<Wider<T>>(given.factor(bin)) *
               (real * waves.at({bin, DftRow::Part::kCosine, 1}, k) -
                imaginary * waves.at({bin, DftRow::Part::kSine, 1}, k));
      }
    }
    const auto result = static_cast<Wider<T>>(actual[static_cast<size_t>(i)]);
    const bool isDivided = how.dividesByWindows && sample < given.reach();
    // Under no window nothing is divided by nothing.
    if (isDivided && squares == 0 && std::isnan(result)) continue;
    const auto error = static_cast<double>(std::abs((isDivided ? sum / squares : sum) - result));
    if (!(error <= 4 * unitOf(given))) FAIL_CHECK("sample " << i << " is off by " << error);
  }
}

// Sizes of every radix, primes and their powers and products among them; one signal and several, of few frames and
// many.
const std::vector<FrameShape> kShapes = {
    {1, 40, 40, 1, 1},       {3, 20, 9, 2, 1},       {2, 30, 10, 3, 2},      {2, 200, 40, 4, 5},
    {1, 77, 10, 5, 8},       {7, 8, 1, 8, 3},        {40, 40, 2, 11, 11},    {3, 500, 70, 16, 7},
    {2, 1200, 70, 17, 17},   {1, 300, 8, 60, 31},    {33, 250, 3, 100, 50},  {1, 400, 3, 121, 121},
    {2, 3000, 27, 143, 100}, {1, 9000, 90, 256, 64}, {1, 4000, 7, 400, 160}, {1, 3000, 5, 1001, 300},
    {1, 5000, 9, 1024, 256}, {1, 2100, 2, 1103, 1},
};

TEST_CASE_TEMPLATE("spectra of frames, and frames of spectra, are the sums that define them", T, float, double) {
  for (const FrameShape& shape : kShapes) {
    INFO(shape.signals << " x " << shape.length << ", " << shape.frames << " of " << shape.size << " every "
                       << shape.hop);
    const Given<T> given(shape);
    const std::array<OverlapAdd, 3> all = {
        {{given.factors, 0, false}, {given.factors, shape.size / 2, true}, {given.factors, shape.size - 1, false}}};
    const Kernels<T>& first = kernelsFor<T>(*supportedKernels()[0]);
    const std::vector<T> spectra = forwards(given, first, 1, Flush::kEnd);
    checkForwards(given, spectra);
    std::array<std::vector<T>, 3> signals;
    for (size_t i = 0; i < all.size(); i++) {
      signals[i] = backwards(given, all[i], first, 1, Flush::kEnd);
      checkBackwards(given, all[i], signals[i]);
    }
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      for (const int threads : {1, 2, 5}) {
        const Flush flush = threads == 2 ? Flush::kStart : Flush::kEnd;
        const auto wrong = difference<T>(forwards(given, kernels, threads, flush), spectra);
        if (wrong) FAIL_CHECK(*wrong);
        for (size_t i = 0; i < all.size(); i++) {
          const auto wrongSignal = difference<T>(backwards(given, all[i], kernels, threads, flush), signals[i]);
          if (wrongSignal) FAIL_CHECK(*wrongSignal);
        }
      }
    });
  }
}

TEST_CASE_TEMPLATE("a frame has the same bits alone and among others", T, float, double) {
  for (const FrameShape& shape : {FrameShape{5, 300, 9, 60, 20}, FrameShape{2, 2000, 40, 77, 30}}) {
    const Given<T> given(shape);
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      const std::vector<T> together = forwards(given, kernels, 2, Flush::kEnd);
      for (int64_t signal = 0; signal < shape.signals; signal++) {
        for (int64_t frame = 0; frame < shape.frames; frame += 3) {
          Given<T> one({1, shape.size, 1, shape.size, 1});
          const auto from = given.x.begin() + signal * shape.length + frame * shape.hop;
          one.x.assign(from, from + shape.size);
          one.window = given.window;
          const std::vector<T> alone = forwards(one, kernels, 1, Flush::kStart);
          bool same = true;
          for (size_t row = 0; row < alone.size(); row++) {
            const size_t at = (static_cast<size_t>(signal) * alone.size() + row) * static_cast<size_t>(shape.frames);
            same = same && sameBits(alone[row], together[at + static_cast<size_t>(frame)]);
          }
          CHECK(same);
        }
      }
    });
  }
}

TEST_CASE_TEMPLATE("what spectra were made of comes back", T, float, double) {
  for (const FrameShape& shape : kShapes) {
    if (shape.hop > shape.size) continue;
    INFO(shape.size << " every " << shape.hop);
    Given<T> given(shape);
    given.factors = {1, 1};
    const Kernels<T>& kernels = kernelsFor<T>(*supportedKernels()[0]);
    given.spectra = forwards(given, kernels, 1, Flush::kEnd);
    const auto size = static_cast<double>(shape.size);
    const std::vector<T> x = backwards(given, {{1 / size, 2 / size}, 0, true}, kernels, 1, Flush::kEnd);
    double error = 0;
    for (int64_t i = 0; i < shape.signals * shape.length; i++) {
      const auto value = static_cast<double>(x[static_cast<size_t>(i)]);
      const bool isMade = i % shape.length < given.reach();
      error = std::max(error, std::abs(value - (isMade ? static_cast<double>(given.x[static_cast<size_t>(i)]) : 0)));
    }
    CHECK(error <= unitOf(given));
  }
}

}  // namespace
}  // namespace conv1d::test
