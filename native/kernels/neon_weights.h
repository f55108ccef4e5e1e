// The weights of MR rows in NEON registers, each used by lane.
//
// Where groups of weights do not divide MR, the last one begins early enough to end with the last weight: nothing
// behind it is read. Loads of single elements into lanes of one vector would wait for each other and take cycles of the
// FMA pipes (7x3 vectors of floats, llvm-mca: FMAs began in 0.84 of the pipes' cycles, now in all).
#pragma once

#include <arm_neon.h>

namespace {

// Weights that one load takes.
template <typename Scalar, int Count>
struct WeightGroup;

template <>
struct WeightGroup<float, 4> {
  float32x4_t w;
  void load(const float* from) { w = vld1q_f32(from); }
  float32x4_t fma(int lane, float32x4_t x, float32x4_t acc) const {
    switch (lane) {
      case 0:
        return vfmaq_laneq_f32(acc, x, w, 0);
      case 1:
        return vfmaq_laneq_f32(acc, x, w, 1);
      case 2:
        return vfmaq_laneq_f32(acc, x, w, 2);
      default:
        return vfmaq_laneq_f32(acc, x, w, 3);
    }
  }
};

template <>
struct WeightGroup<float, 2> {
  float32x4_t w;
  // Two lanes of four: out of a vector of two, GCC takes each into a register of its own.
  void load(const float* from) { w = vcombine_f32(vld1_f32(from), vdup_n_f32(0)); }
  float32x4_t fma(int lane, float32x4_t x, float32x4_t acc) const {
    return lane == 0 ? vfmaq_laneq_f32(acc, x, w, 0) : vfmaq_laneq_f32(acc, x, w, 1);
  }
};

template <>
struct WeightGroup<float, 1> {
  float w;
  void load(const float* from) { w = *from; }
  float32x4_t fma(int, float32x4_t x, float32x4_t acc) const { return vfmaq_n_f32(acc, x, w); }
};

template <>
struct WeightGroup<double, 2> {
  float64x2_t w;
  void load(const double* from) { w = vld1q_f64(from); }
  float64x2_t fma(int lane, float64x2_t x, float64x2_t acc) const {
    return lane == 0 ? vfmaq_laneq_f64(acc, x, w, 0) : vfmaq_laneq_f64(acc, x, w, 1);
  }
};

template <>
struct WeightGroup<double, 1> {
  double w;
  void load(const double* from) { w = *from; }
  float64x2_t fma(int, float64x2_t x, float64x2_t acc) const { return vfmaq_n_f64(acc, x, w); }
};

// The largest power of two up to both.
constexpr int groupSize(int lanes, int count) { return lanes <= count ? lanes : groupSize(lanes / 2, count); }

template <typename Scalar, typename Vector, int Lanes, int MR>
struct LaneWeights {
  static constexpr int kSize = groupSize(Lanes, MR);
  static constexpr int kGroups = (MR + kSize - 1) / kSize;
  WeightGroup<Scalar, kSize> groups[kGroups];

  static constexpr int begin(int group) { return group < kGroups - 1 ? group * kSize : MR - kSize; }

  explicit LaneWeights(const Scalar* from) {
    for (int i = 0; i < kGroups; i++) groups[i].load(from + begin(i));
  }
  Vector fma(int m, Vector x, Vector acc) const {
    const int group = m / kSize;
    return groups[group].fma(m - begin(group), x, acc);
  }
};

}  // namespace
