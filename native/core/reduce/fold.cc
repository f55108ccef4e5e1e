#include "core/reduce/fold.h"

#include <algorithm>
#include <bit>

#include "core/checked_math.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

constexpr int64_t kLeastPerThread = 65536;  // elements; to wake a thread costs as much as some thousand of them
constexpr int64_t kTaskElements = 16384;
constexpr int64_t kBlockGroup = 64;
// Bytes of a row that are folded at a time: eight lines of them fit the first cache. A quarter of them (1.15 of the
// time) where there would be too few strips for all threads.
constexpr int64_t kStripBytes = 4096;
template <typename T>
constexpr int64_t kMostColumns = kStripBytes / static_cast<int64_t>(sizeof(T));

template <typename T>
auto rowKernel(const Kernels<T>& kernels, int function) noexcept {
  return function == kExponentials ? kernels.exponentialRows : kernels.foldRows[function];
}

template <typename T>
auto mergeKernel(const Kernels<T>& kernels, int function) noexcept {
  switch (function) {
    case kFoldProduct:
      return kernels.binary[kMul];
    case kFoldMaximum:
      return kernels.binary[kMaximum];
    case kFoldMinimum:
      return kernels.binary[kMinimum];
    default:
      return kernels.binary[kAdd];
  }
}

// Up to kBlockGroup blocks of a row, to a number each.
template <typename T>
void foldBlocksOfRow(const Kernels<T>& kernels, int function, const T* x, int64_t count, const T* center, T* values,
                     T* out) noexcept {
  const auto kernel = rowKernel(kernels, function);
  const int64_t whole = count / kFoldBlock;
  if (whole > 0) kernel({x, kFoldBlock, kFoldBlock, whole, center, 0, values, out});
  const int64_t done = whole * kFoldBlock;
  if (done < count) {
    kernel(
        {x + done, kFoldBlock, count - done, 1, center, 0, values == nullptr ? nullptr : values + done, out + whole});
  }
}

// Rows of one block, several in a task.
template <typename T>
void foldShortRows(const Kernels<T>& kernels, FoldFunction function, const FoldShape& shape, const T* x,
                   const T* centers, T* out, int threads) noexcept {
  const int64_t group = roundUp(std::max<int64_t>(kTaskElements / shape.count, 1), kMaxLanes);
  parallelFor(ceilDivide(shape.outer, group), threads, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      const int64_t first = begin * group;
      const int64_t rows = std::min(shape.outer, end * group) - first;
      kernels.foldRows[function]({x + first * shape.count, shape.count, shape.count, rows,
                                  centers == nullptr ? nullptr : centers + first, 1, nullptr, out + first});
    }
  });
}

// A group of blocks of a row in a task: blocks (outer, ceil(count / kFoldBlock)).
template <typename T>
void foldLongRows(const Kernels<T>& kernels, FoldFunction function, const FoldShape& shape, const T* x,
                  const T* centers, T* blocks, int threads) noexcept {
  constexpr int64_t kGroup = kTaskElements / kFoldBlock;
  const int64_t blockCount = ceilDivide(shape.count, kFoldBlock);
  const int64_t groups = ceilDivide(blockCount, kGroup);
  parallelFor(shape.outer * groups, threads, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      for (int64_t task = begin; task < end; task++) {
        const int64_t row = task / groups;
        const int64_t group = task % groups;
        const int64_t first = group * kGroup * kFoldBlock;
        const int64_t count = std::min(kGroup * kFoldBlock, shape.count - first);
        foldBlocksOfRow<T>(kernels, function, x + row * shape.count + first, count,
                           centers == nullptr ? nullptr : centers + row, nullptr,
                           blocks + row * blockCount + group * kGroup);
      }
    }
  });
}

// A block of a strip of columns in a task: blocks (outer, ceil(count / kFoldBlock), inner).
template <typename T>
void foldColumns(const Kernels<T>& kernels, FoldFunction function, const FoldShape& shape, const T* x, const T* centers,
                 T* blocks, int threads) noexcept {
  const int64_t blockCount = ceilDivide(shape.count, kFoldBlock);
  const bool areFew = shape.outer * blockCount * ceilDivide(shape.inner, kMostColumns<T>) < 4 * int64_t{threads};
  const int64_t strip = areFew && threads > 1 ? kMostColumns<T> / 4 : kMostColumns<T>;
  const int64_t strips = ceilDivide(shape.inner, strip);
  parallelFor(shape.outer * blockCount * strips, threads, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    alignas(64) T chains[kFoldLines * kMostColumns<T>];
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      for (int64_t task = begin; task < end; task++) {
        const int64_t column = task % strips * strip;
        const int64_t item = task / strips / blockCount;
        const int64_t row = task / strips % blockCount * kFoldBlock;
        kernels.foldColumns[function]({x + (item * shape.count + row) * shape.inner + column, shape.inner,
                                       std::min(kFoldBlock, shape.count - row), std::min(strip, shape.inner - column),
                                       centers == nullptr ? nullptr : centers + item * shape.inner + column, chains,
                                       blocks + task / strips * shape.inner + column});
      }
    }
  });
}

}  // namespace

int usefulFoldThreads(int64_t elements, int threads) noexcept {
  return static_cast<int>(std::clamp<int64_t>(elements / kLeastPerThread, 1, threads));
}

template <typename T>
void foldBlocks(const Kernels<T>& kernels, int function, T* blocks, int64_t count, int64_t width) noexcept {
  const auto kernel = mergeKernel(kernels, function);
  for (int64_t step = 1; step < count; step *= 2) {
    for (int64_t b = 0; b + step < count; b += 2 * step) {
      T* const to = blocks + b * width;
      kernel({to, to + step * width, to, width, false, false});
    }
  }
}

template <typename T>
T foldRow(const Kernels<T>& kernels, int function, const T* x, int64_t count, T center, T* values) noexcept {
  const int64_t blockCount = ceilDivide(count, kFoldBlock);
  T blocks[kBlockGroup];
  if (blockCount <= kBlockGroup) {
    foldBlocksOfRow<T>(kernels, function, x, count, &center, values, blocks);
    foldBlocks<T>(kernels, function, blocks, blockCount, 1);
    return blocks[0];
  }
  // The left branch of the tree is a power of two.
  const auto left = static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(blockCount - 1))) * kFoldBlock;
  blocks[0] = foldRow<T>(kernels, function, x, left, center, values);
  blocks[1] =
      foldRow<T>(kernels, function, x + left, count - left, center, values == nullptr ? nullptr : values + left);
  foldBlocks<T>(kernels, function, blocks, 2, 1);
  return blocks[0];
}

template <typename T>
void foldRows(const Kernels<T>& kernels, int function, const T* x, int64_t rows, int64_t count, const T* centers,
              T* values, T* out) noexcept {
  if (count <= kFoldBlock) {
    rowKernel(kernels, function)({x, count, count, rows, centers, 1, values, out});
    return;
  }
  for (int64_t row = 0; row < rows; row++) {
    out[row] = foldRow<T>(kernels, function, x + row * count, count, centers == nullptr ? T{0} : centers[row],
                          values == nullptr ? nullptr : values + row * count);
  }
}

template <typename T>
Status fold(const Kernels<T>& kernels, FoldFunction function, const FoldShape& shape, const T* x, const T* centers,
            T* out, int threads) noexcept {
  const int workers = usefulFoldThreads(shape.outer * shape.count * shape.inner, threads);
  const int64_t blockCount = ceilDivide(shape.count, kFoldBlock);
  const int64_t width = shape.inner;
  if (blockCount == 1) {
    if (width == 1) {
      foldShortRows(kernels, function, shape, x, centers, out, workers);
    } else {
      foldColumns(kernels, function, shape, x, centers, out, workers);
    }
    return Status::kOk;
  }
  const Scratch scratch(1, static_cast<size_t>(shape.outer * blockCount * width) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  T* const blocks = reinterpret_cast<T*>(scratch.of(0));
  if (width == 1) {
    foldLongRows(kernels, function, shape, x, centers, blocks, workers);
  } else {
    foldColumns(kernels, function, shape, x, centers, blocks, workers);
  }
  const StandardFloatMode mode;
  for (int64_t item = 0; item < shape.outer; item++) {
    T* const from = blocks + item * blockCount * width;
    foldBlocks<T>(kernels, function, from, blockCount, width);
    std::copy_n(from, width, out + item * width);
  }
  return Status::kOk;
}

#define CONV1D_INSTANTIATE(T)                                                                                       \
  template Status fold<T>(const Kernels<T>&, FoldFunction, const FoldShape&, const T*, const T*, T*, int) noexcept; \
  template T foldRow<T>(const Kernels<T>&, int, const T*, int64_t, T, T*) noexcept;                                 \
  template void foldRows<T>(const Kernels<T>&, int, const T*, int64_t, int64_t, const T*, T*, T*) noexcept;         \
  template void foldBlocks<T>(const Kernels<T>&, int, T*, int64_t, int64_t) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
