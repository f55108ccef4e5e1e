// Sums and their like over rows and over columns, in one order on every ISA, and what norms do to a row. Included by
// microkernel.h.
//
//   element i of a block of up to 4096     chain i % 32, in ascending order of i
//   the 32 chains                          j with j + 16, then + 8, + 4, + 2, + 1
//
// A row has its chains in the lanes of 32 / lanes vectors; columns have theirs in memory, a line of columns each. Every
// block of a longer row is folded by itself; core/reduce/fold combines the blocks.
#pragma once

#include <stdint.h>

#include "kernels/compiler.h"
#include "kernels/epilogue.h"
#include "kernels/functions.h"
#include "kernels/kernel_table.h"
#include "kernels/pointwise.h"

namespace {

using conv1d::FoldColumnsArgs;
using conv1d::FoldRowsArgs;
using conv1d::kFoldChains;
using conv1d::NormaliseRowArgs;

// What is folded: value() of an element and its row's centre goes into a chain by step(); merge() joins two chains.
template <typename Simd>
struct SumFold {
  using Vector = typename Simd::Vector;
  static constexpr bool kIsShort = true;  // short enough to be written out for every vector of chains
  static Vector identity() { return Simd::zero(); }
  static Vector value(Vector x, Vector) { return x; }
  static Vector step(Vector chain, Vector value) { return Simd::add(chain, value); }
  static Vector merge(Vector a, Vector b) { return Simd::add(a, b); }
};

template <typename Simd>
struct SquaresFold : SumFold<Simd> {
  using Vector = typename Simd::Vector;
  static Vector value(Vector x, Vector center) { return Simd::sub(x, center); }
  static Vector step(Vector chain, Vector value) { return Simd::fma(value, value, chain); }
};

// e^(x - center), which is kept as well where there is room for it.
template <typename Simd>
struct ExponentialFold : SumFold<Simd> {
  using Vector = typename Simd::Vector;
  static constexpr bool kIsShort = false;
  static Vector value(Vector x, Vector center) { return Functions<Simd>::exp(Simd::sub(x, center)); }
};

template <typename Simd>
struct ProductFold : SumFold<Simd> {
  using Vector = typename Simd::Vector;
  static Vector identity() { return Simd::broadcast(1); }
  static Vector step(Vector chain, Vector value) { return Simd::mul(chain, value); }
  static Vector merge(Vector a, Vector b) { return Simd::mul(a, b); }
};

template <typename Simd>
struct MaximumFold : SumFold<Simd> {
  using Vector = typename Simd::Vector;
  static Vector identity() {
    return Functions<Simd>::neg(Simd::ofBits(Simd::broadcastBits(Functions<Simd>::F::kInfinity)));
  }
  static Vector step(Vector chain, Vector value) { return Binary<Simd>::maximum(chain, value); }
  static Vector merge(Vector a, Vector b) { return Binary<Simd>::maximum(a, b); }
};

template <typename Simd>
struct MinimumFold : SumFold<Simd> {
  using Vector = typename Simd::Vector;
  static Vector identity() { return Simd::ofBits(Simd::broadcastBits(Functions<Simd>::F::kInfinity)); }
  static Vector step(Vector chain, Vector value) { return Binary<Simd>::minimum(chain, value); }
  static Vector merge(Vector a, Vector b) { return Binary<Simd>::minimum(a, b); }
};

// The chains of one row, merged until one is left for each lane.
template <typename Simd, typename Fold>
typename Simd::Vector foldRow(const typename Simd::Scalar* x, int64_t count, typename Simd::Scalar center,
                              typename Simd::Scalar* values) {
  using T = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  constexpr int kVectors = kFoldChains / Simd::kLanes;
  const Vector centers = Simd::broadcast(center);
  Vector chains[kVectors];
  CONV1D_UNROLL
  for (int v = 0; v < kVectors; v++) chains[v] = Fold::identity();
  int64_t i = 0;
  if constexpr (Fold::kIsShort) {
    for (; i + kFoldChains <= count; i += kFoldChains) {
      CONV1D_UNROLL
      for (int v = 0; v < kVectors; v++) {
        chains[v] = Fold::step(chains[v], Fold::value(Simd::load(x + i + v * Simd::kLanes), centers));
      }
    }
  }
  if (i < count) {  // through memory, where a vector of chains has a number
    alignas(64) T stored[kFoldChains];
    CONV1D_UNROLL
    for (int v = 0; v < kVectors; v++) Simd::store(stored + v * Simd::kLanes, chains[v]);
    for (; i < count; i += Simd::kLanes) {
      const Ends<Simd> ends(count - i);
      const Vector value = Fold::value(ends.load(x + i), centers);
      if (!Fold::kIsShort && values != nullptr) ends.store(values + i, value);
      T* const chain = stored + i % kFoldChains;
      ends.store(chain, Fold::step(Simd::load(chain), value));
    }
    CONV1D_UNROLL
    for (int v = 0; v < kVectors; v++) chains[v] = Simd::load(stored + v * Simd::kLanes);
  }
  CONV1D_UNROLL
  for (int half = kVectors / 2; half > 0; half /= 2) {
    CONV1D_UNROLL
    for (int v = 0; v < half; v++) chains[v] = Fold::merge(chains[v], chains[v + half]);
  }
  return chains[0];
}

// A block of each row. The last steps of the tree take a row in each lane.
template <typename Simd, template <typename> typename FoldOf>
void foldRows(const FoldRowsArgs<typename Simd::Scalar>& args) {
  using Fold = FoldOf<Simd>;
  using T = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  constexpr int kLanes = Simd::kLanes;
  alignas(64) T chains[kLanes * kLanes] = {};
  for (int64_t first = 0; first < args.rows; first += kLanes) {
    const int64_t left = args.rows - first;
    for (int64_t r = 0; r < (left < kLanes ? left : kLanes); r++) {
      const int64_t row = first + r;
      const T center = args.centers == nullptr ? T{0} : args.centers[row * args.centerStep];
      T* const values = args.values == nullptr ? nullptr : args.values + row * args.pitch;
      Simd::store(chains + r * kLanes, foldRow<Simd, Fold>(args.x + row * args.pitch, args.count, center, values));
    }
    Vector columns[kLanes];
    CONV1D_UNROLL
    for (int c = 0; c < kLanes; c += Simd::kTransposed) Simd::loadTransposed(chains + c, kLanes, columns + c);
    CONV1D_UNROLL
    for (int half = kLanes / 2; half > 0; half /= 2) {
      CONV1D_UNROLL
      for (int c = 0; c < half; c++) columns[c] = Fold::merge(columns[c], columns[c + half]);
    }
    Ends<Simd>(left).store(args.out + first, columns[0]);
  }
}

// Rounds of 32 rows, one after the other, into lines of chains: `Rounds` of them while a chain is in a register.
template <typename Simd, typename Fold, int Rounds>
void foldLines(const FoldColumnsArgs<typename Simd::Scalar>& args, const typename Simd::Scalar* x, int64_t lines,
               int64_t width, bool begins) {
  using T = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  const int64_t roundPitch = kFoldChains * args.pitch;
  for (int64_t line = 0; line < lines; line++) {
    const T* const from = x + line * args.pitch;
    T* const chains = args.chains + line * args.width;
    for (int64_t c = 0; c < width; c += Simd::kLanes) {
      const Ends<Simd> ends(width - c);
      const Vector center = args.centers == nullptr ? Simd::zero() : ends.load(args.centers + c);
      Vector chain = begins ? Fold::identity() : ends.load(chains + c);
      CONV1D_UNROLL
      for (int round = 0; round < Rounds; round++) {
        chain = Fold::step(chain, Fold::value(ends.load(from + round * roundPitch + c), center));
      }
      ends.store(chains + c, chain);
    }
  }
}

// A block of each column.
template <typename Simd, template <typename> typename FoldOf>
void foldColumns(const FoldColumnsArgs<typename Simd::Scalar>& args) {
  using Fold = FoldOf<Simd>;
  using T = typename Simd::Scalar;
  constexpr int kRounds = 4;
  // Where the columns are all that a row has, 32 rows are one long line.
  const bool isOneLine = args.pitch == args.width && args.centers == nullptr;
  const int64_t lines = isOneLine ? 1 : kFoldChains;
  const int64_t width = isOneLine ? kFoldChains * args.width : args.width;
  const int64_t roundPitch = kFoldChains * args.pitch;
  const int64_t rounds = args.rows / kFoldChains;
  const int64_t rest = args.rows % kFoldChains;
  int64_t round = 0;
  for (; round + kRounds <= rounds; round += kRounds) {
    foldLines<Simd, Fold, kRounds>(args, args.x + round * roundPitch, lines, width, round == 0);
  }
  for (; round < rounds; round++) {
    foldLines<Simd, Fold, 1>(args, args.x + round * roundPitch, lines, width, round == 0);
  }
  if (rest > 0) {
    foldLines<Simd, Fold, 1>(args, args.x + round * roundPitch, isOneLine ? 1 : rest,
                             isOneLine ? rest * args.width : width, round == 0);
  }
  // Chains that no row began are left out: they would change nothing.
  int64_t chains = args.rows < kFoldChains ? args.rows : kFoldChains;
  for (int64_t half = kFoldChains / 2; half > 0; half /= 2) {
    if (chains <= half) continue;
    const int64_t count = (chains - half) * args.width;
    T* const to = args.chains;
    for (int64_t c = 0; c < count; c += Simd::kLanes) {
      const Ends<Simd> ends(count - c);
      ends.store(to + c, Fold::merge(ends.load(to + c), ends.load(to + half * args.width + c)));
    }
    chains = half;
  }
  for (int64_t c = 0; c < args.width; c += Simd::kLanes) {
    const Ends<Simd> ends(args.width - c);
    ends.store(args.out + c, ends.load(args.chains + c));
  }
}

// out = (x - mean) * scale + bias, one rounding for the difference and one for the rest; with weights, out = ((x -
// mean) * scale) * weight + bias, with one for each product's sum.
template <typename Simd>
void normaliseRow(const NormaliseRowArgs<typename Simd::Scalar>& args) {
  using Vector = typename Simd::Vector;
  const Vector mean = Simd::broadcast(args.mean);
  const Vector scale = Simd::broadcast(args.scale);
  const Vector bias = Simd::broadcast(args.bias);
  for (int64_t i = 0; i < args.count; i += Simd::kLanes) {
    const Ends<Simd> ends(args.count - i);
    Vector value = Simd::sub(ends.load(args.x + i), mean);
    Vector weight = scale;
    if (args.weights != nullptr) {
      value = Simd::mul(value, scale);
      weight = ends.load(args.weights + i);
    }
    const Vector addend = args.biases == nullptr ? bias : ends.load(args.biases + i);
    ends.store(args.out + i, endOfChain<Simd>(Simd::fma(value, weight, addend)));
  }
}

template <typename Simd>
constexpr void fillReductions(Kernels<typename Simd::Scalar>& kernels) {
  static_assert(conv1d::kFolds == 5, "one fold more is one line more here");
  kernels.foldRows[conv1d::kFoldSum] = foldRows<Simd, SumFold>;
  kernels.foldRows[conv1d::kFoldSquares] = foldRows<Simd, SquaresFold>;
  kernels.foldRows[conv1d::kFoldProduct] = foldRows<Simd, ProductFold>;
  kernels.foldRows[conv1d::kFoldMaximum] = foldRows<Simd, MaximumFold>;
  kernels.foldRows[conv1d::kFoldMinimum] = foldRows<Simd, MinimumFold>;
  kernels.foldColumns[conv1d::kFoldSum] = foldColumns<Simd, SumFold>;
  kernels.foldColumns[conv1d::kFoldSquares] = foldColumns<Simd, SquaresFold>;
  kernels.foldColumns[conv1d::kFoldProduct] = foldColumns<Simd, ProductFold>;
  kernels.foldColumns[conv1d::kFoldMaximum] = foldColumns<Simd, MaximumFold>;
  kernels.foldColumns[conv1d::kFoldMinimum] = foldColumns<Simd, MinimumFold>;
  kernels.exponentialRows = foldRows<Simd, ExponentialFold>;
  kernels.normaliseRow = normaliseRow<Simd>;
}

}  // namespace
