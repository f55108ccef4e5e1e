// The kernels of every implementation that this machine runs, against std::fma, bit for bit.
#include <doctest.h>

#include <array>
#include <bit>
#include <cmath>
#include <string>

#include "kernels/dispatch.h"
#include "kernels/simd_scalar.h"
#include "test/implementations.h"
#include "test/kernel_tester.h"

namespace conv1d::test {
namespace {

// Calls visit(rows, columns, swapped, kernel) for every micro-kernel with every number of columns that it may be given.
template <typename T, typename Visit>
void forEachMicrokernel(const Kernels<T>& kernels, Visit visit) {
  for (int rows = 1; rows <= kernels.blocks.maxRows; rows++) {
    for (int vectors = 1; vectors <= kernels.blocks.maxVectors[rows]; vectors++) {
      const int64_t width = static_cast<int64_t>(vectors) * kernels.lanes;
      visit(rows, width, false, kernels.full[rows - 1][vectors - 1]);
      visit(rows, width, true, kernels.swappedFull[rows - 1][vectors - 1]);
      for (int64_t columns = width - kernels.lanes + 1; columns <= width; columns++) {
        visit(rows, columns, false, kernels.partial[rows - 1][vectors - 1]);
        visit(rows, columns, true, kernels.swappedPartial[rows - 1][vectors - 1]);
      }
    }
  }
}

struct Ends {
  bool first, last, bias;
};

// The bias is read only at the first product: with and without it there, and inaccessible later.
constexpr std::array<Ends, 6> kEnds = {{
    {.first = true, .last = true, .bias = true},
    {.first = true, .last = true, .bias = false},
    {.first = true, .last = false, .bias = true},
    {.first = true, .last = false, .bias = false},
    {.first = false, .last = true, .bias = true},
    {.first = false, .last = false, .bias = true},
}};

// Channels of the reduction, with taps of each that are left out.
struct Depth {
  int64_t channels, skippedTaps;
};
constexpr std::array<Depth, 3> kDepths = {{{1, 0}, {2, 3}, {3, 0}}};

TEST_CASE("the implementations are the ones this machine must have, the portable one last") {
  std::string names;
  const KernelTable* last = nullptr;
  for (const KernelTable* const* table = supportedKernels(); *table != nullptr; table++) {
    if (!names.empty()) names += ' ';
    names += (*table)->name;
    CHECK((*table)->supported());
    CHECK(findKernels((*table)->name) == *table);
    last = *table;
  }
  MESSAGE("implementations: " << names);
  REQUIRE(last != nullptr);
  CHECK(std::string(last->name) == "scalar");
#ifdef CONV1D_EXPECTED_KERNELS  // by the toolchain files: an emulator that lost a feature must not test less
  CHECK(names == CONV1D_EXPECTED_KERNELS);
#endif
  CHECK(findKernels("vax") == nullptr);
  CHECK(findKernels("") == nullptr);
}

TEST_CASE("the active implementation is the best one until another is selected") {
  CHECK(&activeKernels() == supportedKernels()[0]);
  const KernelTable* const scalar = findKernels("scalar");
  selectKernels(*scalar);
  CHECK(&activeKernels() == scalar);
  selectKernels(*supportedKernels()[0]);
}

TEST_CASE_TEMPLATE("block sizes respect the limits of the kernel table", T, float, double) {
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    CHECK(kernels.lanes >= 1);
    CHECK(kernels.blocks.maxRows >= 1);
    CHECK(kernels.blocks.maxRows <= kMaxRows);
    for (int rows = 1; rows <= kernels.blocks.maxRows; rows++) {
      CHECK(kernels.blocks.maxVectors[rows] >= 1);
      CHECK(kernels.blocks.maxVectors[rows] <= kMaxVectors);
      // Swapped panels are as wide as the tallest kernel takes: lower ones must take them too.
      CHECK(kernels.blocks.maxVectors[rows] >= kernels.blocks.maxVectors[kernels.blocks.maxRows]);
    }
    CHECK(kernels.blocks.maxColumns % kernels.lanes == 0);
    CHECK(kernels.blocks.tileBytes <= 1 << 20);
    const bool hasTheRest = kernels.depthwise != nullptr && kernels.depthwiseBroadcast != nullptr &&
                            kernels.stridedCopy != nullptr && kernels.fmaProbe != nullptr;
    CHECK(hasTheRest);
  });
}

TEST_CASE_TEMPLATE("every micro-kernel computes the chain at every width, between guard pages", T, float, double) {
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    forEachMicrokernel(kernels, [](int64_t rows, int64_t columns, bool swapped, Microkernel<T> kernel) {
      for (const Depth& depth : kDepths) {
        for (const int64_t taps : {0, 1, 4}) {
          for (const Ends& ends : kEnds) {
            for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
              KernelTester()
                  .swapped(swapped)
                  .rows(rows)
                  .channels(depth.channels)
                  .skippedTaps(depth.skippedTaps)
                  .columns(columns)
                  .taps(taps)
                  .first(ends.first)
                  .last(ends.last)
                  .bias(ends.bias)
                  .flush(flush)
                  .run(kernel);
            }
          }
        }
      }
    });
  });
}

TEST_CASE_TEMPLATE("micro-kernels agree on NaN, infinities, zeros of both signs, subnormals and overflow", T, float,
                   double) {
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    forEachMicrokernel(kernels, [](int64_t rows, int64_t columns, bool swapped, Microkernel<T> kernel) {
      for (const int64_t taps : {0, 2, 7}) {
        for (const Ends& ends : kEnds) {
          KernelTester()
              .swapped(swapped)
              .rows(rows)
              .channels(2)
              .columns(columns)
              .taps(taps)
              .first(ends.first)
              .last(ends.last)
              .bias(ends.bias)
              .special(true)
              .run(kernel);
        }
      }
    });
  });
}

TEST_CASE_TEMPLATE("the depthwise kernel computes the chain for any number of columns, between guard pages", T, float,
                   double) {
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    for (int64_t columns = 1; columns <= 10 * kernels.lanes + 3; columns++) {
      for (const int64_t taps : {0, 1, 5, 17}) {
        for (const Ends& ends : kEnds) {
          for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
            for (const bool special : {false, true}) {
              DepthwiseTester()
                  .columns(columns)
                  .taps(taps)
                  .first(ends.first)
                  .last(ends.last)
                  .bias(ends.bias)
                  .special(special)
                  .flush(flush)
                  .run(kernels.depthwise);
            }
          }
        }
      }
    }
  });
}

// It is asked for whole chains only: between zeros a sum of -0 may become +0, which the end of a chain does anyway.
TEST_CASE_TEMPLATE("the broadcasting depthwise kernel computes the same chain, between guard pages", T, float, double) {
  constexpr int64_t kMostTaps = 70;
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    for (int64_t columns = 1; columns <= 18 * kernels.lanes + 3; columns++) {
      for (int64_t taps = 1; taps <= kMostTaps; taps++) {
        const int64_t turn = columns + taps;
        for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
          DepthwiseTester()
              .broadcast(kernels.lanes)
              .columns(columns)
              .taps(taps)
              .bias(turn % 3 == 0)
              .special(turn % 5 == 0)
              .flush(flush)
              .run(kernels.depthwiseBroadcast);
        }
      }
    }
  });
}

// The source ends with the last element that is copied: what the stride would skip behind it is not there.
template <typename T>
void checkStridedCopy(StridedCopy<T> copy, int64_t stride, int64_t count, Flush flush) {
  static GuardedBuffer<T> fromMemory(1024), toMemory(128);
  const std::span<T> from = fromMemory.place(count == 0 ? 0 : (count - 1) * stride + 1, flush);
  const std::span<T> to = toMemory.place(count, flush);
  Random random(static_cast<uint64_t>(stride * 1000 + count));
  for (T& value : from) value = random.special<T>();
  copy(from.data(), stride, count, to.data());
  INFO("stride " << stride << ", count " << count << (flush == Flush::kStart ? ", at the start" : ", at the end"));
  for (size_t i = 0; i < to.size(); i++) {
    if (sameBits(to[i], from[i * static_cast<size_t>(stride)])) continue;
    FAIL_CHECK("element " << i << " is " << to[i] << " instead of " << from[i * static_cast<size_t>(stride)]);
    return;
  }
  if (!toMemory.surroundingsUntouched()) FAIL_CHECK("memory around the copy was written");
}

TEST_CASE_TEMPLATE("the strided copy takes every stride-th element, bits and all, between guard pages", T, float,
                   double) {
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    for (int64_t stride = 2; stride <= 12; stride++) {
      for (int64_t count = 0; count <= 5 * kernels.lanes + 3; count++) {
        for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
          checkStridedCopy(kernels.stridedCopy, stride, count, flush);
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("rows are interleaved whatever their number and length, and nothing around them is written", T,
                   float, double) {
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    const int64_t mostColumns = 3 * kernels.lanes + 2;
    constexpr int64_t kMostRows = 21;
    GuardedBuffer<T> fromMemory(kMostRows * mostColumns);
    GuardedBuffer<T> toMemory(kMostRows * mostColumns);
    for (int64_t rows = 1; rows <= kMostRows; rows++) {
      for (int64_t count = 1; count <= mostColumns; count++) {
        for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
          const std::span<T> from = fromMemory.place(rows * count, flush);
          for (size_t i = 0; i < from.size(); i++) from[i] = static_cast<T>(i);
          const std::span<T> to = toMemory.place(rows * count, flush);
          kernels.interleaveRows(from.data(), count, rows, count, to.data());
          int64_t wrong = 0;
          for (int64_t i = 0; i < count * rows; i++) {
            wrong += to[static_cast<size_t>(i)] != static_cast<T>(i % rows * count + i / rows) ? 1 : 0;
          }
          CAPTURE(rows);
          CAPTURE(count);
          CHECK(wrong == 0);
          CHECK(toMemory.surroundingsUntouched());
        }
      }
    }
  });
}

TEST_CASE_TEMPLATE("the FMA probe counts its operations and writes one vector", T, float, double) {
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    GuardedBuffer<T> memory(kMaxLanes);
    const std::span<T> sink = memory.place(kernels.lanes, Flush::kEnd);
    const int64_t each = kernels.fmaProbe(1, sink.data());
    CHECK(each ==
          2 * int64_t{kernels.blocks.maxRows} * kernels.blocks.maxVectors[kernels.blocks.maxRows] * kernels.lanes);
    CHECK(kernels.fmaProbe(1000, sink.data()) == 1000 * each);
    for (const T value : sink) CHECK(std::isnormal(value));
    CHECK(memory.surroundingsUntouched());
  });
}

// --- the portable fused multiply-add
// ----------------------------------------------------------------------------------

struct Triple {
  float a, b, c;
};

float floatOf(Random& random, int64_t lowestExponent, int64_t highestExponent) {
  const auto sign = static_cast<uint32_t>(random.between(0, 1)) << 31;
  const auto exponent = static_cast<uint32_t>(random.between(lowestExponent, highestExponent) + 127) << 23;
  // Few-bit mantissas make sums land on halfway points.
  const auto mantissa = static_cast<uint32_t>(random.bits() >> 41) & (random.oneIn(2) ? 0x7FFFFFu : 0x700003u);
  return std::bit_cast<float>(sign | exponent | mantissa);
}

float nudged(float value, int64_t ulps) {
  return std::bit_cast<float>(static_cast<uint32_t>(static_cast<int64_t>(bitsOf(value)) + ulps));
}

Triple anything(Random& random) {
  const auto a = static_cast<uint32_t>(random.bits() >> 32);
  const auto b = static_cast<uint32_t>(random.bits() >> 32);
  const auto c = static_cast<uint32_t>(random.bits() >> 32);
  return {std::bit_cast<float>(a), std::bit_cast<float>(b), std::bit_cast<float>(c)};
}

Triple cancelling(Random& random) {
  const float a = floatOf(random, -60, 60);
  const float b = floatOf(random, -60, 60);
  return {a, b, nudged(-(a * b), random.between(-3, 3))};
}

// The product is about half an ulp of c, exactly half when the mantissas are 1.
Triple halfway(Random& random) {
  const float c = floatOf(random, -100, 100);
  const int half = std::ilogb(c) - 24;
  const auto split = static_cast<int>(random.between(-20, 20));
  const float a = std::ldexp(random.oneIn(2) ? 1.0f : nudged(1.0f, random.between(-2, 2)), split);
  const float b = std::ldexp(random.oneIn(2) ? 1.0f : nudged(1.0f, random.between(-2, 2)), half - split);
  return {random.oneIn(2) ? a : -a, b, c};
}

Triple subnormal(Random& random) {
  const float a = floatOf(random, -100, -40);
  const float b = std::ldexp(floatOf(random, 0, 0), static_cast<int>(random.between(-152, -120)) - std::ilogb(a));
  const float c = std::bit_cast<float>(static_cast<uint32_t>(random.bits() >> random.between(40, 63)));
  return {a, b, random.oneIn(2) ? c : -c};
}

Triple overflowing(Random& random) {
  const float c = nudged(std::numeric_limits<float>::max(), -random.between(0, 3));
  const float b = std::ldexp(1.0f, static_cast<int>(random.between(101, 105)) - 40);
  const float a = nudged(std::ldexp(1.0f, 40), random.between(-2, 2));
  return {random.oneIn(4) ? -a : a, b, c};
}

TEST_CASE("the portable float32 fused multiply-add rounds once, as std::fma does") {
  constexpr std::array<Triple (*)(Random&), 5> kKinds = {anything, cancelling, halfway, subnormal, overflowing};
  constexpr int kTriplesPerKind = 200'000;
  Random random(20080401);
  for (size_t kind = 0; kind < kKinds.size(); kind++) {
    int wrong = 0;
    for (int i = 0; i < kTriplesPerKind; i++) {
      const Triple t = kKinds[kind](random);
      const float expected = std::fma(t.a, t.b, t.c);
      const float actual = fusedMultiplyAdd(t.a, t.b, t.c);
      if (sameBitsOrNaNs(actual, expected)) continue;
      if (wrong++ == 0) {
        FAIL_CHECK("kind " << kind << ": fma(0x" << std::hex << bitsOf(t.a) << ", 0x" << bitsOf(t.b) << ", 0x"
                           << bitsOf(t.c) << ") gives 0x" << bitsOf(actual) << " instead of 0x" << bitsOf(expected));
      }
    }
    CHECK(wrong == 0);
  }
}

}  // namespace
}  // namespace conv1d::test
