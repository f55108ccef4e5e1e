// Plain C++: any machine, and the same bits as the others.
//
// An x86 without FMA3 has no fused multiply-add, so float32's is built from double: the product of two floats is exact
// there; the sum is rounded to odd, which makes the final rounding to float the only one that counts (Boldo and
// Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd", IEEE TC 57(4),
// 2008). float64 leaves it to fma() of the C library, which is exact too, and slow without the instruction.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels/blocks.h"
#include "kernels/compiler.h"

namespace {

// static inline and not std::: a template of the standard library could be shared between translation units.
inline float fusedMultiplyAdd(float a, float b, float c) {
#if defined(__aarch64__) || defined(_M_ARM64)
  return fmaf(a, b, c);
#else
  const double product = static_cast<double>(a) * static_cast<double>(b);
  const double addend = static_cast<double>(c);
  double sum = product + addend;
  // The rounding error of the sum, exactly (Knuth's TwoSum). NaN when the sum is not finite; then there is
  // nothing to mend.
  const double high = sum - addend;
  const double error = (product - high) + (addend - (sum - high));
  int64_t bits;
  memcpy(&bits, &sum, sizeof bits);
  if (error != 0 && error == error && (bits & 1) == 0) {
    // Towards the error: up in magnitude when the signs agree.
    bits += (error > 0) == (sum > 0) ? 1 : -1;
    memcpy(&sum, &bits, sizeof sum);
  }
  return static_cast<float>(sum);
#endif
}

inline double fusedMultiplyAdd(double a, double b, double c) { return fma(a, b, c); }

// From its bits: the C library's NAN may carry a sign.
inline float canonicalNan(float) {
  constexpr uint32_t kBits = 0x7FC00000;
  float value;
  memcpy(&value, &kBits, sizeof value);
  return value;
}

inline double canonicalNan(double) {
  constexpr uint64_t kBits = 0x7FF8000000000000;
  double value;
  memcpy(&value, &kBits, sizeof value);
  return value;
}

template <typename T>
struct ScalarVector {
  T lane[4];
};

inline float squareRoot(float a) { return sqrtf(a); }
inline double squareRoot(double a) { return ::sqrt(a); }

template <typename T>
struct ScalarWord;
template <>
struct ScalarWord<float> {
  using Type = uint32_t;
};
template <>
struct ScalarWord<double> {
  using Type = uint64_t;
};

template <typename T>
struct ScalarSimd {
  using Wide = ScalarSimd<double>;  // what weights are transformed in
  using Scalar = T;
  using Vector = ScalarVector<T>;
  using Mask = int;  // how many lanes
  static constexpr int kLanes = 4;
  static constexpr conv1d::Blocks kBlocks = conv1d::blocks::kScalar;

  static Mask mask(int columns) { return columns; }
  static Vector zero() { return broadcast(0); }
  static Vector broadcast(T value) { return Vector{{value, value, value, value}}; }
  static Vector load(const T* from) { return Vector{{from[0], from[1], from[2], from[3]}}; }
  static Vector loadPartial(const T* from, Mask count) {
    Vector value = zero();
    for (int i = 0; i < count; i++) value.lane[i] = from[i];
    return value;
  }
  static void store(T* to, Vector value) { storePartial(to, value, kLanes); }
  static void storePartial(T* to, Vector value, Mask count) {
    for (int i = 0; i < count; i++) to[i] = value.lane[i];
  }
  static Vector normalise(Vector value) {
    for (T& lane : value.lane) lane = lane == lane ? lane + T{0} : canonicalNan(T{0});
    return value;
  }

  static constexpr int kMaxPickStride = 1;  // one by one

  static Vector add(Vector a, Vector b) {
    for (int i = 0; i < kLanes; i++) a.lane[i] += b.lane[i];
    return a;
  }
  static Vector sub(Vector a, Vector b) {
    for (int i = 0; i < kLanes; i++) a.lane[i] -= b.lane[i];
    return a;
  }
  static Vector mul(Vector a, Vector b) {
    for (int i = 0; i < kLanes; i++) a.lane[i] *= b.lane[i];
    return a;
  }
  // Not inlined: some dozen instructions in each lane, and dozens of these in a transform (a third of its code size).
  CONV1D_NOINLINE static Vector fma(Vector a, Vector b, Vector c) {
    for (int i = 0; i < kLanes; i++) c.lane[i] = fusedMultiplyAdd(a.lane[i], b.lane[i], c.lane[i]);
    return c;
  }
  CONV1D_NOINLINE static Vector fnma(Vector a, Vector b, Vector c) {
    for (int i = 0; i < kLanes; i++) c.lane[i] = fusedMultiplyAdd(-a.lane[i], b.lane[i], c.lane[i]);
    return c;
  }

  // For functions (functions.h): bits of the elements, as unsigned numbers of the same width; what is chosen lane by
  // lane.
  using Word = typename ScalarWord<T>::Type;
  using Bits = ScalarVector<Word>;
  using Choice = ScalarVector<bool>;
  static Vector div(Vector a, Vector b) {
    for (int i = 0; i < kLanes; i++) a.lane[i] /= b.lane[i];
    return a;
  }
  static Vector sqrt(Vector a) {
    for (T& lane : a.lane) lane = squareRoot(lane);
    return a;
  }
  static Bits bitsOf(Vector a) {
    Bits bits;
    memcpy(&bits, &a, sizeof bits);
    return bits;
  }
  static Vector ofBits(Bits a) {
    Vector value;
    memcpy(&value, &a, sizeof value);
    return value;
  }
  static Bits broadcastBits(Word bits) { return Bits{{bits, bits, bits, bits}}; }
  static Bits andBits(Bits a, Bits b) {
    for (int i = 0; i < kLanes; i++) a.lane[i] &= b.lane[i];
    return a;
  }
  static Bits orBits(Bits a, Bits b) {
    for (int i = 0; i < kLanes; i++) a.lane[i] |= b.lane[i];
    return a;
  }
  static Bits xorBits(Bits a, Bits b) {
    for (int i = 0; i < kLanes; i++) a.lane[i] ^= b.lane[i];
    return a;
  }
  static Bits addBits(Bits a, Bits b) {
    for (int i = 0; i < kLanes; i++) a.lane[i] += b.lane[i];
    return a;
  }
  template <int N>
  static Bits shiftLeft(Bits a) {
    for (Word& lane : a.lane) lane <<= N;
    return a;
  }
  template <int N>
  static Bits shiftRight(Bits a) {
    for (Word& lane : a.lane) lane >>= N;
    return a;
  }
  static Choice less(Vector a, Vector b) {
    Choice choice;
    for (int i = 0; i < kLanes; i++) choice.lane[i] = a.lane[i] < b.lane[i];
    return choice;
  }
  static Vector choose(Choice first, Vector a, Vector b) {
    for (int i = 0; i < kLanes; i++) a.lane[i] = first.lane[i] ? a.lane[i] : b.lane[i];
    return a;
  }
  static bool any(Choice choice) { return choice.lane[0] || choice.lane[1] || choice.lane[2] || choice.lane[3]; }
  // The larger one; NaN where either is.
  static Vector largerOrNan(Vector a, Vector b) {
    for (int i = 0; i < kLanes; i++)
      a.lane[i] = b.lane[i] > a.lane[i] || b.lane[i] != b.lane[i] ? b.lane[i] : a.lane[i];
    return a;
  }

  // Elements 0 to 3 of kLanes rows, `stride` apart, as vectors with a row in each lane; and back, the
  // first row first.
  static constexpr int kTransposed = 4;
  static void loadTransposed(const T* from, int64_t stride, Vector* to) {
    for (int i = 0; i < kTransposed; i++) {
      for (int row = 0; row < kLanes; row++) to[i].lane[row] = from[row * stride + i];
    }
  }
  // a[0], b[0], a[1], b[1], ...
  static void storeInterleaved(const Vector& a, const Vector& b, T* to) {
    for (int i = 0; i < kLanes; i++) {
      to[2 * i] = a.lane[i];
      to[2 * i + 1] = b.lane[i];
    }
  }
  static void storeTransposed(const Vector* from, T* to, int64_t stride) {
    for (int row = 0; row < kLanes; row++) {
      for (int i = 0; i < kTransposed; i++) to[row * stride + i] = from[i].lane[row];
    }
  }

  static Vector fmaBroadcast(Vector w, const T* x, Vector acc) {
    for (int i = 0; i < kLanes; i++) acc.lane[i] = fusedMultiplyAdd(w.lane[i], *x, acc.lane[i]);
    return acc;
  }

  template <int MR>
  struct Weights {
    const T* w;
    explicit Weights(const T* from) : w(from) {}
    Vector fma(int m, Vector x, Vector acc) const {
      for (int i = 0; i < kLanes; i++) acc.lane[i] = fusedMultiplyAdd(w[m], x.lane[i], acc.lane[i]);
      return acc;
    }
  };
};

}  // namespace
