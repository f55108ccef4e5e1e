// The kernel of windowed real DFTs on every implementation: by definition, and the same bits.
#include <doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "core/checked_math.h"
#include "core/fast/real_dft_tables.h"
#include "kernels/dispatch.h"
#include "test/bits.h"
#include "test/filterbank.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/random.h"
#include "test/runner.h"

namespace conv1d::test {
namespace {

// Random frames and rows for the kernel, and its rows on one implementation with all operands between guard pages.
template <typename T>
struct DftProblem {
  int64_t size, pitch, columns;
  bool hasBias;
  std::vector<T> frames, window, biases, signs;
  std::vector<int32_t> values;

  DftProblem(int64_t size, int64_t pitch, int64_t columns, bool hasBias)
      : size(size), pitch(pitch), columns(columns), hasBias(hasBias) {
    Random random(static_cast<uint64_t>(size * 1000 + columns));
    // Enough for the widest vectors; an implementation gets what it may read.
    for (int64_t i = 0; i < (roundUp(columns, kMaxLanes) - 1) * pitch + size; i++) frames.push_back(random.real<T>());
    for (int64_t i = 0; i < size; i++) window.push_back(random.real<T>());
    for (int64_t row = 0; row < size + 3; row++) {
      biases.push_back(random.real<T>());
      signs.push_back(static_cast<T>(random.between(-1, 1)));
      values.push_back(static_cast<int32_t>(row < size ? row : random.between(0, size - 1)));
    }
  }

  std::vector<T> run(const Kernels<T>& kernels, Flush flush) const {
    static GuardedBuffer<T> frameMemory(70000), windowMemory(4096), twiddleMemory(8192), workMemory(270000),
        biasMemory(4100), signMemory(4100), outMemory(300000), rootMemory(3000), sumMemory(40000);
    static GuardedBuffer<int32_t> placeMemory(4096), valueMemory(4100);
    const RealDftTables<T> tables(size, allDftRadices(size));
    const std::span<T> twiddles = twiddleMemory.place(tables.twiddles, flush);
    const std::span<T> roots = rootMemory.place(tables.roots, flush);
    std::vector<RealDftPass<T>> passes = tables.passes;
    int64_t largest = 0;
    for (RealDftPass<T>& pass : passes) {
      pass.twiddles = twiddles.data() + (pass.twiddles - tables.twiddles.data());
      pass.roots = roots.data() + (pass.roots - tables.roots.data());
      if (pass.radix > 8) largest = std::max(largest, pass.radix);
    }
    const int64_t vectors = ceilDivide(columns, kernels.lanes);
    const int64_t readable = (vectors * kernels.lanes - 1) * pitch + size;
    const auto rows = static_cast<int64_t>(values.size());
    const int64_t outStride = columns + 3;
    const std::span<T> out = outMemory.place((rows - 1) * outStride + columns, flush);

    RealDftArgs<T> args{};
    args.frames = frameMemory.place(std::span<const T>(frames).first(static_cast<size_t>(readable)), flush).data();
    args.pitch = pitch;
    args.window = windowMemory.place(window, flush).data();
    args.size = size;
    args.passes = passes.data();
    args.passCount = static_cast<int64_t>(passes.size());
    args.places = placeMemory.place(tables.places, flush).data();
    args.work = workMemory.place(vectors * (size + 1) * kernels.lanes, flush).data();
    args.sums = sumMemory.place(2 * largest * kernels.lanes, flush).data();
    args.values = valueMemory.place(values, flush).data();
    args.signs = signMemory.place(signs, flush).data();
    args.rows = rows;
    args.bias = hasBias ? biasMemory.place(biases, flush).data() : nullptr;
    args.out = out.data();
    args.outStride = outStride;
    args.columns = columns;
    kernels.realDft(args);

    std::vector<T> result;
    for (int64_t m = 0; m < rows; m++) {
      for (int64_t j = 0; j < columns; j++) result.push_back(out[static_cast<size_t>(m * outStride + j)]);
      for (int64_t j = columns; m + 1 < rows && j < outStride; j++) {
        if (!outMemory.untouched(static_cast<size_t>(m * outStride + j))) FAIL_CHECK("a gap between rows was written");
      }
    }
    CHECK(outMemory.surroundingsUntouched());
    CHECK(workMemory.surroundingsUntouched());
    return result;
  }

  // By definition, to a few roundings of the frame's magnitude.
  void check(const std::vector<T>& actual) const {
    const Waves<Wider<T>> waves(size);
    // A pass of a large prime sums half as many products in a chain.
    const DftRadices radices = allDftRadices(size);
    const auto largest = static_cast<double>(*std::max_element(radices.radix.begin(), radices.radix.end()));
    const double growth = std::max(1.0, std::sqrt(largest) / 4);
    for (size_t m = 0; m < values.size(); m++) {
      for (int64_t j = 0; j < columns; j += 1 + columns / 4) {
        const int64_t value = values[m];
        const DftRow row =
            2 * value <= size ? DftRow{value, DftRow::Part::kCosine, 1} : DftRow{size - value, DftRow::Part::kSine, -1};
        Wider<T> sum = 0;
        double squares = 0;
        for (int64_t k = 0; k < size; k++) {
          const auto product = static_cast<Wider<T>>(frames[static_cast<size_t>(j * pitch + k)]) *
                               static_cast<Wider<T>>(window[static_cast<size_t>(k)]);
          sum += product * waves.at(row, k);
          squares += static_cast<double>(product * product);
        }
        const auto bias = static_cast<Wider<T>>(hasBias ? biases[m] : T{0});
        const auto result = static_cast<Wider<T>>(actual[m * static_cast<size_t>(columns) + static_cast<size_t>(j)]);
        const auto error = static_cast<double>(std::abs(result - static_cast<Wider<T>>(signs[m]) * sum - bias));
        const auto unit = static_cast<double>(std::numeric_limits<T>::epsilon());
        if (error > 8 * growth * unit * (std::sqrt(squares) + 16)) FAIL_CHECK("row " << m << " is off by " << error);
      }
    }
  }
};

TEST_CASE_TEMPLATE(
    "the kernel computes a DFT of every radix, the same bits on every implementation, between guard pages", T, float,
    double) {
  std::vector<int64_t> sizes(kDftSizes.begin(), kDftSizes.end());
  // Shorter than what is transposed at a time, and of primes above 7.
  sizes.insert(sizes.end(), {1, 2, 3, 4, 5, 7, 11, 13, 22, 121, 143, 202, 1001, 1103});
  for (const int64_t size : sizes) {
    for (const int64_t columns : {int64_t{1}, int64_t{3}, int64_t{16}, int64_t{21}}) {
      if (size > 512 && columns > 3) continue;
      const DftProblem<T> problem(size, 1 + size / 3, columns, columns % 2 == 1);
      const std::vector<T> expected =
          problem.run(findKernels("scalar") == nullptr ? kernelsFor<T>(*supportedKernels()[0])
                                                       : kernelsFor<T>(*findKernels("scalar")),
                      Flush::kEnd);
      INFO("size " << size << ", " << columns << " columns");
      problem.check(expected);
      forEachImplementation<T>([&](const Kernels<T>& kernels) {
        for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
          const std::vector<T> actual = problem.run(kernels, flush);
          const auto wrong = difference(std::span<const T>(actual), std::span<const T>(expected));
          if (wrong) FAIL_CHECK(*wrong);
        }
      });
    }
  }
}

TEST_CASE_TEMPLATE("a frame's bits do not depend on the frames beside it", T, float, double) {
  for (const int64_t size : {int64_t{60}, int64_t{400}}) {
    const DftProblem<T> all(size, 7, 37, true);
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      const std::vector<T> together = all.run(kernels, Flush::kEnd);
      for (int64_t j = 0; j < all.columns; j++) {
        DftProblem<T> one = all;
        one.columns = 1;
        one.frames.erase(one.frames.begin(), one.frames.begin() + j * one.pitch);
        const std::vector<T> alone = one.run(kernels, Flush::kEnd);
        bool same = true;
        for (size_t m = 0; m < alone.size(); m++) {
          same = same && sameBits(alone[m], together[m * static_cast<size_t>(all.columns) + static_cast<size_t>(j)]);
        }
        CHECK(same);
      }
    });
  }
}

}  // namespace
}  // namespace conv1d::test
