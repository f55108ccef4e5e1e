// Convolutions to test with, and the answer by definition.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "core/geometry.h"
#include "test/bits.h"
#include "test/random.h"

namespace conv1d::test {

struct Problem {
  Geometry geometry;
  bool bias = true;
  bool special = false;         // NaN, infinities, zeros of both signs, subnormals, overflow: in input and bias,
  bool specialWeights = false;  // and in the weights
  uint64_t seed = 0;            // of the values

  double products() const {
    return static_cast<double>(geometry.batch) * static_cast<double>(geometry.outLength) *
           static_cast<double>(geometry.parameters.weightCount());
  }
  int64_t inputCount() const { return geometry.batch * geometry.parameters.inChannels * geometry.length; }
  int64_t outputCount() const { return geometry.batch * geometry.parameters.outChannels * geometry.outLength; }

  std::string describe() const {
    const Parameters& p = geometry.parameters;
    constexpr const char* kModes[] = {"zeros", "reflect", "replicate", "circular"};
    std::ostringstream text;
    text << (p.transposed ? "ConvTranspose1d(" : "Conv1d(") << p.inChannels << ", " << p.outChannels << ", "
         << p.kernelSize << ", {stride: " << p.stride << ", padding: [" << p.padLeft << ", " << p.padRight
         << "], dilation: " << p.dilation << ", groups: " << p.groups << ", bias: " << (bias ? "true" : "false")
         << ", outputPadding: " << p.outputPadding << ", paddingMode: '" << kModes[static_cast<int>(p.mode)]
         << "'}) on (" << geometry.batch << ", " << p.inChannels << ", " << geometry.length << "), seed " << seed
         << (special ? ", special values" : "") << (specialWeights ? ", special weights" : "");
    return text.str();
  }
};

// Values of a problem. Every array is drawn from the problem's seed, in this order.
template <typename T>
struct Values {
  std::vector<T> input;
  std::vector<T> weight;
  std::vector<T> bias;  // empty without one

  explicit Values(const Problem& problem) {
    Random random(problem.seed);
    input = draw(random, problem.inputCount(), problem.special);
    weight = draw(random, problem.geometry.parameters.weightCount(), problem.specialWeights);
    if (problem.bias) bias = draw(random, problem.geometry.parameters.outChannels, problem.special);
  }

 private:
  static std::vector<T> draw(Random& random, int64_t count, bool special) {
    std::vector<T> values(static_cast<size_t>(count));
    for (T& value : values) value = special ? random.special<T>() : random.real<T>();
    return values;
  }
};

// The element at padded position `at` (0 is the first real one), by PyTorch's description of the modes.
template <typename T>
T paddedElement(std::span<const T> signal, int64_t at, PaddingMode mode) {
  const auto length = static_cast<int64_t>(signal.size());
  const bool isInside = at >= 0 && at < length;
  if (!isInside) {
    switch (mode) {
      case PaddingMode::kZeros:
        return T{0};
      case PaddingMode::kReflect:  // mirrored about the edge element, which is not repeated
        at = at < 0 ? -at : length - 1 - (at - (length - 1));
        break;
      case PaddingMode::kReplicate:
        at = at < 0 ? 0 : length - 1;
        break;
      case PaddingMode::kCircular:
        at = (at + length) % length;
        break;
    }
  }
  return signal[static_cast<size_t>(at)];
}

// One output: acc = bias; for c: for k: acc = fma(w, x, acc); then -0 becomes +0 and every NaN the same.
template <typename T>
T referenceOutput(const Problem& problem, const Values<T>& values, int64_t item, int64_t o, int64_t t) {
  const Geometry& g = problem.geometry;
  const Parameters& p = g.parameters;
  const int64_t group = o / p.groupOutChannels();
  T acc = values.bias.empty() ? T{0} : values.bias[static_cast<size_t>(o)];
  for (int64_t c = 0; c < p.groupInChannels(); c++) {
    const int64_t channel = item * p.inChannels + group * p.groupInChannels() + c;
    const auto signal = std::span<const T>(values.input)
                            .subspan(static_cast<size_t>(channel * g.length), static_cast<size_t>(g.length));
    for (int64_t k = 0; k < p.kernelSize; k++) {
      const T w = values.weight[static_cast<size_t>((o * p.groupInChannels() + c) * p.kernelSize + k)];
      acc = std::fma(w, paddedElement(signal, t * p.stride + k * p.dilation - p.padLeft, p.mode), acc);
    }
  }
  return normalised(acc);
}

// The same of a transposed convolution: acc = bias; for c: for the inputs in ascending order: acc = fma(w, x, acc).
template <typename T>
T transposedReferenceOutput(const Problem& problem, const Values<T>& values, int64_t item, int64_t o, int64_t t) {
  const Geometry& g = problem.geometry;
  const Parameters& p = g.parameters;
  const int64_t group = o / p.groupOutChannels();
  T acc = values.bias.empty() ? T{0} : values.bias[static_cast<size_t>(o)];
  for (int64_t c = 0; c < p.groupInChannels(); c++) {
    const int64_t channel = group * p.groupInChannels() + c;
    for (int64_t k = p.kernelSize - 1; k >= 0; k--) {
      const int64_t scaled = t + p.padLeft - k * p.dilation;
      if (scaled < 0 || scaled % p.stride != 0 || scaled / p.stride >= g.length) continue;
      const int64_t w = (channel * p.groupOutChannels() + o % p.groupOutChannels()) * p.kernelSize + k;
      const int64_t x = (item * p.inChannels + channel) * g.length + scaled / p.stride;
      acc = std::fma(values.weight[static_cast<size_t>(w)], values.input[static_cast<size_t>(x)], acc);
    }
  }
  return normalised(acc);
}

// Every `step`-th output in memory order, beginning with the first.
template <typename T>
std::vector<T> reference(const Problem& problem, const Values<T>& values, int64_t step = 1) {
  const Geometry& g = problem.geometry;
  std::vector<T> out;
  for (int64_t i = 0; i < problem.outputCount(); i += step) {
    const int64_t row = i / g.outLength;  // of item and output channel
    const int64_t channels = g.parameters.outChannels;
    const auto output = g.parameters.transposed ? transposedReferenceOutput<T> : referenceOutput<T>;
    out.push_back(output(problem, values, row / channels, row % channels, i % g.outLength));
  }
  return out;
}

// FNV-1a over the bits of everything added, lowest byte first on every machine.
class Checksum {
 public:
  template <typename T>
  void add(std::span<const T> values) {
    for (const T value : values) {
      for (size_t byte = 0; byte < sizeof(T); byte++) {
        hash_ = (hash_ ^ static_cast<uint8_t>(bitsOf(value) >> (8 * byte))) * 0x100000001B3u;
      }
    }
  }
  uint64_t value() const { return hash_; }

 private:
  uint64_t hash_ = 0xCBF29CE484222325u;
};

}  // namespace conv1d::test
