// Upsampling against one output at a time, bit for bit: every implementation, one thread and two.
#include <doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/upsample/upsample.h"
#include "test/bits.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/random.h"

namespace conv1d::test {
namespace {

template <typename T>
T stepOf(const UpsampleShape& shape) {
  return shape.scale > 0 ? static_cast<T>(1 / shape.scale)
                         : static_cast<T>(shape.length) / static_cast<T>(shape.outLength);
}

template <typename T>
T nearest(const UpsampleShape& shape, const T* row, int64_t i) {
  const auto position = std::floor(static_cast<float>(static_cast<T>(i) * stepOf<T>(shape)));
  return row[std::min(static_cast<int64_t>(position), shape.length - 1)];
}

template <typename T>
T linear(const UpsampleShape& shape, bool alignCorners, const T* row, int64_t i) {
  if (shape.length == shape.outLength) return row[i];
  const auto whole = static_cast<double>(i);
  double position = std::max(std::fma(static_cast<double>(stepOf<T>(shape)), whole + 0.5, -0.5), 0.0);
  if (alignCorners) {
    const T step = shape.outLength > 1 ? static_cast<T>(shape.length - 1) / static_cast<T>(shape.outLength - 1) : T{0};
    position = static_cast<double>(step) * whole;
  }
  const int64_t left = std::min(static_cast<int64_t>(position), shape.length - 1);
  const auto weight = static_cast<T>(std::clamp(position - static_cast<double>(left), 0.0, 1.0));
  const T right = row[std::min(left + 1, shape.length - 1)] * weight;
  return normalised(std::fma(row[left], T{1} - weight, right));
}

template <typename T>
void check(const UpsampleShape& shape) {
  INFO(shape.rows << ' ' << shape.length << " -> " << shape.outLength << ", scale " << shape.scale);
  Random random(static_cast<uint64_t>(shape.length * 31 + shape.outLength));
  std::vector<T> x(static_cast<size_t>(shape.rows * shape.length));
  for (T& value : x) value = random.oneIn(12) ? random.special<T>() : random.real<T>();
  const int64_t outputs = shape.rows * shape.outLength;
  std::vector<T> expected[3];
  for (int64_t i = 0; i < outputs; i++) {
    const T* const row = x.data() + i / shape.outLength * shape.length;
    expected[0].push_back(nearest(shape, row, i % shape.outLength));
    expected[1].push_back(linear(shape, false, row, i % shape.outLength));
    expected[2].push_back(linear(shape, true, row, i % shape.outLength));
  }
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    for (const int threads : {1, 2}) {
      for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
        GuardedBuffer<T> from(static_cast<int64_t>(x.size()));
        GuardedBuffer<T> to(outputs);
        const std::span<const T> in = from.place(std::span<const T>(x), flush);
        for (int mode = 0; mode < 3; mode++) {
          const std::span<T> out = to.place(outputs, flush);
          const Status status = mode == 0
                                    ? upsampleNearest<T>(kernels, shape, in.data(), out.data(), threads)
                                    : upsampleLinear<T>(kernels, shape, mode == 2, in.data(), out.data(), threads);
          REQUIRE(status == Status::kOk);
          int64_t wrong = 0;
          for (size_t i = 0; i < out.size(); i++) wrong += sameBits(out[i], expected[mode][i]) ? 0 : 1;
          CAPTURE(mode);
          CHECK(wrong == 0);
          CHECK(to.surroundingsUntouched());
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("outputs come from where PyTorch reads them", T, float, double) {
  const UpsampleShape shapes[] = {{3, 5, 10, 0},
                                  {3, 5, 10, 2},
                                  {2, 7, 21, 3},
                                  {2, 100, 400, 4},
                                  {2, 33, 264, 8},
                                  {1, 9, 144, 16},
                                  {1, 9, 153, 17},
                                  {1, 50, 205, 4.1},
                                  {1, 50, 25, 0.5},
                                  {2, 50, 37, 0},
                                  {1, 1, 9, 0},
                                  {4, 6, 6, 0},
                                  {4, 6, 6, 1.1},
                                  {1, 3, 1, 0},
                                  {40, 30, 60, 2},
                                  {20, 700, 1400, 0},
                                  {2, 20000, 60000, 3},
                                  {1, 3001, 12345, 0},
                                  {1, 701, 3466, 4.944938025075188},
                                  {0, 5, 10, 2},
                                  {3, 5, 0, 0},
                                  {2, 41, 41 * 13, 13},
                                  {2, 41, 41 * 11, 0},
                                  {2, 10, 29, 2.9999999999},
                                  {2, 10, 30, 3.0000000001}};
  for (const UpsampleShape& shape : shapes) check<T>(shape);
}

TEST_CASE_TEMPLATE("repeats end where rounded positions would", T, float, double) {
#ifdef CONV1D_SLOW_MACHINE
  constexpr int64_t kLength = 600;  // more than a stretch
#else
  constexpr int64_t kLength = 3000;
  check<T>({1, (int64_t{1} << 22) / 3 + 5, 3 * ((int64_t{1} << 22) / 3 + 5), 3});
  check<T>({1, (int64_t{1} << 22) / 7, 7 * ((int64_t{1} << 22) / 7), 7});
#endif
  for (int64_t repeats = 1; repeats <= 16; repeats++) {
    check<T>({1, kLength, kLength * repeats, 0});
    check<T>({2, kLength / 3, kLength / 3 * repeats, static_cast<double>(repeats)});
  }
}

TEST_CASE("shapes that are none are refused") {
  const Kernels<float>& kernels = kernelsFor<float>(activeKernels());
  const float x[2] = {1, 2};
  float out[4];
  for (const UpsampleShape& shape : {UpsampleShape{1, 0, 2, 0}, UpsampleShape{1, 2, 4, -1}, UpsampleShape{-1, 2, 4, 0},
                                     UpsampleShape{1, 2, 4, std::nan("")}}) {
    CHECK(upsampleNearest<float>(kernels, shape, x, out, 1) == Status::kInvalidArgument);
    CHECK(upsampleLinear<float>(kernels, shape, false, x, out, 1) == Status::kInvalidArgument);
  }
  // However small the scale: the last element, no further.
  CHECK(upsampleNearest<float>(kernels, {1, 2, 4, 1e-300}, x, out, 1) == Status::kOk);
  CHECK(out[3] == 2);
  CHECK(upsampleLinear<float>(kernels, {1, 2, 4, 1e-300}, false, x, out, 1) == Status::kOk);
  CHECK(out[3] == 2);
}

}  // namespace
}  // namespace conv1d::test
