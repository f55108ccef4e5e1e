#include "core/pointwise/copy.h"

#include <cstring>

namespace conv1d {
namespace {

// Rows of the input and of the output both as long as a cache line holds elements, or longer: a square of a
// transposition whose lines are in the first cache once for all.
constexpr int64_t kSquare = 32;

template <typename T>
void copyRow(const T* from, int64_t fromStride, T* to, int64_t toStride, int64_t count) noexcept {
  if (fromStride == 1 && toStride == 1) {
    std::memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
  } else if (fromStride == 0 && toStride == 1) {
    std::fill_n(to, count, *from);
  } else {
    for (int64_t i = 0; i < count; i++) to[i * toStride] = from[i * fromStride];
  }
}

// The dimension, other than the last, along which neighbours of the input are neighbours in memory; -1 without one.
int denseDimension(const Merged<2>& merged) noexcept {
  for (int dim = static_cast<int>(merged.count) - 2; dim >= 0; dim--) {
    if (merged.strides[0][static_cast<size_t>(dim)] == 1) return dim;
  }
  return -1;
}

// A transposition in squares: rows of `last` of the output, neighbours of the input along `dense`.
template <typename T>
void copyTransposed(const Merged<2>& merged, size_t dense, const StridedInput<T>& from, const StridedOutput<T>& to,
                    int threads) noexcept {
  const size_t last = merged.count - 1;
  const int64_t rows = merged.shape[dense];
  const int64_t columns = merged.shape[last];
  const int64_t fromColumn = merged.strides[0][last];
  const int64_t toRow = merged.strides[1][dense];
  // All other dimensions, and the strips of rows, one after the other.
  std::array<int64_t, kMaxDimensions> shape{};
  std::array<std::array<int64_t, kMaxDimensions>, 2> strides{};
  size_t count = 0;
  for (size_t d = 0; d < last; d++) {
    if (d == dense) continue;
    shape[count] = merged.shape[d];
    for (size_t i = 0; i < 2; i++) strides[i][count] = merged.strides[i][d];
    count++;
  }
  const int64_t strips = ceilDivide(rows, kSquare);
  shape[count] = strips;
  strides[0][count] = kSquare;
  strides[1][count] = kSquare * toRow;
  count++;
  const std::span<const int64_t> sizes(shape.data(), count);
  const int64_t perTask = std::max<int64_t>(1, kBlock / (kSquare * columns));
  const int64_t total = countOf(sizes);
  const auto useful =
      static_cast<int>(std::clamp<int64_t>(rows * columns * (total / strips) / kLeastPerThread, 1, threads));
  parallelFor(ceilDivide(total, perTask), useful, [&](int, TaskRange& tasks) {
    for (int64_t task, end; tasks.take(&task, &end);) {
      const int64_t begin = task * perTask;
      forEachRow<2>(
          sizes,
          {std::span<const int64_t>(strides[0].data(), count), std::span<const int64_t>(strides[1].data(), count)},
          begin, std::min(total, end * perTask) - begin,
          [&](int64_t, int64_t column, int64_t strips_, const std::array<int64_t, 2>& at) {
            for (int64_t strip = column; strip < column + strips_; strip++) {
              const T* source = from.data + at[0] + strip * kSquare;
              T* target = to.data + at[1] + strip * kSquare * toRow;
              const int64_t height = std::min(kSquare, rows - strip * kSquare);
              for (int64_t first = 0; first < columns; first += kSquare) {
                const int64_t width = std::min(kSquare, columns - first);
                for (int64_t r = 0; r < height; r++) {
                  const T* in = source + first * fromColumn + r;
                  T* const out = target + r * toRow + first;
                  for (int64_t c = 0; c < width; c++) out[c] = in[c * fromColumn];
                }
              }
            }
          });
    }
  });
}

}  // namespace

template <typename T>
void copyView(std::span<const int64_t> shape, const StridedInput<T>& from, const StridedOutput<T>& to,
              int threads) noexcept {
  const Merged<2> merged(shape, {from.strides, to.strides});
  const int64_t fromStride = merged.lastStride(0);
  const int64_t toStride = merged.lastStride(1);
  const int dense = toStride == 1 && fromStride != 1 && fromStride != 0 ? denseDimension(merged) : -1;
  if (dense >= 0) return copyTransposed(merged, static_cast<size_t>(dense), from, to, threads);
  forEachBlock(countOf(shape), threads, [&](int64_t begin, int64_t count) {
    forEachRow<2>(merged.sizes(), merged.allStrides(), begin, count,
                  [&](int64_t, int64_t column, int64_t columns, const std::array<int64_t, 2>& at) {
                    copyRow(from.data + at[0] + column * fromStride, fromStride, to.data + at[1] + column * toStride,
                            toStride, columns);
                  });
  });
}

template void copyView<uint8_t>(std::span<const int64_t>, const StridedInput<uint8_t>&, const StridedOutput<uint8_t>&,
                                int) noexcept;
template void copyView<uint32_t>(std::span<const int64_t>, const StridedInput<uint32_t>&,
                                 const StridedOutput<uint32_t>&, int) noexcept;
template void copyView<uint64_t>(std::span<const int64_t>, const StridedInput<uint64_t>&,
                                 const StridedOutput<uint64_t>&, int) noexcept;

}  // namespace conv1d
