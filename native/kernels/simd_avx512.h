// AVX-512F: 32 registers of 16 floats or 8 doubles.
//
// Leans on vfmadd231ps/pd zmm (latency 4, two per cycle on server cores with two 512-bit ports), so a tile wants at
// least eight independent accumulators; 8 x 3 vectors uses 24 and leaves room for three inputs and a broadcast weight.
// Masked loads and stores touch no memory behind a cleared mask bit.
#pragma once

// GCC 12 takes the undefined operands in its own header for mistakes (its bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
#include <stdint.h>

#include "kernels/blocks.h"
#include "kernels/compiler.h"

namespace {

// Lane i of the Stride-th elements is lane index[i] of vector v, where bit i of masks[v] is set.
template <typename Int, int Lanes, int Stride>
struct PickTable {
  alignas(64) Int index[Lanes] = {};
  uint32_t masks[Stride] = {};

  constexpr PickTable() {
    for (int i = 0; i < Lanes; i++) {
      index[i] = i * Stride % Lanes;
      masks[i * Stride / Lanes] |= 1u << i;
    }
  }
};

template <typename Int, int Lanes, int Stride>
constexpr PickTable<Int, Lanes, Stride> kPickTable;

// What vfixupimm does by class of number, four bits each, from the lowest: quiet NaN, signalling NaN, zero, one, both
// infinities, negative, positive. 0 keeps the first operand (the NaN that all become), 8 is +0, 1 the value itself.
constexpr int kNormalise = 0x11111800;

struct Avx512Shape {
  static constexpr conv1d::Blocks kBlocks = conv1d::blocks::kAvx512;
};

struct Avx512F64;

struct Avx512F32 : Avx512Shape {
  using Wide = Avx512F64;  // what weights are transformed in
  using Scalar = float;
  using Vector = __m512;
  using Mask = __mmask16;
  static constexpr int kLanes = 16;

  static Mask mask(int columns) { return static_cast<Mask>((1u << columns) - 1u); }
  static Vector zero() { return _mm512_setzero_ps(); }
  static Vector broadcast(float value) { return _mm512_set1_ps(value); }
  static Vector load(const float* from) { return _mm512_loadu_ps(from); }
  static Vector loadPartial(const float* from, Mask mask) { return _mm512_maskz_loadu_ps(mask, from); }
  static void store(float* to, Vector value) { _mm512_storeu_ps(to, value); }
  static void storePartial(float* to, Vector value, Mask mask) { _mm512_mask_storeu_ps(to, mask, value); }
  static Vector normalise(Vector value) {
    const Vector canonical = _mm512_castsi512_ps(_mm512_set1_epi32(0x7FC00000));
    return _mm512_fixupimm_ps(canonical, value, _mm512_set1_epi32(kNormalise), 0);
  }

  // Every Stride-th element, as a vector.
  static constexpr int kMaxPickStride = 8;
  template <int Stride>
  static Vector pick(const float* from) {
    constexpr const auto& table = kPickTable<int32_t, kLanes, Stride>;
    const __m512i index = _mm512_load_si512(table.index);
    Vector result = zero();
    CONV1D_UNROLL
    for (int v = 0; v < Stride; v++) {
      const Mask mask = static_cast<Mask>(table.masks[v]);
      result = _mm512_mask_permutexvar_ps(result, mask, index, load(from + v * kLanes));
    }
    return result;
  }

  static Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
  static Vector sub(Vector a, Vector b) { return _mm512_sub_ps(a, b); }
  static Vector mul(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
  static Vector fma(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
  static Vector fnma(Vector a, Vector b, Vector c) { return _mm512_fnmadd_ps(a, b, c); }

  // For functions (functions.h): bits of the elements, as unsigned numbers of the same width; what is chosen lane by
  // lane.
  using Bits = __m512i;
  using Word = uint32_t;
  using Choice = Mask;
  static Vector div(Vector a, Vector b) { return _mm512_div_ps(a, b); }
  static Vector sqrt(Vector a) { return _mm512_sqrt_ps(a); }
  static Bits bitsOf(Vector a) { return _mm512_castps_si512(a); }
  static Vector ofBits(Bits a) { return _mm512_castsi512_ps(a); }
  static Bits broadcastBits(Word bits) { return _mm512_set1_epi32(static_cast<int>(bits)); }
  static Bits andBits(Bits a, Bits b) { return _mm512_and_si512(a, b); }
  static Bits orBits(Bits a, Bits b) { return _mm512_or_si512(a, b); }
  static Bits xorBits(Bits a, Bits b) { return _mm512_xor_si512(a, b); }
  static Bits addBits(Bits a, Bits b) { return _mm512_add_epi32(a, b); }
  template <int N>
  static Bits shiftLeft(Bits a) {
    return _mm512_slli_epi32(a, N);
  }
  template <int N>
  static Bits shiftRight(Bits a) {
    return _mm512_srli_epi32(a, N);
  }
  static Choice less(Vector a, Vector b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
  static Vector choose(Choice first, Vector a, Vector b) { return _mm512_mask_blend_ps(first, b, a); }
  static bool any(Choice choice) { return choice != 0; }
  // The larger one; NaN where either is.
  static Vector largerOrNan(Vector a, Vector b) {
    return _mm512_mask_mov_ps(_mm512_max_ps(b, a), _mm512_cmp_ps_mask(b, b, _CMP_UNORD_Q), b);
  }

  // Elements 0 to 3 of kLanes rows, `stride` apart, as vectors with a row in each lane; and back, the
  // first row first.
  static constexpr int kTransposed = 4;
  static void loadTransposed(const float* from, int64_t stride, Vector* to) {
    Vector rows[4];
    CONV1D_UNROLL
    for (int i = 0; i < 4; i++) {
      Vector row = _mm512_castps128_ps512(_mm_loadu_ps(from + i * stride));
      row = _mm512_insertf32x4(row, _mm_loadu_ps(from + (i + 4) * stride), 1);
      row = _mm512_insertf32x4(row, _mm_loadu_ps(from + (i + 8) * stride), 2);
      rows[i] = _mm512_insertf32x4(row, _mm_loadu_ps(from + (i + 12) * stride), 3);
    }
    transposeQuarters(rows, to);
  }
  // a[0], b[0], a[1], b[1], ...
  static void storeInterleaved(Vector a, Vector b, float* to) {
    const __m512i first = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i second = _mm512_add_epi32(first, _mm512_set1_epi32(8));
    store(to, _mm512_permutex2var_ps(a, first, b));
    store(to + kLanes, _mm512_permutex2var_ps(a, second, b));
  }
  static void storeTransposed(const Vector* from, float* to, int64_t stride) {
    Vector rows[4];
    transposeQuarters(from, rows);
    storeQuarters<0>(rows, to, stride);
    storeQuarters<1>(rows, to + 4 * stride, stride);
    storeQuarters<2>(rows, to + 8 * stride, stride);
    storeQuarters<3>(rows, to + 12 * stride, stride);
  }

  // kLanes rows of as many elements each become columns.
  static void transposeSquare(Vector* rows) {
    Vector quarters[16];
    CONV1D_UNROLL
    for (int q = 0; q < 4; q++) transposeQuarters(rows + 4 * q, quarters + 4 * q);
    CONV1D_UNROLL
    for (int i = 0; i < 4; i++) {
      const Vector a = _mm512_shuffle_f32x4(quarters[i], quarters[i + 4], 0x44);
      const Vector b = _mm512_shuffle_f32x4(quarters[i], quarters[i + 4], 0xEE);
      const Vector c = _mm512_shuffle_f32x4(quarters[i + 8], quarters[i + 12], 0x44);
      const Vector d = _mm512_shuffle_f32x4(quarters[i + 8], quarters[i + 12], 0xEE);
      rows[i] = _mm512_shuffle_f32x4(a, c, 0x88);
      rows[i + 4] = _mm512_shuffle_f32x4(a, c, 0xDD);
      rows[i + 8] = _mm512_shuffle_f32x4(b, d, 0x88);
      rows[i + 12] = _mm512_shuffle_f32x4(b, d, 0xDD);
    }
  }

  // Of 16 rows of 16 chains, the sum of each (weight_gradients.h).
  static Vector mergeChains(const float* rows) {
    Vector sums[16];
    CONV1D_UNROLL
    for (int i = 0; i < 16; i++) sums[i] = load(rows + (i % 4 * 4 + i / 4) * 16);
    CONV1D_UNROLL
    for (int i = 0; i < 8; i++) sums[i] = addQuarters<0x44, 0xEE>(sums[2 * i], sums[2 * i + 1]);
    CONV1D_UNROLL
    for (int i = 0; i < 4; i++) sums[i] = addQuarters<0x88, 0xDD>(sums[2 * i], sums[2 * i + 1]);
    CONV1D_UNROLL
    for (int i = 0; i < 2; i++) {
      const __m512d a = _mm512_castps_pd(sums[2 * i]);
      const __m512d b = _mm512_castps_pd(sums[2 * i + 1]);
      sums[i] = add(_mm512_castpd_ps(_mm512_unpacklo_pd(a, b)), _mm512_castpd_ps(_mm512_unpackhi_pd(a, b)));
    }
    return add(_mm512_shuffle_ps(sums[0], sums[1], 0x88), _mm512_shuffle_ps(sums[0], sums[1], 0xDD));
  }

  static Vector fmaBroadcast(Vector w, const float* x, Vector acc) {
    return _mm512_fmadd_ps(w, _mm512_set1_ps(*x), acc);
  }

  template <int MR>
  struct Weights {
    const float* w;
    explicit Weights(const float* from) : w(from) {}
    Vector fma(int m, Vector x, Vector acc) const { return _mm512_fmadd_ps(_mm512_set1_ps(w[m]), x, acc); }
  };

 private:
  template <int First, int Second>
  static Vector addQuarters(Vector a, Vector b) {
    return add(_mm512_shuffle_f32x4(a, b, First), _mm512_shuffle_f32x4(a, b, Second));
  }

  template <int Quarter>
  static void storeQuarters(const Vector* rows, float* to, int64_t stride) {
    CONV1D_UNROLL
    for (int i = 0; i < 4; i++) _mm_storeu_ps(to + i * stride, _mm512_extractf32x4_ps(rows[i], Quarter));
  }

  // 4 x 4 within each 128 bits.
  static void transposeQuarters(const Vector* from, Vector* to) {
    const __m512d a = _mm512_castps_pd(_mm512_unpacklo_ps(from[0], from[1]));
    const __m512d b = _mm512_castps_pd(_mm512_unpacklo_ps(from[2], from[3]));
    const __m512d c = _mm512_castps_pd(_mm512_unpackhi_ps(from[0], from[1]));
    const __m512d d = _mm512_castps_pd(_mm512_unpackhi_ps(from[2], from[3]));
    to[0] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
    to[1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
    to[2] = _mm512_castpd_ps(_mm512_unpacklo_pd(c, d));
    to[3] = _mm512_castpd_ps(_mm512_unpackhi_pd(c, d));
  }
};

struct Avx512F64 : Avx512Shape {
  using Wide = Avx512F64;
  using Scalar = double;
  using Vector = __m512d;
  using Mask = __mmask8;
  static constexpr int kLanes = 8;

  static Mask mask(int columns) { return static_cast<Mask>((1u << columns) - 1u); }
  static Vector zero() { return _mm512_setzero_pd(); }
  static Vector broadcast(double value) { return _mm512_set1_pd(value); }
  static Vector load(const double* from) { return _mm512_loadu_pd(from); }
  static Vector loadPartial(const double* from, Mask mask) { return _mm512_maskz_loadu_pd(mask, from); }
  static void store(double* to, Vector value) { _mm512_storeu_pd(to, value); }
  static void storePartial(double* to, Vector value, Mask mask) { _mm512_mask_storeu_pd(to, mask, value); }
  static Vector normalise(Vector value) {
    const Vector canonical = _mm512_castsi512_pd(_mm512_set1_epi64(0x7FF8000000000000));
    return _mm512_fixupimm_pd(canonical, value, _mm512_set1_epi64(kNormalise), 0);
  }

  // Every Stride-th element, as a vector.
  static constexpr int kMaxPickStride = 8;
  template <int Stride>
  static Vector pick(const double* from) {
    constexpr const auto& table = kPickTable<int64_t, kLanes, Stride>;
    const __m512i index = _mm512_load_si512(table.index);
    Vector result = zero();
    CONV1D_UNROLL
    for (int v = 0; v < Stride; v++) {
      const Mask mask = static_cast<Mask>(table.masks[v]);
      result = _mm512_mask_permutexvar_pd(result, mask, index, load(from + v * kLanes));
    }
    return result;
  }

  static Vector add(Vector a, Vector b) { return _mm512_add_pd(a, b); }
  static Vector sub(Vector a, Vector b) { return _mm512_sub_pd(a, b); }
  static Vector mul(Vector a, Vector b) { return _mm512_mul_pd(a, b); }
  static Vector fma(Vector a, Vector b, Vector c) { return _mm512_fmadd_pd(a, b, c); }
  static Vector fnma(Vector a, Vector b, Vector c) { return _mm512_fnmadd_pd(a, b, c); }

  // For functions (functions.h): bits of the elements, as unsigned numbers of the same width; what is chosen lane by
  // lane.
  using Bits = __m512i;
  using Word = uint64_t;
  using Choice = Mask;
  static Vector div(Vector a, Vector b) { return _mm512_div_pd(a, b); }
  static Vector sqrt(Vector a) { return _mm512_sqrt_pd(a); }
  static Bits bitsOf(Vector a) { return _mm512_castpd_si512(a); }
  static Vector ofBits(Bits a) { return _mm512_castsi512_pd(a); }
  static Bits broadcastBits(Word bits) { return _mm512_set1_epi64(static_cast<long long>(bits)); }
  static Bits andBits(Bits a, Bits b) { return _mm512_and_si512(a, b); }
  static Bits orBits(Bits a, Bits b) { return _mm512_or_si512(a, b); }
  static Bits xorBits(Bits a, Bits b) { return _mm512_xor_si512(a, b); }
  static Bits addBits(Bits a, Bits b) { return _mm512_add_epi64(a, b); }
  template <int N>
  static Bits shiftLeft(Bits a) {
    return _mm512_slli_epi64(a, N);
  }
  template <int N>
  static Bits shiftRight(Bits a) {
    return _mm512_srli_epi64(a, N);
  }
  static Choice less(Vector a, Vector b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
  static Vector choose(Choice first, Vector a, Vector b) { return _mm512_mask_blend_pd(first, b, a); }
  static bool any(Choice choice) { return choice != 0; }
  // The larger one; NaN where either is.
  static Vector largerOrNan(Vector a, Vector b) {
    return _mm512_mask_mov_pd(_mm512_max_pd(b, a), _mm512_cmp_pd_mask(b, b, _CMP_UNORD_Q), b);
  }

  // Elements 0 and 1 of kLanes rows, `stride` apart, as vectors with a row in each lane; and back, the
  // first row first.
  static constexpr int kTransposed = 2;
  static void loadTransposed(const double* from, int64_t stride, Vector* to) {
    Vector rows[2];
    CONV1D_UNROLL
    for (int i = 0; i < 2; i++) {
      Vector row = _mm512_castpd128_pd512(_mm_loadu_pd(from + i * stride));
      row = _mm512_insertf64x2(row, _mm_loadu_pd(from + (i + 2) * stride), 1);
      row = _mm512_insertf64x2(row, _mm_loadu_pd(from + (i + 4) * stride), 2);
      rows[i] = _mm512_insertf64x2(row, _mm_loadu_pd(from + (i + 6) * stride), 3);
    }
    to[0] = _mm512_unpacklo_pd(rows[0], rows[1]);
    to[1] = _mm512_unpackhi_pd(rows[0], rows[1]);
  }
  // a[0], b[0], a[1], b[1], ...
  static void storeInterleaved(Vector a, Vector b, double* to) {
    const __m512i first = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
    const __m512i second = _mm512_add_epi64(first, _mm512_set1_epi64(4));
    store(to, _mm512_permutex2var_pd(a, first, b));
    store(to + kLanes, _mm512_permutex2var_pd(a, second, b));
  }
  static void storeTransposed(const Vector* from, double* to, int64_t stride) {
    const Vector rows[2] = {_mm512_unpacklo_pd(from[0], from[1]), _mm512_unpackhi_pd(from[0], from[1])};
    storeQuarters<0>(rows, to, stride);
    storeQuarters<1>(rows, to + 2 * stride, stride);
    storeQuarters<2>(rows, to + 4 * stride, stride);
    storeQuarters<3>(rows, to + 6 * stride, stride);
  }

  // kLanes rows of as many elements each become columns.
  static void transposeSquare(Vector* rows) {
    Vector pairs[8];
    CONV1D_UNROLL
    for (int i = 0; i < 8; i += 2) {
      pairs[i] = _mm512_unpacklo_pd(rows[i], rows[i + 1]);
      pairs[i + 1] = _mm512_unpackhi_pd(rows[i], rows[i + 1]);
    }
    CONV1D_UNROLL
    for (int i = 0; i < 2; i++) {
      const Vector a = _mm512_shuffle_f64x2(pairs[i], pairs[i + 2], 0x44);
      const Vector b = _mm512_shuffle_f64x2(pairs[i], pairs[i + 2], 0xEE);
      const Vector c = _mm512_shuffle_f64x2(pairs[i + 4], pairs[i + 6], 0x44);
      const Vector d = _mm512_shuffle_f64x2(pairs[i + 4], pairs[i + 6], 0xEE);
      rows[i] = _mm512_shuffle_f64x2(a, c, 0x88);
      rows[i + 2] = _mm512_shuffle_f64x2(a, c, 0xDD);
      rows[i + 4] = _mm512_shuffle_f64x2(b, d, 0x88);
      rows[i + 6] = _mm512_shuffle_f64x2(b, d, 0xDD);
    }
  }

  // Of 8 rows of 16 chains, the sum of each (weight_gradients.h).
  static Vector mergeChains(const double* rows) {
    Vector sums[8];
    CONV1D_UNROLL
    for (int i = 0; i < 8; i++) {
      const double* const row = rows + (i % 4 * 2 + i / 4) * 16;
      sums[i] = add(load(row), load(row + kLanes));
    }
    CONV1D_UNROLL
    for (int i = 0; i < 4; i++) sums[i] = addQuarters<0x44, 0xEE>(sums[2 * i], sums[2 * i + 1]);
    CONV1D_UNROLL
    for (int i = 0; i < 2; i++) sums[i] = addQuarters<0x88, 0xDD>(sums[2 * i], sums[2 * i + 1]);
    return add(_mm512_unpacklo_pd(sums[0], sums[1]), _mm512_unpackhi_pd(sums[0], sums[1]));
  }

  static Vector fmaBroadcast(Vector w, const double* x, Vector acc) {
    return _mm512_fmadd_pd(w, _mm512_set1_pd(*x), acc);
  }

  template <int MR>
  struct Weights {
    const double* w;
    explicit Weights(const double* from) : w(from) {}
    Vector fma(int m, Vector x, Vector acc) const { return _mm512_fmadd_pd(_mm512_set1_pd(w[m]), x, acc); }
  };

 private:
  template <int First, int Second>
  static Vector addQuarters(Vector a, Vector b) {
    return add(_mm512_shuffle_f64x2(a, b, First), _mm512_shuffle_f64x2(a, b, Second));
  }

  template <int Quarter>
  static void storeQuarters(const Vector* rows, double* to, int64_t stride) {
    _mm_storeu_pd(to, _mm512_extractf64x2_pd(rows[0], Quarter));
    _mm_storeu_pd(to + stride, _mm512_extractf64x2_pd(rows[1], Quarter));
  }
};

}  // namespace
