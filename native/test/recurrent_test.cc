// LSTM and GRU: the bits of the documented chains on every implementation, for any batch, threads, direction and cut of
// the steps into calls; and, to a few units in the last place, what float64 gives.
#include <doctest.h>

#include <cmath>
#include <cstdint>
#include <span>
#include <sstream>
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
  bool hasBias = true;
  int64_t gap = 0;  // between the rows of the output
};

std::string describe(const Sizes& s) {
  std::ostringstream text;
  text << (s.shape.kind == kLstm ? "LSTM " : "GRU ") << s.shape.inputSize << " -> " << s.shape.hiddenSize << ", "
       << s.steps << " steps of " << s.batch << (s.reverse ? ", reverse" : "") << (s.hasState ? "" : ", no state")
       << (s.hasBias ? "" : ", no bias");
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
  std::vector<T> ofInputs, ofHidden, biasOfInputs, biasOfHidden, x, h0, c0;

  Values(const Sizes& s, uint64_t seed) {
    Random random(seed);
    const int64_t rows = s.shape.gates() * s.shape.hiddenSize;
    const T scale = T{0.25} / std::sqrt(static_cast<T>(s.shape.hiddenSize));
    ofInputs = draw(random, rows * s.shape.inputSize, scale);
    ofHidden = draw(random, rows * s.shape.hiddenSize, scale);
    biasOfInputs = draw(random, rows, scale);
    biasOfHidden = draw(random, rows, scale);
    x = draw(random, s.steps * s.batch * s.shape.inputSize, T{0.5});
    h0 = draw(random, s.batch * s.shape.hiddenSize, T{0.125});
    c0 = draw(random, s.batch * s.shape.hiddenSize, T{0.25});
  }

  RecurrentWeights<T> weights(bool hasBias) const {
    return {ofInputs.data(), ofHidden.data(), hasBias ? biasOfInputs.data() : nullptr,
            hasBias ? biasOfHidden.data() : nullptr};
  }
};

template <typename T>
struct States {
  std::vector<T> out, hn, cn;
};

// Functions of the implementation under test, of one number.
template <typename T>
struct Exact {
  const Kernels<T>& kernels;
  T apply(UnaryFunction function, T x) const {
    T out = 0;
    kernels.unary[function]({&x, &out, 1, T{0}, T{0}});
    return out;
  }
  T sigmoid(T x) const { return apply(kSigmoid, x); }
  T tanh(T x) const { return apply(kTanh, x); }
  static T fma(T a, T b, T c) { return std::fma(a, b, c); }
};

struct Wide {
  static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
  static double tanh(double x) { return std::tanh(x); }
  static double fma(double a, double b, double c) { return a * b + c; }
};

// By definition, with numbers of type N.
template <typename N, typename T, typename Functions>
States<N> reference(const Sizes& s, const Values<T>& v, const Functions& f) {
  const int64_t size = s.shape.hiddenSize;
  const auto n = [](T value) { return static_cast<N>(value); };
  const auto at = [](const auto& values, int64_t i) { return values[static_cast<size_t>(i)]; };
  const auto bias = [&](const std::vector<T>& values, int64_t row) { return s.hasBias ? n(at(values, row)) : N{0}; };
  States<N> states;
  states.out.resize(static_cast<size_t>(s.steps * s.batch * size));
  for (int64_t b = 0; b < s.batch; b++) {
    std::vector<N> h(static_cast<size_t>(size)), c(static_cast<size_t>(size));
    for (int64_t j = 0; s.hasState && j < size; j++) {
      h[static_cast<size_t>(j)] = n(at(v.h0, b * size + j));
      c[static_cast<size_t>(j)] = n(at(v.c0, b * size + j));
    }
    for (int64_t i = 0; i < s.steps; i++) {
      const int64_t t = s.reverse ? s.steps - 1 - i : i;
      const auto inputs = [&](N acc, int64_t row) {
        for (int64_t k = 0; k < s.shape.inputSize; k++) {
          acc = f.fma(n(at(v.ofInputs, row * s.shape.inputSize + k)),
                      n(at(v.x, (t * s.batch + b) * s.shape.inputSize + k)), acc);
        }
        return acc;
      };
      const auto hidden = [&](N acc, int64_t row) {
        for (int64_t k = 0; k < size; k++) acc = f.fma(n(at(v.ofHidden, row * size + k)), at(h, k), acc);
        return acc;
      };
      const auto gate = [&](int64_t row) {
        return hidden(inputs(bias(v.biasOfInputs, row) + bias(v.biasOfHidden, row), row), row);
      };
      std::vector<N> next(static_cast<size_t>(size));
      for (int64_t j = 0; j < size; j++) {
        N value = 0;
        if (s.shape.kind == kLstm) {
          const N in = f.sigmoid(gate(j)), forget = f.sigmoid(gate(size + j)), g = f.tanh(gate(2 * size + j));
          N& cell = c[static_cast<size_t>(j)];
          cell = normalised(f.fma(forget, cell, in * g));
          value = f.sigmoid(gate(3 * size + j)) * f.tanh(cell);
        } else {
          const N r = f.sigmoid(gate(j)), z = f.sigmoid(gate(size + j));
          const N fresh = f.tanh(f.fma(r, hidden(bias(v.biasOfHidden, 2 * size + j), 2 * size + j),
                                       inputs(bias(v.biasOfInputs, 2 * size + j), 2 * size + j)));
          value = f.fma(z, at(h, j) - fresh, fresh);
        }
        next[static_cast<size_t>(j)] = normalised(value);
      }
      h = next;
      for (int64_t j = 0; j < size; j++) states.out[static_cast<size_t>((t * s.batch + b) * size + j)] = at(h, j);
    }
    states.hn.insert(states.hn.end(), h.begin(), h.end());
    states.cn.insert(states.cn.end(), c.begin(), c.end());
  }
  return states;
}

// All in guarded memory; the steps in `calls` calls.
template <typename T>
States<T> compute(const Sizes& s, const Values<T>& v, const Kernels<T>& kernels, int threads, Flush flush,
                  int64_t calls) {
  const int64_t size = s.shape.hiddenSize;
  const int64_t pitch = size + s.gap;
  const auto packed = PackedRecurrent<T>::pack(s.shape, kernels, v.weights(s.hasBias));
  REQUIRE(packed != nullptr);
  GuardedBuffer<T> xMemory(static_cast<int64_t>(v.x.size())), outMemory(s.steps * s.batch * pitch),
      hMemory(s.batch * size), cMemory(s.batch * size);
  const std::span<T> x = xMemory.place(std::span<const T>(v.x), flush);
  const int64_t rows = s.steps * s.batch;
  const std::span<T> out = outMemory.place(rows == 0 ? 0 : rows * pitch - s.gap, flush);
  const std::span<T> hn = hMemory.place(s.batch * size, flush);
  const std::span<T> cn = cMemory.place(s.batch * size, flush);
  for (int64_t i = 0; i < calls; i++) {
    const int64_t order = s.reverse ? calls - 1 - i : i;
    const int64_t first = s.steps * order / calls;
    RecurrentCall<T> call{};
    call.x = x.data() + first * s.batch * s.shape.inputSize;
    call.steps = s.steps * (order + 1) / calls - first;
    call.batch = s.batch;
    call.h0 = i > 0 ? hn.data() : s.hasState ? v.h0.data() : nullptr;
    call.c0 = i > 0 ? cn.data() : s.hasState ? v.c0.data() : nullptr;
    call.reverse = s.reverse;
    call.out = out.data() + first * s.batch * pitch;
    call.outRowStride = pitch;
    call.hn = hn.data();
    call.cn = s.shape.kind == kLstm ? cn.data() : nullptr;
    call.threads = threads;
    CHECK(run(s.shape, kernels, *packed, call) == Status::kOk);
  }
  CHECK(outMemory.surroundingsUntouched());
  CHECK(hMemory.surroundingsUntouched());
  CHECK(cMemory.surroundingsUntouched());
  States<T> states;
  for (int64_t row = 0; row < rows; row++) {
    for (int64_t j = 0; j < size; j++) states.out.push_back(out[static_cast<size_t>(row * pitch + j)]);
    for (int64_t j = size; row + 1 < rows && j < pitch; j++)
      CHECK(outMemory.untouched(static_cast<size_t>(row * pitch + j)));
  }
  states.hn.assign(hn.begin(), hn.end());
  if (s.shape.kind == kLstm) states.cn.assign(cn.begin(), cn.end());
  return states;
}

template <typename T>
int64_t differences(const std::vector<T>& a, const std::vector<T>& b) {
  if (a.size() != b.size()) return -1;
  int64_t wrong = 0;
  for (size_t i = 0; i < a.size(); i++) wrong += sameBits(a[i], b[i]) ? 0 : 1;
  return wrong;
}

template <typename T>
void compare(const Sizes& s, uint64_t seed, std::initializer_list<int64_t> calls) {
  const Values<T> values(s, seed);
  const States<double> wide = reference<double>(s, values, Wide{});
  INFO(describe(s));
  forEachImplementation<T>([&](const Kernels<T>& kernels) {
    const States<T> expected = reference<T>(s, values, Exact<T>{kernels});
    for (const Flush flush : {Flush::kStart, Flush::kEnd}) {
      for (const int threads : {1, 2}) {
        for (const int64_t count : calls) {
          const States<T> states = compute(s, values, kernels, threads, flush, count);
          CHECK(differences(states.out, expected.out) == 0);
          CHECK(differences(states.hn, expected.hn) == 0);
          if (s.shape.kind == kLstm) CHECK(differences(states.cn, expected.cn) == 0);
        }
      }
    }
    double worst = 0;
    for (size_t i = 0; i < wide.out.size(); i++) {
      worst = std::max(worst, std::abs(wide.out[i] - static_cast<double>(expected.out[i])));
    }
    CHECK(worst < (sizeof(T) == sizeof(float) ? 2e-6 : 4e-15));
  });
}

TEST_CASE_TEMPLATE("every gate is one chain", T, float, double) {
  Random random(11);
  for (int i = 0; i < 60; i++) {
    Sizes s{{random.oneIn(2) ? kLstm : kGru, random.between(1, 20), random.between(1, 40)},
            random.between(0, 7),
            random.between(0, 11)};
    s.reverse = random.oneIn(2);
    s.hasState = !random.oneIn(3);
    s.hasBias = !random.oneIn(4);
    s.gap = random.oneIn(3) ? random.between(1, 20) : 0;
    compare<T>(s, static_cast<uint64_t>(i + 1), {1, 2});
  }
}

#ifndef CONV1D_SLOW_MACHINE
TEST_CASE_TEMPLATE("several chunks of steps, and groups of items on several threads", T, float, double) {
  for (const RecurrentKind kind : {kLstm, kGru}) {
    compare<T>({{kind, 9, 70}, 150, 1}, 1, {1, 3});
    compare<T>({{kind, 33, 64}, 40, 19, true}, 2, {1, 3});
    compare<T>({{kind, 16, 96}, 30, 8}, 3, {1});
  }
}

TEST_CASE_TEMPLATE("steps so large that threads share them", T, float, double) {
  for (const RecurrentKind kind : {kLstm, kGru}) compare<T>({{kind, 400, 420}, 3, 2, true}, 4, {1, 3});
}
#endif

TEST_CASE_TEMPLATE("what is not finite comes out as the one NaN", T, float, double) {
  for (const RecurrentKind kind : {kLstm, kGru}) {
    const Sizes s{{kind, 3, 18}, 3, 2};
    Values<T> values(s, 5);
    values.x[1] = -std::numeric_limits<T>::quiet_NaN();
    values.x[9] = std::numeric_limits<T>::infinity();
    forEachImplementation<T>([&](const Kernels<T>& kernels) {
      const States<T> expected = reference<T>(s, values, Exact<T>{kernels});
      CHECK(differences(compute(s, values, kernels, 1, Flush::kEnd, 1).out, expected.out) == 0);
      CHECK(std::isnan(expected.out[0]));
    });
  }
}

TEST_CASE("sizes that do not fit are refused") {
  CHECK(validate({kLstm, 1, 1}) == Status::kOk);
  CHECK(validate({kLstm, 0, 1}) == Status::kInvalidArgument);
  CHECK(validate({kGru, 1, 0}) == Status::kInvalidArgument);
  CHECK(validate({kGru, int64_t{1} << 53, 64}) == Status::kOverflow);
  CHECK(validate({kGru, 1, int64_t{1} << 31}) == Status::kOverflow);
}

}  // namespace
}  // namespace conv1d::test
