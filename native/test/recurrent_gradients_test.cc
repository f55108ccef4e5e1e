// The way back through LSTM and GRU: what float64 gives by definition, to a few units in the last place, and the same
// bits on every implementation and for any threads. Keeping gates for it changes no bit of what the layer computes.
#include <doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "core/recurrent/recurrent.h"
#include "test/bits.h"
#include "test/guarded_buffer.h"
#include "test/implementations.h"
#include "test/random.h"

namespace conv1d::test {
namespace {

struct Sizes {
  RecurrentShape shape;
  int64_t steps;
  int64_t batch;
  bool reverse = false;
  bool hasState = true;
  bool hasOutput = true;       // gradients of the hidden states
  bool hasFinalStates = true;  // and of those behind the last step
  int64_t gap = 0;             // between the rows of the output
};

std::string describe(const Sizes& s) {
  std::ostringstream text;
  text << (s.shape.kind == kLstm ? "LSTM " : "GRU ") << s.shape.inputSize << " -> " << s.shape.hiddenSize << ", "
       << s.steps << " steps of " << s.batch << (s.reverse ? ", reverse" : "") << (s.hasState ? "" : ", no state")
       << (s.hasOutput ? "" : ", of states only") << (s.hasFinalStates ? "" : ", of outputs only");
  return text.str();
}

template <typename T>
std::vector<T> draw(Random& random, int64_t count, T scale) {
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = random.real<T>() * scale;
  return values;
}

template <typename T>
struct Values {
  std::vector<T> weightIh, weightHh, biasIh, biasHh, x, h0, c0, ofOut, ofHn, ofCn;

  Values(const Sizes& s, uint64_t seed) {
    Random random(seed);
    const int64_t rows = s.shape.gates() * s.shape.hiddenSize;
    const int64_t states = s.batch * s.shape.hiddenSize;
    const T scale = T{0.5} / std::sqrt(static_cast<T>(s.shape.hiddenSize));
    weightIh = draw(random, rows * s.shape.inputSize, scale);
    weightHh = draw(random, rows * s.shape.hiddenSize, scale);
    biasIh = draw(random, rows, scale);
    biasHh = draw(random, rows, scale);
    x = draw(random, s.steps * s.batch * s.shape.inputSize, T{0.5});
    h0 = draw(random, s.hasState ? states : 0, T{0.25});
    c0 = draw(random, s.hasState && s.shape.kind == kLstm ? states : 0, T{0.25});
    ofOut = draw(random, s.hasOutput ? s.steps * states : 0, T{1});
    ofHn = draw(random, s.hasFinalStates ? states : 0, T{1});
    ofCn = draw(random, s.hasFinalStates && s.shape.kind == kLstm ? states : 0, T{1});
  }
};

// Of x, h0, c0, weightIh, weightHh, biasIh, biasHh.
constexpr const char* kNames[] = {"x", "h0", "c0", "weightIh", "weightHh", "biasIh", "biasHh"};
template <typename T>
using Gradients = std::array<std::vector<T>, 7>;

std::array<int64_t, 7> sizesOf(const Sizes& s) {
  const int64_t rows = s.shape.gates() * s.shape.hiddenSize;
  const int64_t states = s.batch * s.shape.hiddenSize;
  return {s.steps * s.batch * s.shape.inputSize,
          states,
          s.shape.kind == kLstm ? states : 0,
          rows * s.shape.inputSize,
          rows * s.shape.hiddenSize,
          rows,
          rows};
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// By definition, in float64: forward over one batch item, and the chain rule back.
template <typename T>
Gradients<double> reference(const Sizes& s, const Values<T>& v) {
  const auto size = static_cast<size_t>(s.shape.hiddenSize);
  const auto inputs = static_cast<size_t>(s.shape.inputSize);
  const auto batch = static_cast<size_t>(s.batch);
  const auto steps = static_cast<size_t>(s.steps);
  const bool isLstm = s.shape.kind == kLstm;
  const size_t rows = (isLstm ? 4 : 3) * size;
  Gradients<double> g;
  for (size_t i = 0; i < g.size(); i++) g[i].assign(static_cast<size_t>(sizesOf(s)[i]), 0);
  const auto at = [](const std::vector<T>& values, size_t i) { return values.empty() ? 0.0 : double{values[i]}; };
  struct Step {
    std::vector<double> ofInputs, ofHidden, gates, before, cellBefore, cell;
  };
  for (size_t b = 0; b < batch; b++) {
    std::vector<double> h(size), c(size);
    for (size_t j = 0; j < size; j++) {
      h[j] = at(v.h0, b * size + j);
      c[j] = at(v.c0, b * size + j);
    }
    std::vector<Step> walked(steps);
    for (size_t i = 0; i < steps; i++) {
      const size_t t = s.reverse ? steps - 1 - i : i;
      Step& step = walked[i];
      step.before = h;
      step.cellBefore = c;
      step.ofInputs.resize(rows);
      step.ofHidden.resize(rows);
      for (size_t row = 0; row < rows; row++) {
        step.ofInputs[row] = at(v.biasIh, row);
        step.ofHidden[row] = at(v.biasHh, row);
        for (size_t k = 0; k < inputs; k++) {
          step.ofInputs[row] += at(v.weightIh, row * inputs + k) * at(v.x, (t * batch + b) * inputs + k);
        }
        for (size_t k = 0; k < size; k++) step.ofHidden[row] += at(v.weightHh, row * size + k) * step.before[k];
      }
      step.gates.resize(rows);
      for (size_t j = 0; j < size; j++) {
        const auto sum = [&](size_t gate) { return step.ofInputs[gate * size + j] + step.ofHidden[gate * size + j]; };
        const auto keep = [&](size_t gate, double value) { return step.gates[gate * size + j] = value; };
        if (isLstm) {
          const double in = keep(0, sigmoid(sum(0))), forget = keep(1, sigmoid(sum(1)));
          const double fresh = keep(2, std::tanh(sum(2))), out = keep(3, sigmoid(sum(3)));
          c[j] = forget * c[j] + in * fresh;
          h[j] = out * std::tanh(c[j]);
        } else {
          const double r = keep(0, sigmoid(sum(0))), z = keep(1, sigmoid(sum(1)));
          const double n = keep(2, std::tanh(step.ofInputs[2 * size + j] + r * step.ofHidden[2 * size + j]));
          h[j] = (1 - z) * n + z * step.before[j];
        }
      }
      step.cell = c;
    }
    std::vector<double> dh(size), dc(size);
    for (size_t j = 0; j < size; j++) {
      dh[j] = at(v.ofHn, b * size + j);
      dc[j] = at(v.ofCn, b * size + j);
    }
    for (size_t i = steps; i-- > 0;) {
      const size_t t = s.reverse ? steps - 1 - i : i;
      const Step& step = walked[i];
      std::vector<double> ofInputs(rows), ofHidden(rows), next(size);
      for (size_t j = 0; j < size; j++) {
        const auto gate = [&](size_t index) { return step.gates[index * size + j]; };
        const double total = dh[j] + at(v.ofOut, (t * batch + b) * size + j);
        const auto set = [&](size_t index, double value) {
          ofInputs[index * size + j] = value;
          ofHidden[index * size + j] = value;
        };
        if (isLstm) {
          const double squashed = std::tanh(step.cell[j]);
          const double ofCell = dc[j] + total * gate(3) * (1 - squashed * squashed);
          set(0, ofCell * gate(2) * gate(0) * (1 - gate(0)));
          set(1, ofCell * step.cellBefore[j] * gate(1) * (1 - gate(1)));
          set(2, ofCell * gate(0) * (1 - gate(2) * gate(2)));
          set(3, total * squashed * gate(3) * (1 - gate(3)));
          dc[j] = ofCell * gate(1);
        } else {
          const double ofN = total * (1 - gate(1)) * (1 - gate(2) * gate(2));
          set(0, ofN * step.ofHidden[2 * size + j] * gate(0) * (1 - gate(0)));
          set(1, total * (step.before[j] - gate(2)) * gate(1) * (1 - gate(1)));
          set(2, ofN);
          ofHidden[2 * size + j] = ofN * gate(0);
          next[j] = total * gate(1);
        }
      }
      for (size_t row = 0; row < rows; row++) {
        for (size_t k = 0; k < inputs; k++) {
          g[0][(t * batch + b) * inputs + k] += ofInputs[row] * at(v.weightIh, row * inputs + k);
          g[3][row * inputs + k] += ofInputs[row] * at(v.x, (t * batch + b) * inputs + k);
        }
        for (size_t k = 0; k < size; k++) {
          next[k] += ofHidden[row] * at(v.weightHh, row * size + k);
          g[4][row * size + k] += ofHidden[row] * step.before[k];
        }
        g[5][row] += ofInputs[row];
        g[6][row] += ofHidden[row];
      }
      dh = next;
    }
    for (size_t j = 0; j < size; j++) {
      g[1][b * size + j] = dh[j];
      if (isLstm) g[2][b * size + j] = dc[j];
    }
  }
  return g;
}

template <typename T>
const T* orNull(const std::vector<T>& values) {
  return values.empty() ? nullptr : values.data();
}

template <typename T>
int64_t differences(std::span<const T> a, std::span<const T> b) {
  if (a.size() != b.size()) return -1;
  int64_t wrong = 0;
  for (size_t i = 0; i < a.size(); i++) wrong += sameBits(a[i], b[i]) ? 0 : 1;
  return wrong;
}

// Runs a layer with and without keeping its gates, and the way back, all outputs in guarded memory; `wanted` has a bit
// for each gradient.
template <typename T>
Gradients<T> compute(const Sizes& s, const Values<T>& v, const Kernels<T>& kernels, int threads, Flush flush,
                     unsigned wanted = ~0u) {
  const int64_t size = s.shape.hiddenSize;
  const int64_t pitch = size + s.gap;
  const int64_t rows = s.steps * s.batch;
  const auto packed = PackedRecurrent<T>::pack(
      s.shape, kernels, {v.weightIh.data(), v.weightHh.data(), v.biasIh.data(), v.biasHh.data()});
  REQUIRE(packed != nullptr);
  const auto states = static_cast<size_t>(s.batch * size);
  std::vector<T> plain(static_cast<size_t>(rows * pitch), T{7}), out = plain, hn(states), cn(states), plainHn(states),
                                                                 plainCn(states);
  GuardedBuffer<T> keptMemory(rows * s.shape.keptRows() * size);
  const std::span<T> kept = keptMemory.place(rows * s.shape.keptRows() * size, flush);
  RecurrentCall<T> forward{};
  forward.x = v.x.data();
  forward.steps = s.steps;
  forward.batch = s.batch;
  forward.h0 = orNull(v.h0);
  forward.c0 = orNull(v.c0);
  forward.reverse = s.reverse;
  forward.out = plain.data();
  forward.outRowStride = pitch;
  forward.hn = plainHn.data();
  forward.cn = plainCn.data();
  forward.threads = threads;
  CHECK(run(s.shape, kernels, *packed, forward) == Status::kOk);
  forward.out = out.data();
  forward.hn = hn.data();
  forward.cn = cn.data();
  forward.kept = kept.data();
  CHECK(run(s.shape, kernels, *packed, forward) == Status::kOk);
  CHECK(differences<T>(out, plain) == 0);
  CHECK(differences<T>(hn, plainHn) == 0);
  if (s.shape.kind == kLstm) CHECK(differences<T>(cn, plainCn) == 0);
  CHECK(keptMemory.surroundingsUntouched());

  std::vector<GuardedBuffer<T>*> memories;
  std::array<std::span<T>, 7> spans;
  for (size_t i = 0; i < spans.size(); i++) {
    const int64_t count = sizesOf(s)[i];
    memories.push_back(new GuardedBuffer<T>(count));
    if (wanted >> i & 1) spans[i] = memories[i]->place(count, flush);
  }
  std::vector<T> ofOut(v.ofOut.empty() ? 0 : out.size(), T{7});
  for (size_t i = 0; i < v.ofOut.size(); i++) {
    ofOut[i / static_cast<size_t>(size) * static_cast<size_t>(pitch) + i % static_cast<size_t>(size)] = v.ofOut[i];
  }
  RecurrentBackwardCall<T> call{};
  call.weightIh = v.weightIh.data();
  call.weightHh = v.weightHh.data();
  call.x = v.x.data();
  call.steps = s.steps;
  call.batch = s.batch;
  call.h0 = orNull(v.h0);
  call.c0 = orNull(v.c0);
  call.reverse = s.reverse;
  call.out = out.data();
  call.outRowStride = pitch;
  call.kept = kept.data();
  call.ofOut = orNull(ofOut);
  call.ofHn = orNull(v.ofHn);
  call.ofCn = orNull(v.ofCn);
  call.ofX = spans[0].data();
  call.ofH0 = spans[1].data();
  call.ofC0 = s.shape.kind == kLstm ? spans[2].data() : nullptr;
  call.ofWeightIh = spans[3].data();
  call.ofWeightHh = spans[4].data();
  call.ofBiasIh = spans[5].data();
  call.ofBiasHh = spans[6].data();
  call.threads = threads;
  CHECK(runBackward(s.shape, kernels, call) == Status::kOk);
  Gradients<T> gradients;
  for (size_t i = 0; i < spans.size(); i++) {
    if (wanted >> i & 1) CHECK(memories[i]->surroundingsUntouched());
    gradients[i].assign(spans[i].begin(), spans[i].end());
    delete memories[i];
  }
  return gradients;
}

// Errors are measured against the largest gradient of the array: sums of terms of either sign cancel.
template <typename T>
double worstOf(const std::vector<T>& found, const std::vector<double>& expected) {
  double worst = 0;
  double largest = 1;
  for (size_t i = 0; i < expected.size(); i++) {
    worst = std::max(worst, std::abs(expected[i] - double{found[i]}));
    largest = std::max(largest, std::abs(expected[i]));
  }
  return worst / largest;
}

template <typename T>
void compare(const Sizes& s, uint64_t seed, std::initializer_list<int> threadCounts = {1, 2, 7}) {
  const Values<T> values(s, seed);
  const Gradients<double> expected = reference(s, values);
  INFO(describe(s));
  Gradients<T> first;
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    for (const int threads : threadCounts) {
      const Gradients<T> found = compute(s, values, kernels, threads, threads == 2 ? Flush::kStart : Flush::kEnd);
      if (first[3].empty()) first = found;
      for (size_t i = 0; i < found.size(); i++) {
        INFO(std::string(kNames[i]), ", ", threads, " threads");
        REQUIRE(found[i].size() == expected[i].size());
        CHECK(differences<T>(found[i], first[i]) == 0);
        CHECK(worstOf(found[i], expected[i]) < (sizeof(T) == sizeof(float) ? 2e-6 : 1e-14));
      }
    }
  });
}

TEST_CASE_TEMPLATE("gradients are those of the definition", T, float, double) {
  Random random(12);
  for (int i = 0; i < 60; i++) {
    Sizes s{{random.oneIn(2) ? kLstm : kGru, random.between(1, 20), random.between(1, 40)},
            random.between(0, 7),
            random.between(0, 11)};
    s.reverse = random.oneIn(2);
    s.hasState = !random.oneIn(3);
    s.hasOutput = !random.oneIn(4);
    s.hasFinalStates = !random.oneIn(3);
    s.gap = random.oneIn(3) ? random.between(1, 20) : 0;
    compare<T>(s, static_cast<uint64_t>(i + 1));
  }
}

#ifndef CONV1D_SLOW_MACHINE
TEST_CASE_TEMPLATE("several blocks of steps, and groups of items on several threads", T, float, double) {
  for (const RecurrentKind kind : {kLstm, kGru}) {
    compare<T>({{kind, 9, 70}, 1100, 1}, 1, {1, 2});
    compare<T>({{kind, 33, 64}, 60, 19, true}, 2);
    compare<T>({{kind, 5, 16}, 3, 1030}, 3, {1, 7});
  }
}

TEST_CASE_TEMPLATE("steps so large that threads share them", T, float, double) {
  for (const RecurrentKind kind : {kLstm, kGru}) compare<T>({{kind, 400, 420}, 3, 2, true}, 4);
}
#endif

TEST_CASE_TEMPLATE("only what is asked for is made, with the same bits", T, float, double) {
  for (const RecurrentKind kind : {kLstm, kGru}) {
    const Sizes s{{kind, 3, 18}, 4, 3};
    const Values<T> values(s, 5);
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      const Gradients<T> all = compute(s, values, kernels, 1, Flush::kEnd);
      for (size_t i = 0; i < all.size(); i++) {
        const Gradients<T> one = compute(s, values, kernels, 1, Flush::kEnd, 1u << i);
        for (size_t j = 0; j < all.size(); j++) {
          if (j == i) CHECK(differences<T>(one[j], all[j]) == 0);
          if (j != i) CHECK(one[j].empty());
        }
      }
    });
  }
}

TEST_CASE_TEMPLATE("what is not finite comes out as the one NaN", T, float, double) {
  for (const RecurrentKind kind : {kLstm, kGru}) {
    const Sizes s{{kind, 3, 18}, 3, 2};
    Values<T> values(s, 5);
    values.x[1] = -std::numeric_limits<T>::quiet_NaN();
    values.ofOut[20] = std::numeric_limits<T>::infinity();
    Gradients<T> first;
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      const Gradients<T> found = compute(s, values, kernels, 1, Flush::kEnd);
      if (first[3].empty()) first = found;
      CHECK(std::isnan(found[3][0]));
      for (size_t i = 0; i < found.size(); i++) CHECK(differences<T>(found[i], first[i]) == 0);
    });
  }
}

}  // namespace
}  // namespace conv1d::test
