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

struct Avx2F32 : Avx2Shape {
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

  static Vector fmaBroadcast(Vector w, const float* x, Vector acc) {
    return _mm256_fmadd_ps(w, _mm256_broadcast_ss(x), acc);
  }

  template <int MR>
  struct Weights {
    const float* w;
    explicit Weights(const float* from) : w(from) {}
    Vector fma(int m, Vector x, Vector acc) const { return _mm256_fmadd_ps(_mm256_set1_ps(w[m]), x, acc); }
  };
};

struct Avx2F64 : Avx2Shape {
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
