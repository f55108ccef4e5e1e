// Sums and their like over rows and over columns, in one order on every ISA, and what norms do to a row. Included by
// microkernel.h.
//
//   element i of a block of up to 4096     chain i % 32, in ascending order of i
//   the 32 chains                          j with j + 16, then + 8, + 4, + 2, + 1
//
// A row has its chains in the lanes of 32 / lanes vectors; of columns, a vector of them has eight chains in registers
// at a time, and many rows have theirs in memory, a line of columns each. Every block of a longer row is folded by
// itself; core/reduce/fold combines the blocks.
#pragma once

#include <stdint.h>

#include "kernels/compiler.h"
#include "kernels/epilogue.h"
#include "kernels/functions.h"
#include "kernels/kernel_table.h"
#include "kernels/pointwise.h"

// What takes many instructions in each lane is called where it would otherwise be written out for each of four lanes.
#if defined(CONV1D_COMPACT)
#define CONV1D_CALLED CONV1D_NOINLINE
#else
#define CONV1D_CALLED
#endif

namespace {

using conv1d::FoldColumnsArgs;
using conv1d::FoldRowsArgs;
using conv1d::kFoldChains;
using conv1d::NormaliseRowArgs;

alignas(64) constexpr float kLaneNumbers[conv1d::kMaxLanes] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
alignas(64) constexpr double kWideLaneNumbers[8] = {0, 1, 2, 3, 4, 5, 6, 7};
inline const float* laneNumbers(float) { return kLaneNumbers; }
inline const double* laneNumbers(double) { return kWideLaneNumbers; }

// What is folded: value() of an element and its row's centre goes into a chain by step(); merge() joins two chains.
template <typename Simd>
struct SumFold {
  using Vector = typename Simd::Vector;
  using Merge = SumFold;                    // a fold with the same merge()
  static constexpr bool kIsShort = true;    // short enough to be written out for every vector of chains
  static constexpr bool kAnyOrder = false;  // whether the order changes nothing
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
  using Merge = ProductFold;
  static Vector identity() { return Simd::broadcast(1); }
  static Vector step(Vector chain, Vector value) { return Simd::mul(chain, value); }
  static Vector merge(Vector a, Vector b) { return Simd::mul(a, b); }
};

template <typename Simd>
struct MaximumFold : SumFold<Simd> {
  using Vector = typename Simd::Vector;
  using Merge = MaximumFold;
  static constexpr bool kAnyOrder = true;
  static Vector identity() {
    return Functions<Simd>::neg(Simd::ofBits(Simd::broadcastBits(Functions<Simd>::F::kInfinity)));
  }
  CONV1D_CALLED static Vector step(Vector chain, Vector value) { return Binary<Simd>::maximum(chain, value); }
  static Vector merge(Vector a, Vector b) { return step(a, b); }
};

template <typename Simd>
struct MinimumFold : SumFold<Simd> {
  using Vector = typename Simd::Vector;
  using Merge = MinimumFold;
  static constexpr bool kAnyOrder = true;
  static Vector identity() { return Simd::ofBits(Simd::broadcastBits(Functions<Simd>::F::kInfinity)); }
  CONV1D_CALLED static Vector step(Vector chain, Vector value) { return Binary<Simd>::minimum(chain, value); }
  static Vector merge(Vector a, Vector b) { return step(a, b); }
};

// Finished chains: nothing is left but to merge them.
template <typename Simd, typename Fold>
struct MergeOf : Fold {
  using Vector = typename Simd::Vector;
  static Vector value(Vector chain, Vector) { return chain; }
  static Vector step(Vector, Vector chain) { return chain; }
};

// The first `left` lanes of one vector, the others of another.
template <typename Simd>
typename Simd::Vector firstLanes(int64_t left, typename Simd::Vector first, typename Simd::Vector others) {
  using T = typename Simd::Scalar;
  const auto isFirst = Simd::less(Simd::load(laneNumbers(T{})), Simd::broadcast(static_cast<T>(left)));
  return Simd::choose(isFirst, first, others);
}

// The chains of one row, merged until one is left for each lane.
template <typename Simd, typename Fold>
typename Simd::Vector foldRow(const typename Simd::Scalar* x, int64_t count, typename Simd::Scalar center) {
  using Vector = typename Simd::Vector;
  constexpr int kVectors = kFoldChains / Simd::kLanes;
  // Where the order is free, twice the chains: each waits for its last step.
  constexpr int kSets = Fold::kAnyOrder && kVectors <= 4 ? 2 : 1;
  const Vector centers = Simd::broadcast(center);
  Vector chains[kSets * kVectors];
  CONV1D_UNROLL
  for (int v = 0; v < kSets * kVectors; v++) chains[v] = Fold::identity();
  int64_t i = 0;
  for (; i + kSets * kFoldChains <= count; i += kSets * kFoldChains) {
    CONV1D_UNROLL
    for (int v = 0; v < kSets * kVectors; v++) {
      chains[v] = Fold::step(chains[v], Fold::value(Simd::load(x + i + v * Simd::kLanes), centers));
    }
  }
  CONV1D_UNROLL
  for (int v = 0; v < kSets * kVectors; v++) {
    const int64_t left = count - i - v * Simd::kLanes;
    if (left <= 0) continue;
    const Ends<Simd> ends(left);
    const Vector next = Fold::step(chains[v], Fold::value(ends.load(x + i + v * Simd::kLanes), centers));
    chains[v] = ends.isWhole() ? next : firstLanes<Simd>(left, next, chains[v]);
  }
  CONV1D_UNROLL
  for (int half = kSets * kVectors / 2; half > 0; half /= 2) {
    CONV1D_UNROLL
    for (int v = 0; v < half; v++) chains[v] = Fold::merge(chains[v], chains[v + half]);
  }
  return chains[0];
}

// The same with chains in memory, for what is too long to be written out for each of them; the values are kept, unless
// `values` is null.
template <typename Simd, typename Fold>
typename Simd::Vector foldLongRow(const typename Simd::Scalar* x, int64_t count, typename Simd::Scalar center,
                                  typename Simd::Scalar* values) {
  using T = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  constexpr int kVectors = kFoldChains / Simd::kLanes;
  const Vector centers = Simd::broadcast(center);
  alignas(64) T stored[kFoldChains] = {};
  for (int64_t i = 0; i < count; i += Simd::kLanes) {
    const Ends<Simd> ends(count - i);
    const Vector value = Fold::value(ends.load(x + i), centers);
    if (values != nullptr) ends.store(values + i, value);
    T* const chain = stored + i % kFoldChains;
    ends.store(chain, Fold::step(Simd::load(chain), value));
  }
  Vector chains[kVectors];
  CONV1D_UNROLL
  for (int v = 0; v < kVectors; v++) chains[v] = Simd::load(stored + v * Simd::kLanes);
  CONV1D_UNROLL
  for (int half = kVectors / 2; half > 0; half /= 2) {
    CONV1D_UNROLL
    for (int v = 0; v < half; v++) chains[v] = Fold::merge(chains[v], chains[v + half]);
  }
  return chains[0];
}

// The chains of a row of the arguments, one left for each lane.
template <typename Simd, typename Fold>
typename Simd::Vector foldRowOf(const FoldRowsArgs<typename Simd::Scalar>& args, int64_t row) {
  using T = typename Simd::Scalar;
  const T center = args.centers == nullptr ? T{0} : args.centers[row * args.centerStep];
  const T* const x = args.x + row * args.pitch;
  if constexpr (Fold::kIsShort) {
    return foldRow<Simd, Fold>(x, args.count, center);
  } else {
    T* const values = args.values == nullptr ? nullptr : args.values + row * args.pitch;
    return foldLongRow<Simd, Fold>(x, args.count, center, values);
  }
}

// The last steps of the tree, in the lanes of a single row.
template <typename Simd, typename Fold>
typename Simd::Scalar mergeLanes(typename Simd::Vector chains) {
  alignas(64) typename Simd::Scalar lanes[2 * Simd::kLanes] = {};
  for (int half = Simd::kLanes / 2; half > 0; half /= 2) {
    Simd::store(lanes, chains);
    chains = Fold::merge(chains, Simd::load(lanes + half));
  }
  Simd::store(lanes, chains);
  return lanes[0];
}

// The same of as many rows as there are lanes, whose chains lie one after the other: a row in each lane.
template <typename Simd, typename Fold>
typename Simd::Vector mergeRows(const typename Simd::Scalar* chains) {
  typename Simd::Vector columns[Simd::kLanes];
  CONV1D_UNROLL
  for (int c = 0; c < Simd::kLanes; c += Simd::kTransposed) {
    Simd::loadTransposed(chains + c, Simd::kLanes, columns + c);
  }
  CONV1D_UNROLL
  for (int half = Simd::kLanes / 2; half > 0; half /= 2) {
    CONV1D_UNROLL
    for (int c = 0; c < half; c++) columns[c] = Fold::merge(columns[c], columns[c + half]);
  }
  return columns[0];
}

// A block of each row.
template <typename Simd, template <typename> typename FoldOf>
void foldRows(const FoldRowsArgs<typename Simd::Scalar>& args) {
  using Fold = FoldOf<Simd>;
  using T = typename Simd::Scalar;
  constexpr int kLanes = Simd::kLanes;
  if (args.rows == 1) {
    *args.out = mergeLanes<Simd, Fold>(foldRowOf<Simd, Fold>(args, 0));
    return;
  }
  alignas(64) T chains[kLanes * kLanes] = {};
  for (int64_t first = 0; first < args.rows; first += kLanes) {
    const int64_t left = args.rows - first;
    for (int64_t r = 0; r < (left < kLanes ? left : kLanes); r++) {
      Simd::store(chains + r * kLanes, foldRowOf<Simd, Fold>(args, first + r));
    }
    Ends<Simd>(left).store(args.out + first, mergeRows<Simd, Fold>(chains));
  }
}

// Chains first, first + 8, first + 16 and first + 24 of `Vectors` vectors of columns, merged.
template <typename Simd, typename Fold, int Vectors>
CONV1D_NOINLINE void foldFourChains(const FoldColumnsArgs<typename Simd::Scalar>& args, int first, int64_t column,
                                    typename Simd::Scalar* line) {
  using T = typename Simd::Scalar;
  using Vector = typename Simd::Vector;
  constexpr int kChains = 4;
  constexpr int kApart = kFoldChains / kChains;
  const Ends<Simd> ends(Vectors > 1 ? Simd::kLanes : args.width - column);
  const int64_t step = kApart * args.pitch;
  const int64_t wholeRows = args.rows / kFoldChains * kFoldChains;
  const int64_t left = args.rows - wholeRows - first;  // the last round has chain k where left > k * kApart
  const T* x = args.x + first * args.pitch + column;
  Vector centers[Vectors];
  Vector chains[Vectors][kChains];
  CONV1D_UNROLL
  for (int v = 0; v < Vectors; v++) {
    centers[v] = args.centers == nullptr ? Simd::zero() : ends.load(args.centers + column + v * Simd::kLanes);
    CONV1D_UNROLL
    for (int k = 0; k < kChains; k++) chains[v][k] = Fold::identity();
  }
  for (int64_t row = 0; row < wholeRows; row += kFoldChains) {
    CONV1D_UNROLL
    for (int k = 0; k < kChains; k++, x += step) {
      CONV1D_UNROLL
      for (int v = 0; v < Vectors; v++) {
        chains[v][k] = Fold::step(chains[v][k], Fold::value(ends.load(x + v * Simd::kLanes), centers[v]));
      }
    }
  }
  CONV1D_UNROLL
  for (int k = 0; k < kChains; k++, x += step) {
    if (left <= k * kApart) continue;
    CONV1D_UNROLL
    for (int v = 0; v < Vectors; v++) {
      chains[v][k] = Fold::step(chains[v][k], Fold::value(ends.load(x + v * Simd::kLanes), centers[v]));
    }
  }
  CONV1D_UNROLL
  for (int v = 0; v < Vectors; v++) {
    const Vector even = Fold::merge(chains[v][0], chains[v][2]);
    ends.store(line + column + v * Simd::kLanes, Fold::merge(even, Fold::merge(chains[v][1], chains[v][3])));
  }
}

// Up to eight lines, merged: chains 0 to 7, where these are all, or what foldFourChains made of them.
template <typename Simd, typename Fold>
CONV1D_NOINLINE void foldEightLines(const typename Simd::Scalar* x, int64_t pitch, int64_t lines, int64_t width,
                                    const typename Simd::Scalar* centers, typename Simd::Scalar* out) {
  using Vector = typename Simd::Vector;
  constexpr int kLines = conv1d::kFoldLines;
  for (int64_t c = 0; c < width; c += Simd::kLanes) {
    const Ends<Simd> ends(width - c);
    const Vector center = centers == nullptr ? Simd::zero() : ends.load(centers + c);
    Vector chains[kLines];
    CONV1D_UNROLL
    for (int j = 0; j < kLines; j++) {
      chains[j] = Fold::identity();
      if (j < lines) chains[j] = Fold::step(chains[j], Fold::value(ends.load(x + j * pitch + c), center));
    }
    CONV1D_UNROLL
    for (int half = kLines / 2; half > 0; half /= 2) {
      CONV1D_UNROLL
      for (int j = 0; j < half; j++) chains[j] = Fold::merge(chains[j], chains[j + half]);
    }
    ends.store(out + c, chains[0]);
  }
}

// Into one line of chains.
template <typename Simd, typename Fold>
CONV1D_NOINLINE void foldLine(const typename Simd::Scalar* x, int64_t count, bool begins,
                              typename Simd::Scalar* chains) {
  using Vector = typename Simd::Vector;
  for (int64_t i = 0; i < count; i += Simd::kLanes) {
    const Ends<Simd> ends(count - i);
    const Vector chain = begins ? Fold::identity() : ends.load(chains + i);
    ends.store(chains + i, Fold::step(chain, Fold::value(ends.load(x + i), Simd::zero())));
  }
}

// Narrow rows that lie one after the other: 32 of them are one line.
template <typename Simd, typename Fold>
void foldNarrowRows(const FoldColumnsArgs<typename Simd::Scalar>& args) {
  using T = typename Simd::Scalar;
  const int64_t round = kFoldChains * args.width;
  const int64_t count = args.rows * args.width;
  for (int64_t i = 0; i < count; i += round) {
    foldLine<Simd, Fold>(args.x + i, count - i < round ? count - i : round, i == 0, args.chains);
  }
  // Chains that no row began are left out: they would change nothing.
  int64_t chains = args.rows < kFoldChains ? args.rows : kFoldChains;
  T* const to = args.chains;
  for (int64_t half = kFoldChains / 2; half > 0; half /= 2) {
    for (int64_t c = 0; c < (chains - half) * args.width; c += Simd::kLanes) {
      const Ends<Simd> ends((chains - half) * args.width - c);
      ends.store(to + c, Fold::merge(ends.load(to + c), ends.load(to + half * args.width + c)));
    }
    if (chains > half) chains = half;
  }
  const Ends<Simd> ends(args.width);
  ends.store(args.out, ends.load(to));
}

// A block of each column.
template <typename Simd, template <typename> typename FoldOf>
void foldColumns(const FoldColumnsArgs<typename Simd::Scalar>& args) {
  using Fold = FoldOf<Simd>;
  constexpr int kLines = conv1d::kFoldLines;
  // Four vectors of columns have four chains each in registers; AVX2 has half as many registers.
#if defined(CONV1D_COMPACT)
  constexpr int kTogether = 1;
#else
  constexpr int kTogether = sizeof(typename Simd::Vector) == 32 ? 2 : 4;
#endif
  if (args.pitch == args.width && args.width < Simd::kLanes && args.centers == nullptr) {
    foldNarrowRows<Simd, Fold>(args);
  } else if (args.rows <= kLines) {
    foldEightLines<Simd, Fold>(args.x, args.pitch, args.rows, args.width, args.centers, args.out);
  } else {
    for (int first = 0; first < kLines; first++) {
      typename Simd::Scalar* const line = args.chains + first * args.width;
      int64_t column = 0;
      for (; column + kTogether * Simd::kLanes <= args.width; column += kTogether * Simd::kLanes) {
        foldFourChains<Simd, Fold, kTogether>(args, first, column, line);
      }
      for (; column < args.width; column += Simd::kLanes) foldFourChains<Simd, Fold, 1>(args, first, column, line);
    }
    foldEightLines<Simd, MergeOf<Simd, typename Fold::Merge>>(args.chains, args.width, kLines, args.width, nullptr,
                                                              args.out);
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

#undef CONV1D_CALLED
