// Products of matrices: every output is the chain of std::fma from zero on, on every implementation, for any strides,
// broadcast batches and threads, between guard pages.
#include <doctest.h>

#include <cmath>
#include <cstdint>
#include <sstream>
#include <vector>

#include "core/matmul/matmul.h"
#include "test/bits.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/random.h"

namespace conv1d::test {
namespace {

// A batch of matrices as it lies in memory.
struct Operand {
  std::vector<int64_t> strides;  // of the batch
  int64_t row = 0;
  int64_t column = 0;
  int64_t elements = 1;

  int64_t at(int64_t r, int64_t c) const { return r * row + c * column; }
};

// Rows or columns lie side by side, or neither do; batch dimensions may repeat.
Operand drawOperand(Random& random, const std::vector<int64_t>& batch, int64_t rows, int64_t columns) {
  Operand operand;
  const int64_t step = random.oneIn(5) ? 2 : 1;
  const int64_t gap = random.oneIn(4) ? random.between(1, 3) : 0;
  const bool isTransposed = random.oneIn(3);
  operand.column = isTransposed ? rows * step + gap : step;
  operand.row = isTransposed ? step : columns * step + gap;
  int64_t span = (rows - 1) * operand.row + (columns - 1) * operand.column + 1;
  operand.strides.resize(batch.size());
  for (size_t d = batch.size(); d-- > 0;) {
    operand.strides[d] = random.oneIn(3) ? 0 : span;
    if (operand.strides[d] != 0) span *= batch[d];
  }
  operand.elements = span;
  return operand;
}

int64_t batchOffset(const std::vector<int64_t>& batch, const std::vector<int64_t>& strides, int64_t index) {
  int64_t offset = 0;
  for (size_t d = batch.size(); d-- > 0;) {
    offset += index % batch[d] * strides[d];
    index /= batch[d];
  }
  return offset;
}

struct Sizes {
  int64_t m, k, n;
};

template <typename T>
void compare(Random& random, const std::vector<int64_t>& batch, const Sizes& s, bool isSpecial) {
  int64_t count = 1;
  for (const int64_t size : batch) count *= size;
  const Operand left = drawOperand(random, batch, s.m, std::max<int64_t>(s.k, 1));
  const Operand right = drawOperand(random, batch, std::max<int64_t>(s.k, 1), s.n);
  const auto draw = [&](int64_t elements) {
    std::vector<T> values(static_cast<size_t>(elements));
    for (T& value : values) value = isSpecial ? random.special<T>() : random.real<T>();
    return values;
  };
  const std::vector<T> x = draw(left.elements);
  const std::vector<T> y = draw(right.elements);
  std::vector<T> expected;
  for (int64_t i = 0; i < count; i++) {
    const T* a = x.data() + batchOffset(batch, left.strides, i);
    const T* b = y.data() + batchOffset(batch, right.strides, i);
    for (int64_t r = 0; r < s.m; r++) {
      for (int64_t j = 0; j < s.n; j++) {
        T acc = 0;
        for (int64_t c = 0; c < s.k; c++) acc = std::fma(a[left.at(r, c)], b[right.at(c, j)], acc);
        expected.push_back(normalised(acc));
      }
    }
  }
  GuardedBuffer<T> aMemory(left.elements), bMemory(right.elements), outMemory(count * s.m * s.n);
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
      for (const int threads : {1, 2}) {
        const std::span<T> a = aMemory.place(std::span<const T>(x), flush);
        const std::span<T> b = bMemory.place(std::span<const T>(y), flush);
        const std::span<T> out = outMemory.place(count * s.m * s.n, flush);
        CHECK(matmul<T>(kernels, {batch, s.m, s.k, s.n}, {a.data(), left.strides, left.row, left.column},
                        {b.data(), right.strides, right.row, right.column}, out.data(), threads) == Status::kOk);
        int64_t wrong = 0;
        for (size_t i = 0; i < expected.size(); i++) wrong += sameBits(out[i], expected[i]) ? 0 : 1;
        std::ostringstream drawn;
        drawn << s.m << " x " << s.k << " x " << s.n << ", a " << left.row << ' ' << left.column << ", b " << right.row
              << ' ' << right.column << ", " << threads << " threads, batch of " << count;
        INFO(drawn.str());
        CHECK(wrong == 0);
        CHECK(outMemory.surroundingsUntouched());
      }
    }
  });
}

TEST_CASE_TEMPLATE("small products of every kind", T, float, double) {
  Random random(7);
  for (int i = 0; i < 120; i++) {
    std::vector<int64_t> batch;
    for (int64_t d = random.between(0, 2); d > 0; d--) batch.push_back(random.between(1, 3));
    compare<T>(random, batch, {random.between(1, 20), random.between(0, 40), random.between(1, 120)}, random.oneIn(4));
  }
}

TEST_CASE_TEMPLATE("one row times many panels, one column, and many rows", T, float, double) {
  Random random(8);
  for (const Sizes& sizes : {Sizes{1, 33, 700}, Sizes{1, 5, 384}, Sizes{1, 1100, 50}, Sizes{300, 70, 1},
                             Sizes{150, 20, 3}, Sizes{2, 1030, 97}, Sizes{140, 530, 65}, Sizes{9, 300, 49}}) {
    compare<T>(random, {}, sizes, false);
    compare<T>(random, {2}, sizes, false);
  }
}

#ifndef CONV1D_SLOW_MACHINE
TEST_CASE_TEMPLATE("products that are worth several threads", T, float, double) {
  Random random(9);
  for (const Sizes& sizes : {Sizes{1, 700, 1500}, Sizes{130, 128, 96}, Sizes{257, 100, 50}, Sizes{16, 1024, 80}}) {
    compare<T>(random, {}, sizes, false);
  }
  compare<T>(random, {3}, {40, 100, 100}, false);
}
#endif

TEST_CASE("nothing is written where there is nothing") {
  const Kernels<float>& kernels = kernelsFor<float>(**supportedKernels());
  const std::vector<int64_t> none = {0};
  const std::vector<int64_t> strides = {0};
  CHECK(matmul<float>(kernels, {none, 2, 3, 4}, {nullptr, strides, 3, 1}, {nullptr, strides, 4, 1}, nullptr, 2) ==
        Status::kOk);
  CHECK(matmul<float>(kernels, {{}, 0, 3, 4}, {nullptr, {}, 3, 1}, {nullptr, {}, 4, 1}, nullptr, 1) == Status::kOk);
}

}  // namespace
}  // namespace conv1d::test
