// Layers whose weights are a windowed DFT, computed by the fast one.
#include "core/fast/windowed_dft.h"

#include <doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "test/filterbank.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/problem.h"
#include "test/runner.h"

namespace conv1d::test {
namespace {

template <typename T>
struct Layer {
  Problem problem;
  Values<T> values;
  WindowedDft<T> dft;

  static Layer make(const Parameters& p, int64_t length, const std::vector<DftRow>& rows, const Window& window,
                    bool bias) {
    Problem problem;
    REQUIRE(makeGeometry(p, 2, length, &problem.geometry) == Status::kOk);
    problem.bias = bias;
    problem.seed = static_cast<uint64_t>(p.kernelSize);
    Values<T> values(problem);
    values.weight = filterbank<T>(p.kernelSize, rows, window);
    const auto weights = recogniseDft(p, convolutionWeight(p, values.weight.data()));
    REQUIRE(weights.has_value());
    std::optional<WindowedDft<T>> dft = WindowedDft<T>::make(*weights);
    REQUIRE(dft.has_value());
    return {problem, std::move(values), std::move(*dft)};
  }

  // All outputs, `columns` at a time, between guard pages.
  std::vector<T> run(const Kernels<T>& kernels, int64_t columns, Flush flush) const {
    const Geometry& g = problem.geometry;
    const Parameters& p = g.parameters;
    GuardedBuffer<T> inputMemory(problem.inputCount()), outMemory(problem.outputCount()), biasMemory(p.outChannels);
    const auto scratch = static_cast<int64_t>(dft.scratchBytes(kernels));
    REQUIRE(scratch <= 4 << 20);
    GuardedBuffer<std::byte> scratchMemory(scratch);
    const std::span<T> input = inputMemory.place(values.input, flush);
    const std::span<T> out = outMemory.place(problem.outputCount(), flush);
    const T* const bias = problem.bias ? biasMemory.place(values.bias, flush).data() : nullptr;
    for (int64_t item = 0; item < g.batch; item++) {
      for (int64_t group = 0; group < p.groups; group++) {
        for (int64_t column = 0; column < g.outLength; column += columns) {
          const int64_t channel = item * p.inChannels + group;
          const int64_t row = group * p.groupOutChannels();
          dft.run(kernels, WindowedDftCall<T>{
                               .geometry = g,
                               .group = group,
                               .input = input.data() + channel * g.length,
                               .bias = bias == nullptr ? nullptr : bias + row,
                               .out = out.data() + (item * p.outChannels + row) * g.outLength,
                               .firstColumn = column,
                               .columns = std::min(columns, g.outLength - column),
                               .scratch = scratchMemory.place(scratch, flush).data(),
                           });
          CHECK(scratchMemory.surroundingsUntouched());
        }
      }
    }
    CHECK(outMemory.surroundingsUntouched());
    return {out.begin(), out.end()};
  }
};

// The outputs by definition, in a wider type.
template <typename T>
std::vector<Wider<T>> exactOutputs(const Problem& problem, const Values<T>& values) {
  const Geometry& g = problem.geometry;
  const Parameters& p = g.parameters;
  using Wide = Wider<T>;
  std::vector<Wide> out;
  for (int64_t i = 0; i < problem.outputCount(); i++) {
    const int64_t t = i % g.outLength;
    const int64_t o = i / g.outLength % p.outChannels;
    const int64_t channel = i / g.outLength / p.outChannels * p.inChannels + o / p.groupOutChannels();
    const auto signal = std::span<const T>(values.input)
                            .subspan(static_cast<size_t>(channel * g.length), static_cast<size_t>(g.length));
    Wide sum = values.bias.empty() ? Wide{0} : static_cast<Wide>(values.bias[static_cast<size_t>(o)]);
    for (int64_t k = 0; k < p.kernelSize; k++) {
      sum += static_cast<Wide>(values.weight[static_cast<size_t>(o * p.kernelSize + k)]) *
             static_cast<Wide>(paddedElement(signal, t * p.stride + k - p.padLeft, p.mode));
    }
    out.push_back(sum);
  }
  return out;
}

template <typename T>
double rootOfMeanSquare(const std::vector<T>& actual, const std::vector<Wider<T>>& exact) {
  double sum = 0;
  for (size_t i = 0; i < exact.size(); i++) {
    const auto error = static_cast<double>(static_cast<Wider<T>>(actual[i]) - exact[i]);
    sum += error * error;
  }
  return std::sqrt(sum / static_cast<double>(exact.size()));
}

struct Shape {
  int64_t size, stride, padLeft, padRight;
  PaddingMode mode;
  int64_t groups, length;
};

constexpr std::array<Shape, 12> kShapes = {{
    {400, 160, 0, 0, PaddingMode::kZeros, 1, 16000},
    {400, 160, 200, 200, PaddingMode::kReflect, 1, 3000},
    {512, 128, 256, 256, PaddingMode::kZeros, 1, 2000},
    {60, 1, 30, 29, PaddingMode::kCircular, 1, 150},
    {60, 3, 30, 59, PaddingMode::kReplicate, 3, 500},
    {32, 16, 5, 0, PaddingMode::kZeros, 2, 2000},
    {32, 31, 0, 3, PaddingMode::kReflect, 1, 3300},
    {32, 32, 1, 1, PaddingMode::kZeros, 1, 2300},
    {35, 36, 2, 17, PaddingMode::kZeros, 1, 4000},  // gaps between the frames
    {96, 1000, 50, 40, PaddingMode::kReplicate, 1, 70000},
    {350, 100, 400, 800, PaddingMode::kZeros, 1, 50},  // frames of padding alone
    {2187, 500, 0, 0, PaddingMode::kZeros, 1, 3000},
}};

template <typename T>
Layer<T> layerOf(const Shape& shape) {
  std::vector<DftRow> rows;
  for (int64_t group = 0; group < shape.groups; group++) {
    const std::vector<DftRow> more = shuffled(spectrumRows(shape.size), static_cast<uint64_t>(group));
    rows.insert(rows.end(), more.begin(), more.end());
  }
  const Parameters p = {.inChannels = shape.groups,
                        .outChannels = static_cast<int64_t>(rows.size()),
                        .kernelSize = shape.size,
                        .stride = shape.stride,
                        .padLeft = shape.padLeft,
                        .padRight = shape.padRight,
                        .groups = shape.groups,
                        .mode = shape.mode};
  return Layer<T>::make(p, shape.length, rows, kHann, shape.stride % 2 == 0);
}

TEST_CASE_TEMPLATE("a layer's outputs are right at every edge, and the same bits however columns are shared out", T,
                   float, double) {
  for (const Shape& shape : kShapes) {
    const Layer<T> layer = layerOf<T>(shape);
    INFO(layer.problem.describe());
    const std::vector<T> expected = layer.run(kernelsFor<T>(*supportedKernels()[0]), 1000, Flush::kEnd);
    const std::vector<Wider<T>> exact = exactOutputs<T>(layer.problem, layer.values);
    double worst = 0;
    for (size_t i = 0; i < exact.size(); i++) {
      worst = std::max(worst, static_cast<double>(std::abs(static_cast<Wider<T>>(expected[i]) - exact[i])));
    }
    CHECK(worst <
          64 * static_cast<double>(std::numeric_limits<T>::epsilon()) * std::sqrt(static_cast<double>(shape.size)));
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      for (const int64_t columns : {int64_t{1000}, int64_t{23}}) {
        for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
          const std::vector<T> actual = layer.run(kernels, columns, flush);
          const auto wrong = difference(std::span<const T>(actual), std::span<const T>(expected));
          if (wrong) FAIL_CHECK(*wrong);
        }
      }
    });
  }
}

TEST_CASE_TEMPLATE("the error, against the exact sum of the weights as they are, is no larger than the direct sum's", T,
                   float, double) {
  for (const int64_t size : kDftSizes) {
    for (const Window* window : {&kHann, &kRectangle}) {
      const std::vector<DftRow> rows = spectrumRows(size);
      const Parameters p = {
          .outChannels = static_cast<int64_t>(rows.size()), .kernelSize = size, .stride = 1 + size / 3};
      const Layer<T> layer = Layer<T>::make(p, size + (size > 512 ? 2 : 8) * p.stride, rows, *window, false);
      const std::vector<Wider<T>> exact = exactOutputs<T>(layer.problem, layer.values);
      const double fast = rootOfMeanSquare(layer.run(kernelsFor<T>(*supportedKernels()[0]), 1000, Flush::kEnd), exact);
      const double direct = rootOfMeanSquare(reference(layer.problem, layer.values), exact);
      INFO("size " << size << ", window: " << std::string(window->name) << ": " << fast << " and " << direct);
      MESSAGE("size " << size << ", window: " << std::string(window->name) << ": " << fast / direct);
      CHECK(fast <= direct);
    }
  }
}

// Its elements are exact, so the last bits of the cosines in the weights, which differ between C libraries, are lost in
// the recognition.
constexpr Window kRamp = {"ramp", [](int64_t n, int64_t) { return static_cast<double>(n + 1) / 4096; }};

TEST_CASE_TEMPLATE("the bits are these on every machine", T, float, double) {
  Checksum checksum;
  for (const int64_t size : {32, 96, 350, 400, 512}) {
    const std::vector<DftRow> rows = spectrumRows(size);
    const Parameters p = {.outChannels = static_cast<int64_t>(rows.size()), .kernelSize = size, .stride = size / 3};
    const Layer<T> layer = Layer<T>::make(p, 20 * size, rows, kRamp, true);
    const std::vector<T> out = layer.run(kernelsFor<T>(*supportedKernels()[0]), 1000, Flush::kEnd);
    checksum.add(std::span<const T>(out));
  }
  CHECK(checksum.value() == (sizeof(T) == 4 ? 0x8BCCB93E33C659F2ULL : 0x47AADAE606C9310DULL));
}

}  // namespace
}  // namespace conv1d::test
