// Chunks: however a signal is cut, the outputs of its chunks are those of the whole, bit for bit.
#include "core/stream.h"

#include <doctest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "test/bits.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/problem.h"
#include "test/random.h"
#include "test/runner.h"

namespace conv1d::test {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

// Strides beyond the span, dilations beyond the signal, paddings beyond both.
Parameters anyParameters(Random& random) {
  Parameters p;
  const bool depthwise = random.oneIn(3);
  p.groups = depthwise ? random.between(1, 5) : random.between(1, 2);
  p.inChannels = p.groups * (depthwise ? 1 : random.between(1, 4));
  p.outChannels = p.groups * (depthwise ? 1 : random.between(1, 20));
  p.kernelSize = random.between(1, 6);
  p.stride = random.oneIn(2) ? 1 : random.between(2, 9);
  p.dilation = random.oneIn(2) ? 1 : random.between(2, 30);
  const int64_t reach = (p.kernelSize - 1) * p.dilation;
  p.padLeft = random.oneIn(3) ? 0 : random.oneIn(2) ? reach : random.between(0, reach + 7);
  p.padRight = random.oneIn(3) ? 0 : random.between(0, reach + 7);
  return p;
}

struct Stream {
  int64_t lead;
  int64_t oldest = 0;
  int shrunk = 0;  // steps of each kind
  int inPlace = 0;
  int joined = 0;
};

// The outputs (batch, outChannels, n) of one chunk, appended to those of the signal (batch, outChannels, outLength).
template <typename T>
void pushChunk(const Problem& whole, const Values<T>& values, const Kernels<T>& kernels, int64_t from, int64_t length,
               int64_t padRight, std::vector<T>& history, Stream& stream, int64_t& done, std::vector<T>& outs) {
  const Geometry& g = whole.geometry;
  StreamStep step;
  REQUIRE(makeStreamStep(g.parameters, g.batch, length, stream.lead, padRight, &step) == Status::kOk);
  GuardedBuffer<T> chunkMemory(step.rows * length);
  const std::span<T> chunk = chunkMemory.place(step.rows * length, Flush::kEnd);
  for (int64_t row = 0; row < step.rows; row++) {
    std::copy_n(values.input.begin() + row * g.length + from, length, chunk.begin() + row * length);
  }
  if (step.outputs > 0) {
    REQUIRE(step.geometry.outLength == step.outputs);
    Problem part = whole;
    part.geometry = step.geometry;
    Values<T> joined = values;
    GuardedBuffer<T> joinedMemory(step.joinedElements);
    const std::span<T> rows = joinedMemory.place(step.joinedElements, Flush::kEnd);
    if (step.readsChunk) {
      joined.input.assign(chunk.begin(), chunk.end());
      stream.inPlace++;
    } else {
      joinRows<T>(step, history.data(), stream.oldest, chunk.data(), rows.data());
      CHECK(joinedMemory.surroundingsUntouched());
      joined.input.assign(rows.begin(), rows.end());
      (step.stretch > 0 ? stream.shrunk : stream.joined)++;
    }
    Runner<T> runner(part, joined, kernels, Flush::kEnd);
    const std::span<const T> out = runner.run(1);
    for (int64_t row = 0; row < g.batch * g.parameters.outChannels; row++) {
      std::copy_n(out.begin() + row * step.outputs, step.outputs, outs.begin() + row * g.outLength + done);
    }
  }
  done += step.outputs;
  stream.lead += length - step.outputs * g.parameters.stride;
  stream.oldest = remember<T>(step, chunk.data(), stream.oldest, history.data());
}

TEST_CASE_TEMPLATE("the outputs of the chunks are those of the whole signal", T, float, double) {
  Random random(5);
  Stream total{};
  for (int i = 0; i < 400;) {
    Problem whole;
    if (makeGeometry(anyParameters(random), random.between(1, 3), random.between(1, 80), &whole.geometry) !=
        Status::kOk) {
      continue;
    }
    i++;
    whole.bias = random.oneIn(2);
    whole.special = random.oneIn(4);
    whole.specialWeights = random.oneIn(4);
    whole.seed = static_cast<uint64_t>(i);
    const Values<T> values(whole);
    const std::vector<T> expected = reference(whole, values);
    const Geometry& g = whole.geometry;
    const Parameters& p = g.parameters;
    const int64_t longest = random.oneIn(2) ? 1 : random.between(1, 30);
    const uint64_t cuts = random.bits();
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      Random cutter(cuts);
      const int64_t reach = (p.kernelSize - 1) * p.dilation;
      std::vector<T> history(static_cast<size_t>(g.batch * p.inChannels * reach));
      std::vector<T> outs(expected.size());
      Stream stream{p.padLeft};
      int64_t done = 0;
      for (int64_t from = 0; from < g.length;) {
        const int64_t length = std::min(cutter.between(0, longest), g.length - from);
        // A chunk without inputs gives nothing, not even outputs of padding alone.
        if (length > 0) pushChunk(whole, values, kernels, from, length, 0, history, stream, done, outs);
        from += length;
      }
      pushChunk(whole, values, kernels, g.length, 0, p.padRight, history, stream, done, outs);
      INFO(whole.describe() << ", chunks up to " << longest);
      CHECK(done == g.outLength);
      const auto wrong = difference<T>(std::span<const T>(outs), expected);
      if (wrong) FAIL_CHECK(*wrong);
      total.shrunk += stream.shrunk;
      total.inPlace += stream.inPlace;
      total.joined += stream.joined;
    });
  }
  CHECK(total.shrunk >= 500);
  CHECK(total.inPlace >= 100);
  CHECK(total.joined >= 500);
}

TEST_CASE("sizes near the limit are refused or right, never wrapped around") {
  struct Case {
    Parameters parameters;
    int64_t batch, length, lead, padRight;
    Status status;
    int64_t outputs;  // when it is kOk
  };
  const Case kCases[] = {
      {{.kernelSize = 3}, 1, 4, 2, 0, Status::kOk, 4},
      {{.kernelSize = 3}, 1, 1, 0, 0, Status::kOk, 0},
      {{.kernelSize = 3}, 0, 4, 2, 0, Status::kOk, 4},
      {{.stride = 5}, 1, 4, -4, 0, Status::kOk, 0},
      {{.stride = 5}, 1, 5, -4, 0, Status::kOk, 1},
      {{}, 1, 3, -kMax - 1, 0, Status::kOk, 0},
      {{}, 1, 0, -2, 7, Status::kOk, 5},
      {{.stride = kMax}, 1, 1, 0, 0, Status::kOk, 1},
      {{.stride = int64_t{1} << 50}, 1, 1, int64_t{1} << 52, 0, Status::kOk, 5},
      {{.kernelSize = 3, .dilation = kMax}, 1, 1, 0, 0, Status::kOverflow, 0},
      {{.kernelSize = 2, .dilation = kMax}, 1, 1, 0, 0, Status::kOk, 0},
      {{}, 1, 1, kMax, 0, Status::kOverflow, 0},
      {{}, 1, 1, 0, kMax, Status::kOverflow, 0},
      {{}, 1, 0, kMax, 0, Status::kOverflow, 0},
      {{.inChannels = 2}, kMax, 1, 0, 0, Status::kOverflow, 0},
      {{}, -1, 1, 0, 0, Status::kInvalidArgument, 0},
      {{}, 1, -1, 0, 0, Status::kInvalidArgument, 0},
      {{}, 1, 1, 0, -1, Status::kInvalidArgument, 0},
  };
  for (const Case& c : kCases) {
    CAPTURE(&c - kCases);
    StreamStep step;
    CHECK(makeStreamStep(c.parameters, c.batch, c.length, c.lead, c.padRight, &step) == c.status);
    if (c.status == Status::kOk) CHECK(step.outputs == c.outputs);
  }
}

}  // namespace
}  // namespace conv1d::test
