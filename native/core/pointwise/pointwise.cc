#include "core/pointwise/pointwise.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "core/checked_math.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

// Elements of a task; waking a thread costs as much as some thousand of them.
constexpr int64_t kBlock = 16384;
constexpr int64_t kLeastPerThread = 4 * kBlock;

int usefulThreads(int64_t count, int threads) noexcept {
  return static_cast<int>(std::clamp<int64_t>(count / kLeastPerThread, 1, threads));
}

template <typename Body>
void forEachBlock(int64_t count, int threads, const Body& body) noexcept {
  parallelFor(ceilDivide(count, kBlock), usefulThreads(count, threads), [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t task, end; tasks.take(&task, &end);) {
      const int64_t begin = task * kBlock;
      body(begin, std::min(count, end * kBlock) - begin);
    }
  });
}

// Walks through the rows (the last dimension) of a shape that overlap the elements [begin, begin + count), each with
// where it begins in `Inputs` inputs.
template <int Inputs, typename Body>
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
};

int64_t countOf(std::span<const int64_t> shape) noexcept {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return count;
}

int64_t lastStride(std::span<const int64_t> strides) noexcept { return strides.empty() ? 0 : strides.back(); }

}  // namespace

template <typename T>
void applyUnary(const Kernels<T>& kernels, UnaryFunction function, const UnaryArgs<T>& args, int threads) noexcept {
  const auto kernel = kernels.unary[function];
  forEachBlock(args.count, threads, [&](int64_t begin, int64_t count) {
    kernel({args.x + begin, args.out + begin, count, args.a, args.b});
  });
}

template <typename T>
void applyBinary(const Kernels<T>& kernels, BinaryFunction function, std::span<const int64_t> shape,
                 const StridedInput<T>& x, const StridedInput<T>& y, T* out, int threads) noexcept {
  const auto kernel = kernels.binary[function];
  const Merged<2> merged(shape, {x.strides, y.strides});
  const int64_t xStride = lastStride(merged.stridesOf(0));
  const int64_t yStride = lastStride(merged.stridesOf(1));
  forEachBlock(countOf(shape), threads, [&](int64_t begin, int64_t count) {
    forEachRow<2>(merged.sizes(), {merged.stridesOf(0), merged.stridesOf(1)}, begin, count,
                  [&](int64_t element, int64_t column, int64_t columns, const std::array<int64_t, 2>& at) {
                    kernel({x.data + at[0] + column * xStride, y.data + at[1] + column * yStride, out + element,
                            columns, xStride == 0, yStride == 0});
                  });
  });
}

template <typename T>
void gather(std::span<const int64_t> shape, const StridedInput<T>& x, T* out, int threads) noexcept {
  const Merged<1> merged(shape, {x.strides});
  const int64_t stride = lastStride(merged.stridesOf(0));
  forEachBlock(countOf(shape), threads, [&](int64_t begin, int64_t count) {
    forEachRow<1>(merged.sizes(), {merged.stridesOf(0)}, begin, count,
                  [&](int64_t element, int64_t column, int64_t columns, const std::array<int64_t, 1>& at) {
                    const T* from = x.data + at[0] + column * stride;
                    T* const to = out + element;
                    if (stride == 1) {
                      std::memcpy(to, from, static_cast<size_t>(columns) * sizeof(T));
                    } else {
                      for (int64_t i = 0; i < columns; i++) to[i] = from[i * stride];
                    }
                  });
  });
}

#define CONV1D_INSTANTIATE(T)                                                                                       \
  template void applyUnary<T>(const Kernels<T>&, UnaryFunction, const UnaryArgs<T>&, int) noexcept;                 \
  template void applyBinary<T>(const Kernels<T>&, BinaryFunction, std::span<const int64_t>, const StridedInput<T>&, \
                               const StridedInput<T>&, T*, int) noexcept;                                           \
  template void gather<T>(std::span<const int64_t>, const StridedInput<T>&, T*, int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
