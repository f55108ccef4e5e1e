// Loops over shapes: in blocks for the threads, in rows for the kernels.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "core/checked_math.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d {

constexpr int kMaxDimensions = 64;

// Element (i0, i1, ...) is data[i0 * strides[0] + i1 * strides[1] + ...]; a dimension that repeats has stride 0.
template <typename T>
struct StridedInput {
  const T* data;
  std::span<const int64_t> strides;
};

// Elements of a task; waking a thread costs as much as some thousand of them.
constexpr int64_t kBlock = 16384;
constexpr int64_t kLeastPerThread = 4 * kBlock;

// body(begin, count) for blocks of the elements [0, count), on all threads when they are many.
template <typename Body>
void forEachBlock(int64_t count, int threads, const Body& body) noexcept {
  const auto useful = static_cast<int>(std::clamp<int64_t>(count / kLeastPerThread, 1, threads));
  parallelFor(ceilDivide(count, kBlock), useful, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t task, end; tasks.take(&task, &end);) {
      const int64_t begin = task * kBlock;
      body(begin, std::min(count, end * kBlock) - begin);
    }
  });
}

// Walks through the rows (the last dimension) of a shape that overlap the elements [begin, begin + count):
// body(element, column, columns, at), `at` being where the row begins in each of `Inputs` inputs.
template <size_t Inputs, typename Body>
void forEachRow(std::span<const int64_t> shape, const std::array<std::span<const int64_t>, Inputs>& strides,
                int64_t begin, int64_t count, const Body& body) noexcept {
  const auto last = static_cast<int>(shape.size()) - 1;
  const int64_t length = last < 0 ? 1 : shape[static_cast<size_t>(last)];
  std::array<int64_t, kMaxDimensions> index{};
  std::array<int64_t, Inputs> at{};
  int64_t row = begin / length;
  for (int dim = last - 1; dim >= 0; dim--) {
    const auto d = static_cast<size_t>(dim);
    index[d] = row % shape[d];
    row /= shape[d];
    for (size_t i = 0; i < Inputs; i++) at[i] += index[d] * strides[i][d];
  }
  int64_t column = begin % length;
  for (int64_t done = 0; done < count;) {
    const int64_t columns = std::min(length - column, count - done);
    body(begin + done, column, columns, at);
    done += columns;
    column = 0;
    for (int dim = last - 1; dim >= 0; dim--) {
      const auto d = static_cast<size_t>(dim);
      for (size_t i = 0; i < Inputs; i++) at[i] += strides[i][d];
      if (++index[d] < shape[d]) break;
      for (size_t i = 0; i < Inputs; i++) at[i] -= strides[i][d] * shape[d];
      index[d] = 0;
    }
  }
}

// A shape without dimensions of size 1, in which neighbours that lie alike in all inputs are one dimension: a row for
// each call of a kernel would otherwise be as short as the last one.
template <size_t Inputs>
struct Merged {
  std::array<int64_t, kMaxDimensions> shape;
  std::array<std::array<int64_t, kMaxDimensions>, Inputs> strides;
  size_t count = 0;

  Merged(std::span<const int64_t> sizes, const std::array<std::span<const int64_t>, Inputs>& steps) noexcept {
    for (size_t d = 0; d < sizes.size(); d++) {
      if (sizes[d] == 1) continue;
      if (count == 0 || !continues(sizes[d], steps, d)) {
        shape[count++] = 1;
      }
      shape[count - 1] *= sizes[d];
      for (size_t i = 0; i < Inputs; i++) strides[i][count - 1] = steps[i][d];
    }
  }

  // Whether dimension d is the inner part of the last one so far.
  bool continues(int64_t size, const std::array<std::span<const int64_t>, Inputs>& steps, size_t d) const noexcept {
    for (size_t i = 0; i < Inputs; i++) {
      if (strides[i][count - 1] != steps[i][d] * size) return false;
    }
    return true;
  }

  std::span<const int64_t> sizes() const noexcept { return {shape.data(), count}; }
  std::span<const int64_t> stridesOf(size_t input) const noexcept { return {strides[input].data(), count}; }

  // From one element of a row to the next.
  int64_t lastStride(size_t input) const noexcept { return count == 0 ? 0 : strides[input][count - 1]; }

  std::array<std::span<const int64_t>, Inputs> allStrides() const noexcept {
    std::array<std::span<const int64_t>, Inputs> all;
    for (size_t i = 0; i < Inputs; i++) all[i] = stridesOf(i);
    return all;
  }
};

inline int64_t countOf(std::span<const int64_t> shape) noexcept {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return count;
}

// Part of a row of two inputs, from `element` of the shape on: `x[i * xStride]` belongs to `y[i * yStride]`.
template <typename T>
struct RowPair {
  const T* x;
  int64_t xStride;
  const T* y;
  int64_t yStride;
  int64_t element;
  int64_t count;
};

// body(RowPair) for all elements of a shape, on all threads when they are many.
template <typename T, typename Body>
void forEachRowPair(std::span<const int64_t> shape, const StridedInput<T>& x, const StridedInput<T>& y, int threads,
                    const Body& body) noexcept {
  const Merged<2> merged(shape, {x.strides, y.strides});
  const int64_t xStride = merged.lastStride(0);
  const int64_t yStride = merged.lastStride(1);
  forEachBlock(countOf(shape), threads, [&](int64_t begin, int64_t count) {
    forEachRow<2>(merged.sizes(), merged.allStrides(), begin, count,
                  [&](int64_t element, int64_t column, int64_t columns, const std::array<int64_t, 2>& at) {
                    body(RowPair<T>{x.data + at[0] + column * xStride, xStride, y.data + at[1] + column * yStride,
                                    yStride, element, columns});
                  });
  });
}

// out = function(x, y) element by element.
template <typename T, typename U, typename F>
void applyToPairs(std::span<const int64_t> shape, const StridedInput<T>& x, const StridedInput<T>& y, U* out,
                  int threads, F function) noexcept {
  forEachRowPair(shape, x, y, threads, [&](const RowPair<T>& row) {
    const auto [left, xStride, right, yStride, element, count] = row;
    U* const to = out + element;
    for (int64_t i = 0; i < count; i++) to[i] = static_cast<U>(function(left[i * xStride], right[i * yStride]));
  });
}

}  // namespace conv1d
