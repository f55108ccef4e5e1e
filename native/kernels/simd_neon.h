// NEON on arm64: 32 registers of 4 floats or 2 doubles.
//
// Leans on fmla by element: it loads the weights of a tap as whole vectors and uses each lane in place, so 8 x 3
// vectors needs 3 input loads and 2 weight loads for 24 fmla (float32).
#pragma once

#include <arm_neon.h>
#include <stdint.h>

#include "kernels/blocks.h"
#include "kernels/neon_weights.h"

namespace {

struct NeonShape {
  static constexpr conv1d::Blocks kBlocks = conv1d::blocks::kNeon;
};

struct NeonF64;

struct NeonF32 : NeonShape {
  using Wide = NeonF64;  // what weights are transformed in
  using Scalar = float;
  using Vector = float32x4_t;
  using Mask = int;  // how many lanes
  static constexpr int kLanes = 4;

  static Mask mask(int columns) { return columns; }
  static Vector zero() { return vdupq_n_f32(0); }
  static Vector broadcast(float value) { return vdupq_n_f32(value); }
  static Vector load(const float* from) { return vld1q_f32(from); }
  static Vector loadPartial(const float* from, Mask count) {
    Vector value = zero();
    if (count > 0) value = vld1q_lane_f32(from, value, 0);
    if (count > 1) value = vld1q_lane_f32(from + 1, value, 1);
    if (count > 2) value = vld1q_lane_f32(from + 2, value, 2);
    if (count > 3) value = vld1q_lane_f32(from + 3, value, 3);
    return value;
  }
  static void store(float* to, Vector value) { vst1q_f32(to, value); }
  static void storePartial(float* to, Vector value, Mask count) {
    if (count > 0) vst1q_lane_f32(to, value, 0);
    if (count > 1) vst1q_lane_f32(to + 1, value, 1);
    if (count > 2) vst1q_lane_f32(to + 2, value, 2);
    if (count > 3) vst1q_lane_f32(to + 3, value, 3);
  }
  static Vector normalise(Vector value) {
    const Vector canonical = vreinterpretq_f32_u32(vdupq_n_u32(0x7FC00000));
    return vbslq_f32(vceqq_f32(value, value), vaddq_f32(value, zero()), canonical);
  }

  // Every Stride-th element, as a vector.
  static constexpr int kMaxPickStride = 4;
  template <int Stride>
  static Vector pick(const float* from) {
    if constexpr (Stride == 2) {
      return vld2q_f32(from).val[0];
    } else if constexpr (Stride == 3) {
      return vld3q_f32(from).val[0];
    } else {
      return vld4q_f32(from).val[0];
    }
  }

  static Vector add(Vector a, Vector b) { return vaddq_f32(a, b); }
  static Vector sub(Vector a, Vector b) { return vsubq_f32(a, b); }
  static Vector mul(Vector a, Vector b) { return vmulq_f32(a, b); }
  static Vector fma(Vector a, Vector b, Vector c) { return vfmaq_f32(c, a, b); }
  static Vector fnma(Vector a, Vector b, Vector c) { return vfmsq_f32(c, a, b); }

  // For functions (functions.h): bits of the elements, as unsigned numbers of the same width; what is chosen lane by
  // lane.
  using Bits = uint32x4_t;
  using Word = uint32_t;
  using Choice = Bits;
  static Vector div(Vector a, Vector b) { return vdivq_f32(a, b); }
  static Vector sqrt(Vector a) { return vsqrtq_f32(a); }
  static Bits bitsOf(Vector a) { return vreinterpretq_u32_f32(a); }
  static Vector ofBits(Bits a) { return vreinterpretq_f32_u32(a); }
  static Bits broadcastBits(Word bits) { return vdupq_n_u32(bits); }
  static Bits andBits(Bits a, Bits b) { return vandq_u32(a, b); }
  static Bits orBits(Bits a, Bits b) { return vorrq_u32(a, b); }
  static Bits xorBits(Bits a, Bits b) { return veorq_u32(a, b); }
  static Bits addBits(Bits a, Bits b) { return vaddq_u32(a, b); }
  template <int N>
  static Bits shiftLeft(Bits a) {
    return vshlq_n_u32(a, N);
  }
  template <int N>
  static Bits shiftRight(Bits a) {
    return vshrq_n_u32(a, N);
  }
  static Choice less(Vector a, Vector b) { return vcltq_f32(a, b); }
  static Vector choose(Choice first, Vector a, Vector b) { return vbslq_f32(first, a, b); }
  static bool any(Choice choice) { return vmaxvq_u32(choice) != 0; }
  // The larger one; NaN where either is.
  static Vector largerOrNan(Vector a, Vector b) { return vmaxq_f32(a, b); }

  // Elements 0 to 3 of kLanes rows, `stride` apart, as vectors with a row in each lane; and back, the
  // first row first.
  static constexpr int kTransposed = 4;
  static void loadTransposed(const float* from, int64_t stride, Vector* to) {
    Vector rows[4];
    for (int i = 0; i < 4; i++) rows[i] = vld1q_f32(from + i * stride);
    transpose(rows, to);
  }
  // a[0], b[0], a[1], b[1], ...
  static void storeInterleaved(Vector a, Vector b, float* to) {
    vst1q_f32(to, vzip1q_f32(a, b));
    vst1q_f32(to + kLanes, vzip2q_f32(a, b));
  }
  static void storeTransposed(const Vector* from, float* to, int64_t stride) {
    Vector rows[4];
    transpose(from, rows);
    for (int i = 0; i < 4; i++) vst1q_f32(to + i * stride, rows[i]);
  }

  static Vector fmaBroadcast(Vector w, const float* x, Vector acc) { return vfmaq_f32(acc, w, vld1q_dup_f32(x)); }

  template <int MR>
  using Weights = LaneWeights<Scalar, Vector, kLanes, MR>;

 private:
  static void transpose(const Vector* from, Vector* to) {
    const float64x2_t a = vreinterpretq_f64_f32(vzip1q_f32(from[0], from[1]));
    const float64x2_t b = vreinterpretq_f64_f32(vzip1q_f32(from[2], from[3]));
    const float64x2_t c = vreinterpretq_f64_f32(vzip2q_f32(from[0], from[1]));
    const float64x2_t d = vreinterpretq_f64_f32(vzip2q_f32(from[2], from[3]));
    to[0] = vreinterpretq_f32_f64(vzip1q_f64(a, b));
    to[1] = vreinterpretq_f32_f64(vzip2q_f64(a, b));
    to[2] = vreinterpretq_f32_f64(vzip1q_f64(c, d));
    to[3] = vreinterpretq_f32_f64(vzip2q_f64(c, d));
  }
};

struct NeonF64 : NeonShape {
  using Wide = NeonF64;
  using Scalar = double;
  using Vector = float64x2_t;
  using Mask = int;
  static constexpr int kLanes = 2;

  static Mask mask(int columns) { return columns; }
  static Vector zero() { return vdupq_n_f64(0); }
  static Vector broadcast(double value) { return vdupq_n_f64(value); }
  static Vector load(const double* from) { return vld1q_f64(from); }
  static Vector loadPartial(const double* from, Mask count) {
    return count > 1 ? vld1q_f64(from) : vld1q_lane_f64(from, zero(), 0);
  }
  static void store(double* to, Vector value) { vst1q_f64(to, value); }
  static void storePartial(double* to, Vector value, Mask count) {
    if (count > 1) {
      vst1q_f64(to, value);
    } else {
      vst1q_lane_f64(to, value, 0);
    }
  }
  static Vector normalise(Vector value) {
    const Vector canonical = vreinterpretq_f64_u64(vdupq_n_u64(0x7FF8000000000000));
    return vbslq_f64(vceqq_f64(value, value), vaddq_f64(value, zero()), canonical);
  }

  // Every Stride-th element, as a vector.
  static constexpr int kMaxPickStride = 4;
  template <int Stride>
  static Vector pick(const double* from) {
    if constexpr (Stride == 2) {
      return vld2q_f64(from).val[0];
    } else if constexpr (Stride == 3) {
      return vld3q_f64(from).val[0];
    } else {
      return vld4q_f64(from).val[0];
    }
  }

  static Vector add(Vector a, Vector b) { return vaddq_f64(a, b); }
  static Vector sub(Vector a, Vector b) { return vsubq_f64(a, b); }
  static Vector mul(Vector a, Vector b) { return vmulq_f64(a, b); }
  static Vector fma(Vector a, Vector b, Vector c) { return vfmaq_f64(c, a, b); }
  static Vector fnma(Vector a, Vector b, Vector c) { return vfmsq_f64(c, a, b); }

  // For functions (functions.h): bits of the elements, as unsigned numbers of the same width; what is chosen lane by
  // lane.
  using Bits = uint64x2_t;
  using Word = uint64_t;
  using Choice = Bits;
  static Vector div(Vector a, Vector b) { return vdivq_f64(a, b); }
  static Vector sqrt(Vector a) { return vsqrtq_f64(a); }
  static Bits bitsOf(Vector a) { return vreinterpretq_u64_f64(a); }
  static Vector ofBits(Bits a) { return vreinterpretq_f64_u64(a); }
  static Bits broadcastBits(Word bits) { return vdupq_n_u64(bits); }
  static Bits andBits(Bits a, Bits b) { return vandq_u64(a, b); }
  static Bits orBits(Bits a, Bits b) { return vorrq_u64(a, b); }
  static Bits xorBits(Bits a, Bits b) { return veorq_u64(a, b); }
  static Bits addBits(Bits a, Bits b) { return vaddq_u64(a, b); }
  template <int N>
  static Bits shiftLeft(Bits a) {
    return vshlq_n_u64(a, N);
  }
  template <int N>
  static Bits shiftRight(Bits a) {
    return vshrq_n_u64(a, N);
  }
  static Choice less(Vector a, Vector b) { return vcltq_f64(a, b); }
  static Vector choose(Choice first, Vector a, Vector b) { return vbslq_f64(first, a, b); }
  static bool any(Choice choice) { return (vgetq_lane_u64(choice, 0) | vgetq_lane_u64(choice, 1)) != 0; }
  // The larger one; NaN where either is.
  static Vector largerOrNan(Vector a, Vector b) { return vmaxq_f64(a, b); }

  // Elements 0 and 1 of kLanes rows, `stride` apart, as vectors with a row in each lane; and back, the
  // first row first.
  static constexpr int kTransposed = 2;
  static void loadTransposed(const double* from, int64_t stride, Vector* to) {
    const Vector rows[2] = {vld1q_f64(from), vld1q_f64(from + stride)};
    to[0] = vzip1q_f64(rows[0], rows[1]);
    to[1] = vzip2q_f64(rows[0], rows[1]);
  }
  // a[0], b[0], a[1], b[1], ...
  static void storeInterleaved(Vector a, Vector b, double* to) {
    vst1q_f64(to, vzip1q_f64(a, b));
    vst1q_f64(to + kLanes, vzip2q_f64(a, b));
  }
  static void storeTransposed(const Vector* from, double* to, int64_t stride) {
    vst1q_f64(to, vzip1q_f64(from[0], from[1]));
    vst1q_f64(to + stride, vzip2q_f64(from[0], from[1]));
  }

  static Vector fmaBroadcast(Vector w, const double* x, Vector acc) { return vfmaq_f64(acc, w, vld1q_dup_f64(x)); }

  template <int MR>
  using Weights = LaneWeights<Scalar, Vector, kLanes, MR>;
};

}  // namespace
