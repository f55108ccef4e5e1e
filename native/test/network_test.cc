// Programs against the core's functions called one by one: the same bits, for units that run one after the other and
// in parallel, on any number of threads, on every implementation.
#include <doctest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/convolution.h"
#include "core/network/arenas.h"
#include "core/network/convolution_step.h"
#include "core/network/pointwise_step.h"
#include "core/network/program.h"
#include "core/network/schedule.h"
#include "core/pointwise/channelwise.h"
#include "core/pointwise/copy.h"
#include "core/pointwise/gate_halves.h"
#include "core/pointwise/pointwise.h"
#include "core/pointwise/pow_scalar.h"
#include "core/pool/pool.h"
#include "runtime/thread_pool.h"
#include "test/bits.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/random.h"

namespace conv1d::test {
namespace {

constexpr int kThreads[] = {1, 2, 7};

template <typename T>
std::vector<T> drawReals(Random& random, int64_t count) {
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = random.oneIn(20) ? random.special<T>() : random.real<T>();
  return values;
}

template <typename T>
int64_t countWrong(std::span<const T> actual, std::span<const T> expected) {
  REQUIRE(actual.size() == expected.size());
  int64_t wrong = 0;
  for (size_t i = 0; i < expected.size(); i++) wrong += sameBits(actual[i], expected[i]) ? 0 : 1;
  return wrong;
}

template <typename T>
Stage<T> unaryStage(UnaryFunction function, T a = T{0}, T b = T{0}) {
  Stage<T> stage;
  stage.function = function;
  stage.a = a;
  stage.b = b;
  return stage;
}

template <typename T>
Stage<T> channelStage(ChannelFunction function, int as, int bs) {
  Stage<T> stage;
  stage.kind = Stage<T>::Kind::kChannel;
  stage.function = function;
  stage.as = as;
  stage.bs = bs;
  return stage;
}

template <typename T>
Stage<T> binaryStage(BinaryFunction function, int other, T a = T{0}, bool otherIsLeft = false) {
  Stage<T> stage;
  stage.kind = Stage<T>::Kind::kBinary;
  stage.function = function;
  stage.other = other;
  stage.a = a;
  stage.otherIsLeft = otherIsLeft;
  return stage;
}

template <typename T>
Status runOnce(const Schedule<T>& schedule, const std::vector<T>& x, std::span<T> out, int threads, bool isParallel,
               const std::atomic<bool>* cancelled = nullptr) {
  const T* const inputs[] = {x.data()};
  T* const outputs[] = {out.data()};
  return schedule.run({{inputs, outputs}, threads, isParallel, cancelled});
}

// A block of a network: a convolution, whose epilogue adds the block's input and keeps what it was before; a pool of
// it; and both side by side.
constexpr int64_t kChannels = 6;
constexpr int64_t kLength = 50;
constexpr int64_t kPooled = 25;
constexpr int64_t kItem = kChannels * kLength;
constexpr int64_t kOutItem = kChannels * (kLength + kPooled);

template <typename T>
struct Block {
  Parameters parameters;
  std::shared_ptr<Convolution<T>> layer;
  std::vector<T> slopes;

  Block(const Kernels<T>& kernels, Random& random) {
    parameters.inChannels = parameters.outChannels = kChannels;
    parameters.kernelSize = 3;
    parameters.padLeft = parameters.padRight = 1;
    layer = std::make_shared<Convolution<T>>(parameters, kernels);
    const std::vector<T> weight = drawReals<T>(random, parameters.weightCount());
    const std::vector<T> bias = drawReals<T>(random, kChannels);
    layer->snapshot = layer->pack({weight.data(), bias.data()});
    REQUIRE(layer->snapshot != nullptr);
    slopes = drawReals<T>(random, kChannels);
  }

  Geometry geometry() const {
    Geometry geometry;
    REQUIRE(makeGeometry(parameters, 1, kLength, &geometry) == Status::kOk);
    return geometry;
  }

  std::shared_ptr<const Program<T>> program() const {
    const Kernels<T>& kernels = layer->kernels();
    auto program = std::make_shared<Program<T>>(kernels);
    const int x = program->addPlace({PlaceKind::kInput, 0, 0, kItem});
    const int y = program->addPlace({PlaceKind::kArena, 0, 3, kItem});
    const int before = program->addPlace({PlaceKind::kArena, 0, 3 + kItem, kItem});
    const int pooled = program->addPlace({PlaceKind::kArena, 0, 3 + 2 * kItem, kChannels * kPooled});
    const int out = program->addPlace({PlaceKind::kOutput, 0, 0, kOutItem});
    const int as = program->addConstant(slopes.data(), kChannels);
    Stage<T> keep = unaryStage<T>(kTanh);
    keep.out = before;
    const std::vector<Stage<T>> stages = {keep, binaryStage<T>(kAdd, x),
                                          channelStage<T>(kChannelLeakyRelu, as, kNoPlace)};
    program->addStep(std::make_unique<const ConvolutionStep<T>>(layer, layer->snapshot, geometry(), x, y, stages));
    program->addFunction([&kernels, y, pooled](const Memory<T>& memory, int threads) {
      return maxPool<T>(kernels, {kChannels, kLength, 2, 2, 0, 1, kPooled}, memory.read(y), memory.write(pooled),
                        nullptr, threads);
    });
    program->addFunction([before, pooled, out](const Memory<T>& memory, int threads) {
      join(memory.read(before), memory.read(pooled), memory.write(out), threads);
      return Status::kOk;
    });
    CHECK(program->arenaLength() == 3 + 2 * kItem + kChannels * kPooled);
    CHECK(program->constantBytes() == kChannels * sizeof(T));
    return program;
  }

  std::vector<T> expected(const std::vector<T>& x, int64_t items) const {
    const Kernels<T>& kernels = layer->kernels();
    std::vector<T> out(static_cast<size_t>(items * kOutItem));
    for (int64_t item = 0; item < items; item++) {
      const T* const from = x.data() + item * kItem;
      std::vector<T> y(kItem), before(kItem), pooled(kChannels * kPooled);
      REQUIRE(layer->run({geometry(), from, y.data(), 1}, *layer->snapshot) == Status::kOk);
      applyUnary<T>(kernels, kTanh, {y.data(), before.data(), kItem, T{0}, T{0}}, 1);
      kernels.binary[kAdd]({y.data(), from, y.data(), kItem, false, false});
      applyChannelwise<T>(kernels, kChannelLeakyRelu,
                          {y.data(), slopes.data(), nullptr, y.data(), kChannels, kChannels, kLength}, 1);
      REQUIRE(maxPool<T>(kernels, {kChannels, kLength, 2, 2, 0, 1, kPooled}, y.data(), pooled.data(), nullptr, 1) ==
              Status::kOk);
      join(before.data(), pooled.data(), out.data() + item * kOutItem, 1);
    }
    return out;
  }

 private:
  using Bits = BitsOf<T>;

  // (channels, length) and (channels, pooled), side by side in the rows of out.
  static void join(const T* left, const T* right, T* out, int threads) {
    const std::array<int64_t, 2> toStrides = {kLength + kPooled, 1};
    for (const bool isLeft : {true, false}) {
      const int64_t length = isLeft ? kLength : kPooled;
      const std::array<int64_t, 2> shape = {kChannels, length};
      const std::array<int64_t, 2> fromStrides = {length, 1};
      copyView<Bits>(shape, {reinterpret_cast<const Bits*>(isLeft ? left : right), fromStrides},
                     {reinterpret_cast<Bits*>(out) + (isLeft ? 0 : kLength), toStrides}, threads);
    }
  }
};

template <typename T>
Schedule<T> perItem(const std::shared_ptr<const Program<T>>& program, int64_t items) {
  Schedule<T> schedule({items * kItem}, {items * kOutItem});
  for (int64_t item = 0; item < items; item++) {
    REQUIRE(schedule.add(program, {item * kItem}, {item * kOutItem}) == Status::kOk);
  }
  return schedule;
}

TEST_CASE_TEMPLATE("a program over batch items has the bits of its functions one by one", T, float, double) {
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    Random random(94);
    const Block<T> block(kernels, random);
    const std::shared_ptr<const Program<T>> program = block.program();
    for (const int64_t items : {0, 1, 2, 9}) {
      const std::vector<T> x = drawReals<T>(random, items * kItem);
      const std::vector<T> expected = block.expected(x, items);
      const Schedule<T> schedule = perItem<T>(program, items);
      for (const int threads : kThreads) {
        for (const bool isParallel : {false, true}) {
          CAPTURE(threads);
          CAPTURE(isParallel);
          GuardedBuffer<T> memory(items * kOutItem);
          const std::span<T> out = memory.place(items * kOutItem, Flush::kEnd);
          CHECK(runOnce<T>(schedule, x, out, threads, isParallel) == Status::kOk);
          CHECK(countWrong<T>(out, expected) == 0);
        }
      }
    }
  });
}

struct Shape {
  int64_t items;
  int64_t channels;
  int64_t length;
};

const Shape kShapes[] = {{1, 1, 1},    {2, 3, 1},     {1, 5000, 1}, {3, 7, 2},     {2, 700, 5},
                         {1, 2, 15},   {2, 3, 16},    {40, 9, 33},  {1, 1, 70000}, {2, 3, 30000},
                         {300, 70, 9}, {2000, 60, 1}, {1, 3, 4097}};

TEST_CASE_TEMPLATE("functions of elements in stretches have the bits of each by itself", T, float, double) {
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    Random random(7);
    for (const Shape& shape : kShapes) {
      CAPTURE(shape.items);
      CAPTURE(shape.channels);
      CAPTURE(shape.length);
      const int64_t count = shape.items * shape.channels * shape.length;
      const std::vector<T> x = drawReals<T>(random, count);
      const std::vector<T> as = drawReals<T>(random, shape.channels);
      const std::vector<T> bs = drawReals<T>(random, shape.channels);

      std::vector<T> y(x.size()), kept(x.size()), expected(x.size());
      const T three = 3;
      applyUnary<T>(kernels, kElu, {x.data(), y.data(), count, T{2}, T{0}}, 1);
      const auto channelwise = [&](ChannelFunction function, const T* b, const T* from, T* to) {
        applyChannelwise<T>(kernels, function,
                            {from, as.data(), b, to, shape.items * shape.channels, shape.channels, shape.length}, 1);
      };
      channelwise(kChannelSnake, bs.data(), y.data(), kept.data());
      kernels.binary[kSub]({&three, y.data(), y.data(), count, true, false});
      kernels.binary[kMul]({y.data(), kept.data(), y.data(), count, false, false});
      channelwise(kChannelAffine, bs.data(), y.data(), expected.data());

      auto program = std::make_shared<Program<T>>(kernels);
      const int in = program->addPlace({PlaceKind::kInput, 0, 0, count});
      const int aside = program->addPlace({PlaceKind::kArena, 0, 0, count});
      const int out = program->addPlace({PlaceKind::kOutput, 0, 0, count});
      const int a = program->addConstant(as.data(), shape.channels);
      const int b = program->addConstant(bs.data(), shape.channels);
      Stage<T> keep = channelStage<T>(kChannelSnake, a, b);
      keep.out = aside;
      const std::vector<Stage<T>> stages = {unaryStage<T>(kElu, T{2}), keep,
                                            binaryStage<T>(kSub, kNoPlace, three, true), binaryStage<T>(kMul, aside),
                                            channelStage<T>(kChannelAffine, a, b)};
      const PointwiseShape sizes = {shape.items, shape.channels, shape.length};
      program->addStep(std::make_unique<const PointwiseStep<T>>(kernels, sizes, in, out, stages));
      Schedule<T> schedule({count}, {count});
      REQUIRE(schedule.add(program, {0}, {0}) == Status::kOk);
      for (const int threads : kThreads) {
        std::vector<T> actual(x.size());
        CHECK(runOnce<T>(schedule, x, std::span<T>(actual), threads, false) == Status::kOk);
        CHECK(countWrong<T>(actual, expected) == 0);
      }
    }
  });
}

TEST_CASE("a convolution may have another padding than its layer") {
  Parameters parameters;
  parameters.inChannels = parameters.outChannels = 3;
  parameters.kernelSize = 3;
  parameters.padLeft = parameters.padRight = 2;
  parameters.transposed = true;
  Random random(5);
  const auto layer = std::make_shared<Convolution<float>>(parameters, kernelsFor<float>(activeKernels()));
  const std::vector<float> weight = drawReals<float>(random, parameters.weightCount());
  layer->snapshot = layer->pack({weight.data(), nullptr});
  Parameters cut = parameters;
  cut.padLeft = 1;
  CHECK(suits(*layer->snapshot, parameters, cut));
  // More padding than the flipped convolution has taps: it has no weights for this.
  cut.padLeft = 3;
  CHECK(suits(*layer->snapshot, parameters, cut) == !layer->snapshot->finite());
}

TEST_CASE("a program that is cancelled stops between steps, and one without memory writes nothing") {
  auto program = std::make_shared<Program<float>>(kernelsFor<float>(activeKernels()));
  std::atomic<bool> cancelled{false};
  int ran = 0;
  for (int i = 0; i < 3; i++) {
    program->addFunction([&cancelled, &ran](const Memory<float>&, int) {
      cancelled = ++ran == 2;
      return Status::kOk;
    });
  }
  Schedule<float> schedule({}, {});
  REQUIRE(schedule.add(program, {}, {}) == Status::kOk);
  CHECK(schedule.run({{nullptr, nullptr}, 1, false, &cancelled}) == Status::kCancelled);
  CHECK(ran == 2);

  auto huge = std::make_shared<Program<float>>(kernelsFor<float>(activeKernels()));
  huge->addPlace({PlaceKind::kArena, 0, int64_t{1} << 61, int64_t{1} << 61});
  huge->addFunction([&ran](const Memory<float>&, int) {
    ran++;
    return Status::kOk;
  });
  Schedule<float> hopeless({}, {});
  REQUIRE(hopeless.add(huge, {}, {}) == Status::kOk);
  CHECK(hopeless.run({{nullptr, nullptr}, 1}) == Status::kOutOfMemory);
  CHECK(ran == 2);
}

TEST_CASE("the bytes of arenas are counted, or are too many") {
  std::size_t bytes = 0;
  CHECK(Arenas::bytesOf(17, sizeof(float), 3, &bytes));
  CHECK(bytes == 3 * 128);
  CHECK(Arenas::bytesOf(0, sizeof(float), 3, &bytes));
  CHECK(bytes == 0);
  CHECK_FALSE(Arenas::bytesOf(int64_t{1} << 61, sizeof(float), 1, &bytes));
  CHECK_FALSE(Arenas::bytesOf(int64_t{1} << 54, sizeof(double), 256, &bytes));
}

TEST_CASE("units lie inside the arrays of a call") {
  auto program = std::make_shared<Program<double>>(kernelsFor<double>(activeKernels()));
  program->addPlace({PlaceKind::kInput, 1, 2, 3});
  program->addPlace({PlaceKind::kOutput, 0, 0, 4});
  const auto add = [&](Schedule<double> schedule, std::vector<int64_t> inputs, std::vector<int64_t> outputs) {
    return schedule.add(program, std::move(inputs), std::move(outputs));
  };
  constexpr int64_t kHuge = INT64_MAX;
  CHECK(add({{0, 5}, {4}}, {0, 0}, {0}) == Status::kOk);
  CHECK(add({{0, 9}, {4, 1}}, {0, 4}, {0, 1}) == Status::kOk);
  CHECK(add({{0, 5}, {4}}, {0, 1}, {0}) == Status::kInvalidArgument);
  CHECK(add({{0, 5}, {4}}, {0, 0}, {1}) == Status::kInvalidArgument);
  CHECK(add({{0, 5}, {4}}, {1, 0}, {0}) == Status::kInvalidArgument);
  CHECK(add({{0, 5}, {4}}, {0, -1}, {0}) == Status::kInvalidArgument);
  CHECK(add({{0, 5}, {4}}, {0, kHuge}, {0}) == Status::kInvalidArgument);
  CHECK(add({{0, 5}, {4}}, {0}, {0}) == Status::kInvalidArgument);
  CHECK(add({{5}, {4}}, {0}, {0}) == Status::kInvalidArgument);
  CHECK(add({{0, 5}, {}}, {0, 0}, {}) == Status::kInvalidArgument);
}

TEST_CASE_TEMPLATE("gates and powers are those of their elements", T, float, double) {
  forEachImplementation<T>([](const Kernels<T>& kernels) {
    Random random(3);
    for (const int64_t size : {1, 2, 40}) {
      const int64_t outer = 21;
      const std::vector<T> x = drawReals<T>(random, outer * 2 * size);
      std::vector<T> actual(static_cast<size_t>(outer * size)), expected(actual.size());
      for (size_t i = 0; i < expected.size(); i++) {
        const T* const from = x.data() + static_cast<int64_t>(i) / size * 2 * size + static_cast<int64_t>(i) % size;
        kernels.binary[kGate]({from, from + size, &expected[i], 1, false, false});
      }
      CHECK(gateHalves<T>(kernels, outer, size, x.data(), actual.data(), 2) == Status::kOk);
      CHECK(countWrong<T>(actual, expected) == 0);
    }
    const std::vector<T> x = drawReals<T>(random, 100);
    for (const double exponent : {2.0, 0.5, 1.7, -3.0}) {
      std::vector<T> actual(x), expected(x.size());
      const T y = static_cast<T>(exponent);
      if (exponent == 2.0) {
        kernels.unary[kSquare]({x.data(), expected.data(), 100, T{0}, T{0}});
      } else if (exponent == 0.5) {
        kernels.unary[kSqrt]({x.data(), expected.data(), 100, T{0}, T{0}});
      } else {
        kernels.binary[kPow]({x.data(), &y, expected.data(), 100, false, true});
      }
      powScalar<T>(kernels, exponent, actual.data(), actual.data(), 100, 2);
      CHECK(countWrong<T>(actual, expected) == 0);
    }
  });
}

TEST_CASE("a profile has the seconds of each step, and the working bytes those of arenas and scratch") {
  Random random(1);
  const Block<float> block(kernelsFor<float>(activeKernels()), random);
  const Schedule<float> schedule = perItem<float>(block.program(), 4);
  const std::vector<float> x = drawReals<float>(random, 4 * kItem);
  std::vector<float> out(4 * kOutItem);
  const float* const inputs[] = {x.data()};
  float* const outputs[] = {out.data()};
  REQUIRE(schedule.stepCount() == 3);
  std::vector<double> seconds(3, 0);
  CHECK(schedule.profile({{inputs, outputs}, 2}, seconds.data()) == Status::kOk);
  for (const double second : seconds) CHECK(second > 0);
  CHECK(countWrong<float>(out, block.expected(x, 4)) == 0);
  std::size_t one = 0;
  std::size_t three = 0;
  CHECK(schedule.workingBytes(1, true, &one));
  CHECK(schedule.workingBytes(3, true, &three));
  CHECK(one >= (3 + 2 * kItem + kChannels * kPooled) * sizeof(float));
  CHECK(three == 3 * one);
}

}  // namespace
}  // namespace conv1d::test
