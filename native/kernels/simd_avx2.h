// AVX2 and FMA3: 16 registers of 8 floats or 4 doubles.
//
// Leans on vfmadd231ps/pd ymm (latency 4 to 5, two per cycle): 6 x 2 vectors keeps 12 accumulators, two inputs and a
// broadcast weight in registers. vmaskmov touches no memory behind a cleared mask element.
#pragma once

#include <immintrin.h>
#include <stdint.h>

#include "kernels/blocks.h"
#include "kernels/compiler.h"

namespace {

// A window of eight entries that starts at kMaskWindow + 8 - n has its first n entries set.
alignas(32) constexpr int32_t kMaskWindow[16] = {-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0};

struct Avx2Shape {
  static constexpr conv1d::Blocks kBlocks = conv1d::blocks::kAvx2;
};

struct Avx2F64;

struct Avx2F32 : Avx2Shape {
  using Wide = Avx2F64;  // what weights are transformed in
  using Scalar = float;
  using Vector = __m256;
  using Mask = __m256i;
  static constexpr int kLanes = 8;

  static Mask mask(int columns) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMaskWindow + 8 - columns));
  }
  static Vector zero() { return _mm256_setzero_ps(); }
  static Vector broadcast(float value) { return _mm256_set1_ps(value); }
  static Vector load(const float* from) { return _mm256_loadu_ps(from); }
  static Vector loadPartial(const float* from, Mask mask) { return _mm256_maskload_ps(from, mask); }
  static void store(float* to, Vector value) { _mm256_storeu_ps(to, value); }
  static void storePartial(float* to, Vector value, Mask mask) { _mm256_maskstore_ps(to, mask, value); }
  static Vector normalise(Vector value) {
    const Vector nan = _mm256_cmp_ps(value, value, _CMP_UNORD_Q);
    const Vector canonical = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FC00000));
    return _mm256_blendv_ps(_mm256_add_ps(value, zero()), canonical, nan);
  }

  // Every Stride-th element, as a vector: lane i is lane (i * Stride) % kLanes of vector (i * Stride) / kLanes.
  static constexpr int kMaxPickStride = 4;
  template <int Stride>
  static Vector pick(const float* from) {
    const __m256i position =
        _mm256_setr_epi32(0, Stride, 2 * Stride, 3 * Stride, 4 * Stride, 5 * Stride, 6 * Stride, 7 * Stride);
    const __m256i vector = _mm256_srli_epi32(position, 3);
    Vector result = zero();
    CONV1D_UNROLL
    for (int v = 0; v < Stride; v++) {
      const Vector mask = _mm256_castsi256_ps(_mm256_cmpeq_epi32(vector, _mm256_set1_epi32(v)));
      result = _mm256_blendv_ps(result, _mm256_permutevar8x32_ps(load(from + v * kLanes), position), mask);
    }
    return result;
  }

  static Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  static Vector sub(Vector a, Vector b) { return _mm256_sub_ps(a, b); }
  static Vector mul(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
  static Vector fma(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
  static Vector fnma(Vector a, Vector b, Vector c) { return _mm256_fnmadd_ps(a, b, c); }

  // For functions (functions.h): bits of the elements, as unsigned numbers of the same width; what is chosen lane by
  // lane.
  using Bits = __m256i;
  using Word = uint32_t;
  using Choice = Vector;
  static Vector div(Vector a, Vector b) { return _mm256_div_ps(a, b); }
  static Vector sqrt(Vector a) { return _mm256_sqrt_ps(a); }
  static Bits bitsOf(Vector a) { return _mm256_castps_si256(a); }
  static Vector ofBits(Bits a) { return _mm256_castsi256_ps(a); }
  static Bits broadcastBits(Word bits) { return _mm256_set1_epi32(static_cast<int>(bits)); }
  static Bits andBits(Bits a, Bits b) { return _mm256_and_si256(a, b); }
  static Bits orBits(Bits a, Bits b) { return _mm256_or_si256(a, b); }
  static Bits xorBits(Bits a, Bits b) { return _mm256_xor_si256(a, b); }
  static Bits addBits(Bits a, Bits b) { return _mm256_add_epi32(a, b); }
  template <int N>
  static Bits shiftLeft(Bits a) {
    return _mm256_slli_epi32(a, N);
  }
  template <int N>
  static Bits shiftRight(Bits a) {
    return _mm256_srli_epi32(a, N);
  }
  static Choice less(Vector a, Vector b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
  static Vector choose(Choice first, Vector a, Vector b) { return _mm256_blendv_ps(b, a, first); }
  static bool any(Choice choice) { return _mm256_movemask_ps(choice) != 0; }
  // The larger one; NaN where either is.
  static Vector largerOrNan(Vector a, Vector b) {
    return _mm256_or_ps(_mm256_max_ps(b, a), _mm256_cmp_ps(b, b, _CMP_UNORD_Q));
  }

  // Elements 0 to 3 of kLanes rows, `stride` apart, as vectors with a row in each lane; and back, the
  // first row first.
  static constexpr int kTransposed = 4;
  static void loadTransposed(const float* from, int64_t stride, Vector* to) {
    Vector rows[4];
    CONV1D_UNROLL
    for (int i = 0; i < 4; i++) {
      const Vector row = _mm256_castps128_ps256(_mm_loadu_ps(from + i * stride));
      rows[i] = _mm256_insertf128_ps(row, _mm_loadu_ps(from + (i + 4) * stride), 1);
    }
    transposeHalves(rows, to);
  }
  // a[0], b[0], a[1], b[1], ...
  static void storeInterleaved(Vector a, Vector b, float* to) {
    const Vector low = _mm256_unpacklo_ps(a, b);
    const Vector high = _mm256_unpackhi_ps(a, b);
    store(to, _mm256_permute2f128_ps(low, high, 0x20));
    store(to + kLanes, _mm256_permute2f128_ps(low, high, 0x31));
  }
  static void storeTransposed(const Vector* from, float* to, int64_t stride) {
    Vector rows[4];
    transposeHalves(from, rows);
    CONV1D_UNROLL
    for (int i = 0; i < 4; i++) _mm_storeu_ps(to + i * stride, _mm256_castps256_ps128(rows[i]));
    CONV1D_UNROLL
    for (int i = 0; i < 4; i++) _mm_storeu_ps(to + (i + 4) * stride, _mm256_extractf128_ps(rows[i], 1));
  }

  // kLanes rows of as many elements each become columns.
  static void transposeSquare(Vector* rows) {
    Vector halves[8];
    transposeHalves(rows, halves);
    transposeHalves(rows + 4, halves + 4);
    CONV1D_UNROLL
    for (int i = 0; i < 4; i++) {
      rows[i] = _mm256_permute2f128_ps(halves[i], halves[i + 4], 0x20);
      rows[i + 4] = _mm256_permute2f128_ps(halves[i], halves[i + 4], 0x31);
    }
  }

  // Of 8 rows of 16 chains, the sum of each (weight_gradients.h).
  static Vector mergeChains(const float* rows) {
    Vector sums[8];
    CONV1D_UNROLL
    for (int i = 0; i < 8; i++) {
      const float* const row = rows + (i % 2 * 4 + i / 2) * 16;
      sums[i] = add(load(row), load(row + kLanes));
    }
    CONV1D_UNROLL
    for (int i = 0; i < 4; i++) {
      const Vector a = sums[2 * i];
      const Vector b = sums[2 * i + 1];
      sums[i] = add(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
    }
    CONV1D_UNROLL
    for (int i = 0; i < 2; i++) {
      const __m256d a = _mm256_castps_pd(sums[2 * i]);
      const __m256d b = _mm256_castps_pd(sums[2 * i + 1]);
      sums[i] = add(_mm256_castpd_ps(_mm256_unpacklo_pd(a, b)), _mm256_castpd_ps(_mm256_unpackhi_pd(a, b)));
    }
    return add(_mm256_shuffle_ps(sums[0], sums[1], 0x88), _mm256_shuffle_ps(sums[0], sums[1], 0xDD));
  }

  static Vector fmaBroadcast(Vector w, const float* x, Vector acc) {
    return _mm256_fmadd_ps(w, _mm256_broadcast_ss(x), acc);
  }

  template <int MR>
  struct Weights {
    const float* w;
    explicit Weights(const float* from) : w(from) {}
    Vector fma(int m, Vector x, Vector acc) const { return _mm256_fmadd_ps(_mm256_set1_ps(w[m]), x, acc); }
  };

 private:
  // 4 x 4 within each 128 bits.
  static void transposeHalves(const Vector* from, Vector* to) {
    const __m256d a = _mm256_castps_pd(_mm256_unpacklo_ps(from[0], from[1]));
    const __m256d b = _mm256_castps_pd(_mm256_unpacklo_ps(from[2], from[3]));
    const __m256d c = _mm256_castps_pd(_mm256_unpackhi_ps(from[0], from[1]));
    const __m256d d = _mm256_castps_pd(_mm256_unpackhi_ps(from[2], from[3]));
    to[0] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, b));
    to[1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, b));
    to[2] = _mm256_castpd_ps(_mm256_unpacklo_pd(c, d));
    to[3] = _mm256_castpd_ps(_mm256_unpackhi_pd(c, d));
  }
};

struct Avx2F64 : Avx2Shape {
  using Wide = Avx2F64;
  using Scalar = double;
  using Vector = __m256d;
  using Mask = __m256i;
  static constexpr int kLanes = 4;

  static Mask mask(int columns) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMaskWindow + 8 - 2 * columns));
  }
  static Vector zero() { return _mm256_setzero_pd(); }
  static Vector broadcast(double value) { return _mm256_set1_pd(value); }
  static Vector load(const double* from) { return _mm256_loadu_pd(from); }
  static Vector loadPartial(const double* from, Mask mask) { return _mm256_maskload_pd(from, mask); }
  static void store(double* to, Vector value) { _mm256_storeu_pd(to, value); }
  static void storePartial(double* to, Vector value, Mask mask) { _mm256_maskstore_pd(to, mask, value); }
  static Vector normalise(Vector value) {
    const Vector nan = _mm256_cmp_pd(value, value, _CMP_UNORD_Q);
    const Vector canonical = _mm256_castsi256_pd(_mm256_set1_epi64x(0x7FF8000000000000));
    return _mm256_blendv_pd(_mm256_add_pd(value, zero()), canonical, nan);
  }

  static constexpr int kMaxPickStride = 2;
  template <int Stride>
  static Vector pick(const double* from) {
    return _mm256_permute4x64_pd(_mm256_unpacklo_pd(load(from), load(from + kLanes)), 0xD8);
  }

  static Vector add(Vector a, Vector b) { return _mm256_add_pd(a, b); }
  static Vector sub(Vector a, Vector b) { return _mm256_sub_pd(a, b); }
  static Vector mul(Vector a, Vector b) { return _mm256_mul_pd(a, b); }
  static Vector fma(Vector a, Vector b, Vector c) { return _mm256_fmadd_pd(a, b, c); }
  static Vector fnma(Vector a, Vector b, Vector c) { return _mm256_fnmadd_pd(a, b, c); }

  // For functions (functions.h): bits of the elements, as unsigned numbers of the same width; what is chosen lane by
  // lane.
  using Bits = __m256i;
  using Word = uint64_t;
  using Choice = Vector;
  static Vector div(Vector a, Vector b) { return _mm256_div_pd(a, b); }
  static Vector sqrt(Vector a) { return _mm256_sqrt_pd(a); }
  static Bits bitsOf(Vector a) { return _mm256_castpd_si256(a); }
  static Vector ofBits(Bits a) { return _mm256_castsi256_pd(a); }
  static Bits broadcastBits(Word bits) { return _mm256_set1_epi64x(static_cast<long long>(bits)); }
  static Bits andBits(Bits a, Bits b) { return _mm256_and_si256(a, b); }
  static Bits orBits(Bits a, Bits b) { return _mm256_or_si256(a, b); }
  static Bits xorBits(Bits a, Bits b) { return _mm256_xor_si256(a, b); }
  static Bits addBits(Bits a, Bits b) { return _mm256_add_epi64(a, b); }
  template <int N>
  static Bits shiftLeft(Bits a) {
    return _mm256_slli_epi64(a, N);
  }
  template <int N>
  static Bits shiftRight(Bits a) {
    return _mm256_srli_epi64(a, N);
  }
  static Choice less(Vector a, Vector b) { return _mm256_cmp_pd(a, b, _CMP_LT_OQ); }
  static Vector choose(Choice first, Vector a, Vector b) { return _mm256_blendv_pd(b, a, first); }
  static bool any(Choice choice) { return _mm256_movemask_pd(choice) != 0; }
  // The larger one; NaN where either is.
  static Vector largerOrNan(Vector a, Vector b) {
    return _mm256_or_pd(_mm256_max_pd(b, a), _mm256_cmp_pd(b, b, _CMP_UNORD_Q));
  }

  // Elements 0 and 1 of kLanes rows, `stride` apart, as vectors with a row in each lane; and back, the
  // first row first.
  static constexpr int kTransposed = 2;
  static void loadTransposed(const double* from, int64_t stride, Vector* to) {
    Vector rows[2];
    CONV1D_UNROLL
    for (int i = 0; i < 2; i++) {
      const Vector row = _mm256_castpd128_pd256(_mm_loadu_pd(from + i * stride));
      rows[i] = _mm256_insertf128_pd(row, _mm_loadu_pd(from + (i + 2) * stride), 1);
    }
    to[0] = _mm256_unpacklo_pd(rows[0], rows[1]);
    to[1] = _mm256_unpackhi_pd(rows[0], rows[1]);
  }
  // a[0], b[0], a[1], b[1], ...
  static void storeInterleaved(Vector a, Vector b, double* to) {
    const Vector low = _mm256_unpacklo_pd(a, b);
    const Vector high = _mm256_unpackhi_pd(a, b);
    store(to, _mm256_permute2f128_pd(low, high, 0x20));
    store(to + kLanes, _mm256_permute2f128_pd(low, high, 0x31));
  }
  static void storeTransposed(const Vector* from, double* to, int64_t stride) {
    const Vector rows[2] = {_mm256_unpacklo_pd(from[0], from[1]), _mm256_unpackhi_pd(from[0], from[1])};
    _mm_storeu_pd(to, _mm256_castpd256_pd128(rows[0]));
    _mm_storeu_pd(to + stride, _mm256_castpd256_pd128(rows[1]));
    _mm_storeu_pd(to + 2 * stride, _mm256_extractf128_pd(rows[0], 1));
    _mm_storeu_pd(to + 3 * stride, _mm256_extractf128_pd(rows[1], 1));
  }

  // kLanes rows of as many elements each become columns.
  static void transposeSquare(Vector* rows) {
    const Vector pairs[4] = {_mm256_unpacklo_pd(rows[0], rows[1]), _mm256_unpackhi_pd(rows[0], rows[1]),
                             _mm256_unpacklo_pd(rows[2], rows[3]), _mm256_unpackhi_pd(rows[2], rows[3])};
    CONV1D_UNROLL
    for (int i = 0; i < 2; i++) {
      rows[i] = _mm256_permute2f128_pd(pairs[i], pairs[i + 2], 0x20);
      rows[i + 2] = _mm256_permute2f128_pd(pairs[i], pairs[i + 2], 0x31);
    }
  }

  static Vector fmaBroadcast(Vector w, const double* x, Vector acc) {
    return _mm256_fmadd_pd(w, _mm256_broadcast_sd(x), acc);
  }

  template <int MR>
  struct Weights {
    const double* w;
    explicit Weights(const double* from) : w(from) {}
    Vector fma(int m, Vector x, Vector acc) const { return _mm256_fmadd_pd(_mm256_set1_pd(w[m]), x, acc); }
  };
};

}  // namespace
