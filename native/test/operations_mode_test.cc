// The bits of all operations beside the convolutions do not depend on the floating-point mode that the caller's thread
// is in: denormals are numbers, and what is rounded is rounded to nearest, the counts and steps included.
#include <doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/matmul/matmul.h"
#include "core/norm/batch_statistics.h"
#include "core/norm/normalise.h"
#include "core/pointwise/channelwise.h"
#include "core/pointwise/compare.h"
#include "core/pointwise/convert.h"
#include "core/pointwise/pointwise.h"
#include "core/pool/pool.h"
#include "core/recurrent/recurrent.h"
#include "core/reduce/reduce.h"
#include "core/reduce/softmax.h"
#include "core/sorting/cumsum.h"
#include "core/sorting/sort.h"
#include "core/upsample/upsample.h"
#include "test/bits.h"
#include "test/float_modes.h"
#include "test/implementations.h"
#include "test/random.h"

#if defined(__x86_64__) || defined(__aarch64__)

namespace conv1d::test {
namespace {

// The number of elements: enough for every operation to run on two threads.
constexpr int64_t kRows = 40;
constexpr int64_t kLength = 4100;
constexpr int64_t kElements = kRows * kLength;

// What an operation takes: numbers on both sides of the smallest normal one, many of them alike.
template <typename T>
struct Given {
  const Kernels<T>& kernels;
  const std::vector<T>& x;
  int threads;
};

// What it makes: numbers, or places.
template <typename T>
struct Made {
  std::vector<T> values = std::vector<T>(kElements);
  std::vector<int64_t> places = std::vector<int64_t>(kElements);
};

template <typename T>
struct Operation {
  const char* name;
  void (*run)(const Given<T>& given, Made<T>& made);
};

template <typename T, Reduction kReduction>
void reduceBoth(const Given<T>& given, Made<T>& made) {
  reduce<T>(given.kernels, kReduction, {kRows, kLength, 1}, 1, given.x.data(), made.values.data(), given.threads);
  reduce<T>(given.kernels, kReduction, {1, kRows, kLength}, 1, given.x.data(), made.values.data() + kRows,
            given.threads);
}

template <typename T, Comparison kComparison>
void compareNeighbours(const Given<T>& given, Made<T>& made) {
  const int64_t shape[] = {kElements - 1};
  const int64_t strides[] = {1};
  std::vector<uint8_t> holds(kElements);
  compare<T>(kComparison, shape, {given.x.data(), strides}, {given.x.data() + 1, strides}, holds.data(), given.threads);
  made.places.assign(holds.begin(), holds.end());
}

template <typename T, RecurrentKind kKind>
void runRecurrent(const Given<T>& given, Made<T>& made) {
  const RecurrentShape shape{kKind, 7, 24};
  const T* const x = given.x.data();
  const auto packed = PackedRecurrent<T>::pack(shape, given.kernels, {x, x + 1000, x + 4000, x + 4500});
  RecurrentCall<T> call{};
  call.x = x + 5000;
  call.steps = 5;
  call.batch = 33;
  call.out = made.values.data();
  call.outRowStride = 24;
  call.hn = made.values.data() + 5000;
  call.cn = made.values.data() + 6000;
  call.threads = given.threads;
  REQUIRE(run<T>(shape, given.kernels, *packed, call) == Status::kOk);
}

template <typename T, RecurrentKind kKind>
void runRecurrentBackward(const Given<T>& given, Made<T>& made) {
  const RecurrentShape shape{kKind, 7, 24};
  constexpr int64_t kSteps = 5, kBatch = 33, kRows = kSteps * kBatch;
  const T* const x = given.x.data();
  const auto packed = PackedRecurrent<T>::pack(shape, given.kernels, {x, x + 1000, x + 4000, x + 4500});
  std::vector<T> out(kRows * 24), states(2 * kBatch * 24), kept(static_cast<size_t>(kRows * 24 * shape.keptRows()));
  RecurrentCall<T> call{};
  call.x = x + 5000;
  call.steps = kSteps;
  call.batch = kBatch;
  call.out = out.data();
  call.outRowStride = 24;
  call.hn = states.data();
  call.cn = states.data() + kBatch * 24;
  call.kept = kept.data();
  call.threads = given.threads;
  REQUIRE(run<T>(shape, given.kernels, *packed, call) == Status::kOk);
  RecurrentBackwardCall<T> back{};
  back.weightIh = x;
  back.weightHh = x + 1000;
  back.x = call.x;
  back.steps = kSteps;
  back.batch = kBatch;
  back.out = out.data();
  back.outRowStride = 24;
  back.kept = kept.data();
  back.ofOut = x;
  back.ofX = made.values.data();
  back.ofH0 = made.values.data() + 1200;
  back.ofWeightIh = made.values.data() + 2000;
  back.ofWeightHh = made.values.data() + 2700;
  back.ofBiasIh = made.values.data() + 5100;
  back.threads = given.threads;
  REQUIRE(runBackward<T>(shape, given.kernels, back) == Status::kOk);
}

template <typename T>
const std::vector<Operation<T>> kOperations = {
    {"sum", reduceBoth<T, kReduceSum>},
    {"mean", reduceBoth<T, kReduceMean>},
    {"product", reduceBoth<T, kReduceProduct>},
    {"maximum", reduceBoth<T, kReduceMaximum>},
    {"variance", reduceBoth<T, kReduceVariance>},
    {"norm", reduceBoth<T, kReduceNorm>},
    {"argmax of rows",
     [](const Given<T>& given, Made<T>& made) {
       findExtreme<T>(given.kernels, true, {kElements / 4, 4, 1}, given.x.data(), made.places.data(), given.threads);
     }},
    {"argmin of columns",
     [](const Given<T>& given, Made<T>& made) {
       findExtreme<T>(given.kernels, false, {1, 4, kElements / 4}, given.x.data(), made.places.data(), given.threads);
     }},
    {"softmax",
     [](const Given<T>& given, Made<T>& made) {
       softmax<T>(given.kernels, false, kRows, kLength, given.x.data(), made.values.data(), given.threads);
     }},
    {"norm of rows",
     [](const Given<T>& given, Made<T>& made) {
       normalise<T>(given.kernels, {kRows, 1, 1, kLength}, 1e-60, given.x.data(), {nullptr, nullptr, false},
                    made.values.data(), given.threads);
     }},
    {"norm of one long row",
     [](const Given<T>& given, Made<T>& made) {
       normalise<T>(given.kernels, {1, 1, 1, kElements}, 1e-60, given.x.data(), {nullptr, nullptr, false},
                    made.values.data(), given.threads);
     }},
    {"batch statistics",
     [](const Given<T>& given, Made<T>& made) {
       batchStatistics<T>(given.kernels, 2, kRows / 2, kLength, given.x.data(), made.values.data(),
                          made.values.data() + kRows, given.threads);
     }},
    {"running sums",
     [](const Given<T>& given, Made<T>& made) {
       cumsum<T>(kRows, kLength, 1, given.x.data(), made.values.data(), given.threads);
     }},
    {"sort",
     [](const Given<T>& given, Made<T>& made) {
       sort<T>(false, kRows, kLength, given.x.data(), made.values.data(), made.places.data(), given.threads);
     }},
    {"topk",
     [](const Given<T>& given, Made<T>& made) {
       topk<T>(5, true, kRows, kLength, given.x.data(), made.values.data(), made.places.data(), given.threads);
     }},
    {"equal", compareNeighbours<T, kEqual>},
    {"less", compareNeighbours<T, kLess>},
    {"conversion to the other format",
     [](const Given<T>& given, Made<T>& made) {
       using Other = std::conditional_t<sizeof(T) == 4, double, float>;
       std::vector<Other> other(kElements);
       convert<T, Other>(given.x.data(), other.data(), kElements, given.threads);
       for (size_t i = 0; i < other.size(); i++) made.places[i] = static_cast<int64_t>(bitsOf(other[i]));
     }},
    {"difference",
     [](const Given<T>& given, Made<T>& made) {
       const int64_t shape[] = {kElements - 1};
       const int64_t strides[] = {1};
       applyBinary<T>(given.kernels, kSub, shape, {given.x.data(), strides}, {given.x.data() + 1, strides},
                      made.values.data(), given.threads);
     }},
    {"affine function of channels",
     [](const Given<T>& given, Made<T>& made) {
       for (const int64_t length : {int64_t{4}, kLength}) {
         applyChannelwise<T>(
             given.kernels, kChannelAffine,
             {given.x.data(), given.x.data(), given.x.data() + 20, made.values.data(), kElements / length, 20, length},
             given.threads);
       }
     }},
    {"means of short windows",
     [](const Given<T>& given, Made<T>& made) {
       avgPool<T>(given.kernels, {kRows, kLength, 3, 1, 1, 1, kLength}, true, given.x.data(), made.values.data(),
                  given.threads);
     }},
    {"means of long windows",
     [](const Given<T>& given, Made<T>& made) {
       avgPool<T>(given.kernels, {kRows, kLength, 100, 100, 0, 1, kLength / 100}, false, given.x.data(),
                  made.values.data(), given.threads);
     }},
    {"largest of windows",
     [](const Given<T>& given, Made<T>& made) {
       maxPool<T>(given.kernels, {kRows, kLength, 3, 2, 1, 1, kLength / 2}, given.x.data(), made.values.data(),
                  made.places.data(), given.threads);
     }},
    {"nearest elements",
     [](const Given<T>& given, Made<T>& made) {
       for (int64_t length = 1; length < 60; length++) {
         upsampleNearest<T>(given.kernels, {1, length, 97, 0}, given.x.data(), made.values.data() + 100 * length,
                            given.threads);
       }
     }},
    {"elements in between",
     [](const Given<T>& given, Made<T>& made) {
       upsampleLinear<T>(given.kernels, {kRows, kLength / 3, kLength, 0}, false, given.x.data(), made.values.data(),
                         given.threads);
     }},
    {"product of matrices",
     [](const Given<T>& given, Made<T>& made) {
       matmul<T>(given.kernels, {{}, 90, 70, 80}, {given.x.data(), {}, 70, 1}, {given.x.data() + 9000, {}, 80, 1},
                 made.values.data(), given.threads);
     }},
    {"LSTM", runRecurrent<T, kLstm>},
    {"GRU", runRecurrent<T, kGru>},
    {"LSTM backward", runRecurrentBackward<T, kLstm>},
    {"GRU backward", runRecurrentBackward<T, kGru>},
};

template <typename T>
std::vector<T> draw() {
  Random random(5);
  std::vector<T> values(kElements);
  for (T& value : values) {
    value = random.oneIn(3) ? random.real<T>()
                            : std::numeric_limits<T>::denorm_min() * static_cast<T>(random.between(-3, 3));
  }
  return values;
}

template <typename T>
int64_t different(const Made<T>& a, const Made<T>& b) {
  int64_t count = 0;
  for (size_t i = 0; i < a.values.size(); i++) {
    count += sameBits(a.values[i], b.values[i]) && a.places[i] == b.places[i] ? 0 : 1;
  }
  return count;
}

TEST_CASE_TEMPLATE("flushed denormals and other roundings of the caller's thread change no operation", T, float,
                   double) {
  const std::vector<T> x = draw<T>();
  for (const Operation<T>& operation : kOperations<T>) {
    INFO(std::string(operation.name));
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      Made<T> expected;
      operation.run({kernels, x, 1}, expected);
      for (const Mode& mode : kModes) {
        INFO(std::string(mode.what));
        for (const int threads : {1, 2}) {
          Made<T> made;
          const uint64_t after = inMode(mode, [&] { operation.run({kernels, x, threads}, made); });
          CHECK(after == mode.bits);
          CHECK(different(made, expected) == 0);
        }
      }
    });
  }
}

#ifndef CONV1D_SLOW_MACHINE
TEST_CASE("a count that float32 has not is rounded to nearest") {
  constexpr int64_t kCount = (int64_t{1} << 24) + 1;
  const std::vector<float> x(kCount, 1.0f);
  forEachImplementation<float>([&](const Kernels<float>& kernels) {
    for (const Mode& mode : kModes) {
      INFO(std::string(mode.what));
      float mean = 0;
      float normalised[2] = {};
      float variance = 0;
      inMode(mode, [&] {
        reduce<float>(kernels, kReduceMean, {1, kCount, 1}, 0, x.data(), &mean, 1);
        batchStatistics<float>(kernels, 1, 1, kCount, x.data(), normalised, &variance, 1);
      });
      CHECK(mean == 1.0f);
      CHECK(normalised[0] == 1.0f);
      CHECK(variance == 0.0f);
    }
  });
}
#endif

}  // namespace
}  // namespace conv1d::test

#endif
