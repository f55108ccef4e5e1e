#include "core/indexing/indexing.h"

#include <algorithm>
#include <cstring>

#include "core/checked_math.h"
#include "core/finished.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

constexpr int64_t kLeastPerThread = 65536;  // elements, or bytes of rows
constexpr int64_t kTask = 4096;             // indices

template <typename Body>
auto withIndices(const Indices& indices, const Body& body) noexcept {
  return indices.areWide ? body(static_cast<const int64_t*>(indices.data))
                         : body(static_cast<const int32_t*>(indices.data));
}

// An index that was in range when it was checked, and may have been changed since by whoever shares its memory.
template <typename Index>
int64_t inside(const Index* index, int64_t limit) noexcept {
  const int64_t value = *static_cast<const volatile Index*>(index);
  return value >= 0 && value < limit ? value : 0;
}

int workersFor(int64_t work, int threads) noexcept {
  return static_cast<int>(std::clamp<int64_t>(work / kLeastPerThread, 1, threads));
}

template <typename Element, typename Index>
void gatherElements(const GatherShape& shape, const Element* x, const Index* indices, Element* out,
                    int threads) noexcept {
  const int64_t perItem = shape.outCount * shape.inner;
  const int64_t elements = shape.outer * perItem;
  parallelFor(ceilDivide(elements, kTask), workersFor(elements, threads), [&](int, TaskRange& tasks) {
    for (int64_t begin, end; tasks.take(&begin, &end);) {
      int64_t column = begin * kTask % shape.inner;
      int64_t item = begin * kTask / perItem;
      int64_t next = (item + 1) * perItem;
      for (int64_t i = begin * kTask; i < std::min(elements, end * kTask); i++) {
        if (i == next) {
          item++;
          next += perItem;
        }
        out[i] = x[(item * shape.count + inside(indices + i, shape.count)) * shape.inner + column];
        if (++column == shape.inner) column = 0;
      }
    }
  });
}

// Columns of a task that adds up.
constexpr int64_t kColumns = 256;

// Every sum is as a chain ends.
template <typename T>
void addTo(T* sum, T value) noexcept {
  *sum = finished(*sum + value);
}

}  // namespace

int64_t findOutside(const Indices& indices, int64_t limit) noexcept {
  return withIndices(indices, [&](const auto* index) -> int64_t {
    for (int64_t i = 0; i < indices.count; i++) {
      if (index[i] < 0 || index[i] >= limit) return i;
    }
    return -1;
  });
}

void takeRows(int64_t rows, std::size_t rowBytes, const void* x, const Indices& indices, void* out,
              int threads) noexcept {
  if (indices.count == 0 || rowBytes == 0) return;
  const auto* const from = static_cast<const std::byte*>(x);
  auto* const to = static_cast<std::byte*>(out);
  const int64_t bytes = indices.count * static_cast<int64_t>(rowBytes);
  const int64_t group = std::clamp<int64_t>(kTask / static_cast<int64_t>(rowBytes), 1, kTask);
  withIndices(indices, [&](const auto* index) {
    parallelFor(ceilDivide(indices.count, group), workersFor(bytes, threads), [&](int, TaskRange& tasks) {
      for (int64_t begin, end; tasks.take(&begin, &end);) {
        for (int64_t i = begin * group; i < std::min(indices.count, end * group); i++) {
          const auto row = static_cast<std::size_t>(inside(index + i, rows));
          std::memcpy(to + static_cast<std::size_t>(i) * rowBytes, from + row * rowBytes, rowBytes);
        }
      }
    });
  });
}

void gatherAlong(const GatherShape& shape, std::size_t elementBytes, const void* x, const Indices& indices, void* out,
                 int threads) noexcept {
  if (indices.count == 0) return;
  withIndices(indices, [&](const auto* index) {
    const auto run = [&]<typename Element>(Element) {
      gatherElements(shape, static_cast<const Element*>(x), index, static_cast<Element*>(out), threads);
    };
    if (elementBytes == 1) run(uint8_t{});
    if (elementBytes == 4) run(uint32_t{});
    if (elementBytes == 8) run(uint64_t{});
  });
}

template <typename T>
void scatterAdd(const GatherShape& shape, const T* x, const Indices& indices, T* out, int threads) noexcept {
  const int64_t width = shape.inner;
  const int64_t perItem = shape.outCount * width;
  const int64_t stretches = ceilDivide(width, kColumns);
  const int64_t work = shape.outer * (perItem + shape.count * width);
  withIndices(indices, [&](const auto* index) {
    parallelFor(shape.outer * stretches, workersFor(work, threads), [&](int, TaskRange& tasks) {
      const StandardFloatMode mode;
      for (int64_t task, end; tasks.take(&task, &end);) {
        for (; task < end; task++) {
          const int64_t item = task / stretches;
          const int64_t first = task % stretches * kColumns;
          const int64_t columns = std::min(kColumns, width - first);
          T* const to = out + item * shape.count * width + first;
          if (columns == width) {
            std::fill_n(to, shape.count * width, T{0});
          } else {
            for (int64_t row = 0; row < shape.count; row++) std::fill_n(to + row * width, columns, T{0});
          }
          if (width == 1) {
            for (int64_t i = item * perItem; i < (item + 1) * perItem; i++)
              addTo(to + inside(index + i, shape.count), x[i]);
            continue;
          }
          for (int64_t i = 0; i < shape.outCount; i++) {
            const int64_t from = item * perItem + i * width + first;
            for (int64_t c = from; c < from + columns; c++) {
              addTo(to + inside(index + c, shape.count) * width + (c - from), x[c]);
            }
          }
        }
      }
    });
  });
}

template <typename T>
void addRows(const Kernels<T>& kernels, int64_t rows, int64_t width, const T* x, const Indices& indices, T* out,
             int threads) noexcept {
  const int64_t work = (rows + indices.count) * width;
  withIndices(indices, [&](const auto* index) {
    parallelFor(ceilDivide(width, kColumns), workersFor(work, threads), [&](int, TaskRange& tasks) {
      const StandardFloatMode mode;
      for (int64_t task, end; tasks.take(&task, &end);) {
        for (; task < end; task++) {
          const int64_t first = task * kColumns;
          const int64_t columns = std::min(kColumns, width - first);
          for (int64_t row = 0; row < rows; row++) std::fill_n(out + row * width + first, columns, T{0});
          for (int64_t i = 0; i < indices.count; i++) {
            T* const to = out + inside(index + i, rows) * width + first;
            const T* const from = x + i * width + first;
            kernels.binary[kAdd]({to, from, to, columns, false, false});
          }
        }
      }
    });
  });
}

#define CONV1D_INSTANTIATE(T)                                                                  \
  template void scatterAdd<T>(const GatherShape&, const T*, const Indices&, T*, int) noexcept; \
  template void addRows<T>(const Kernels<T>&, int64_t, int64_t, const T*, const Indices&, T*, int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
