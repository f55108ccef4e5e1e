#include "core/upsample/upsample.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/checked_math.h"
#include "core/upsample/sources.h"
#include "runtime/float_mode.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

// Outputs that are worth a thread.
constexpr double kLeastWork = 65536;

// Factors of these sizes are repeated by a kernel.
constexpr int64_t kMostRepeats = 16;

// Tasks are stretches of some neighbouring rows: sources are found once for all of them.
template <typename Body>
void forEachStretch(const UpsampleShape& shape, int threads, const Body& body) noexcept {
  constexpr int64_t kRows = 32;
  const int64_t stretches = ceilDivide(shape.outLength, kSourcesAtOnce);
  const double work = static_cast<double>(shape.rows) * static_cast<double>(shape.outLength);
  const auto workers = static_cast<int>(std::clamp(work / kLeastWork, 1.0, static_cast<double>(threads)));
  parallelFor(ceilDivide(shape.rows, kRows) * stretches, workers, [&](int, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end; task++) {
        const int64_t row = task / stretches * kRows;
        const int64_t begin = task % stretches * kSourcesAtOnce;
        body(row, std::min(shape.rows, row + kRows), begin, std::min(kSourcesAtOnce, shape.outLength - begin));
      }
    }
  });
}

// How often each element is repeated, where that is what the rounded positions come to; otherwise 0.
template <typename T>
int64_t repeatsOf(const UpsampleShape& shape) noexcept {
  if (shape.outLength % shape.length != 0) return 0;
  const int64_t repeats = shape.outLength / shape.length;
  const T step = stepOf<T>(shape);
  if (repeats > kMostRepeats || step != T{1} / static_cast<T>(repeats)) return 0;
  // A step that was rounded down begins an element too late. One that was rounded up begins none too early before its
  // errors add up to half of 1 / repeats.
  constexpr int64_t kExact = int64_t{1} << 22;
  const bool isRoundedDown = std::fma(static_cast<double>(step), static_cast<double>(repeats), -1.0) < 0;
  return isRoundedDown || shape.outLength > kExact ? 0 : repeats;
}

template <typename T>
void repeat(const Kernels<T>& kernels, const UpsampleShape& shape, int64_t repeats, const T* x, T* out,
            int threads) noexcept {
  const UpsampleShape whole = {1, shape.rows * shape.length, shape.rows * shape.outLength, 0};
  const double work = static_cast<double>(whole.outLength);
  const auto workers = static_cast<int>(std::clamp(work / kLeastWork, 1.0, static_cast<double>(threads)));
  parallelFor(ceilDivide(whole.length, kSourcesAtOnce), workers, [&](int, TaskRange& tasks) {
    for (int64_t task, end; tasks.take(&task, &end);) {
      const int64_t begin = task * kSourcesAtOnce;
      const int64_t count = std::min(whole.length, end * kSourcesAtOnce) - begin;
      if (repeats == 1) {
        std::memcpy(out + begin, x + begin, static_cast<size_t>(count) * sizeof(T));
      } else {
        kernels.interleaveRows(x + begin, 0, repeats, count, out + begin * repeats);
      }
    }
  });
}

template <typename T>
void findRepeats(const UpsampleShape& shape, Sources<T>* sources) noexcept {
  const int64_t repeats = shape.outLength / shape.length;
  if (sources->inside == 0 || repeats < 2 || repeats > kMostRepeats || repeats * shape.length != shape.outLength)
    return;
  int64_t same = 0;
  while (same < sources->inside && sources->left[same] == sources->left[0]) same++;
  // The first element of a row serves more, since nothing lies before it.
  const int64_t begin = std::max<int64_t>(same - repeats, 0);
  const int64_t skipped = repeats - (same - begin);
  for (int64_t i = begin, at = skipped, left = sources->left[0]; i < sources->inside; i++) {
    if (sources->left[i] != left) return;
    if (++at < repeats) continue;
    at = 0;
    left++;
  }
  sources->repeatsBegin = begin;
  sources->repeats = repeats;
  sources->skipped = skipped;
}

template <typename T>
void blendRow(const Kernels<T>& kernels, const Sources<T>& sources, const T* row, int64_t count, T* out) noexcept {
  T left[kSourcesAtOnce];
  T right[kSourcesAtOnce];
  const bool repeats = sources.repeats > 0;
  const int64_t gathered = repeats ? sources.repeatsBegin : sources.inside;
  for (int64_t i = 0; i < gathered; i++) {
    const T* const from = row + sources.left[i];
    left[i] = from[0];
    right[i] = from[1];
  }
  for (int64_t i = sources.inside; i < count; i++) left[i] = right[i] = row[sources.left[i]];
  const auto blend = [&](const T* lefts, const T* rights, int64_t begin, int64_t end) {
    kernels.blend({lefts, rights, sources.leftWeight + begin, sources.rightWeight + begin, out + begin, end - begin});
  };
  if (!repeats) {
    blend(left, right, 0, count);
    return;
  }
  blend(left, right, 0, gathered);
  blend(left + sources.inside, right + sources.inside, sources.inside, count);
  T repeatedLeft[kSourcesAtOnce + 2 * kMostRepeats];
  T repeatedRight[kSourcesAtOnce + 2 * kMostRepeats];
  const T* const from = row + sources.left[sources.repeatsBegin];
  const int64_t elements = ceilDivide(sources.skipped + sources.inside - sources.repeatsBegin, sources.repeats);
  kernels.interleaveRows(from, 0, sources.repeats, elements, repeatedLeft);
  kernels.interleaveRows(from + 1, 0, sources.repeats, elements, repeatedRight);
  blend(repeatedLeft + sources.skipped, repeatedRight + sources.skipped, sources.repeatsBegin, sources.inside);
}

}  // namespace

template <typename T>
Status upsampleNearest(const Kernels<T>& kernels, const UpsampleShape& shape, const T* x, T* out,
                       int threads) noexcept {
  if (!isValid(shape)) return Status::kInvalidArgument;
  if (shape.rows == 0 || shape.outLength == 0) return Status::kOk;
  const StandardFloatMode mode;  // the step is rounded as well
  if (const int64_t repeats = repeatsOf<T>(shape); repeats > 0) {
    repeat(kernels, shape, repeats, x, out, threads);
    return Status::kOk;
  }
  forEachStretch(shape, threads, [&](int64_t firstRow, int64_t lastRow, int64_t begin, int64_t count) {
    int64_t source[kSourcesAtOnce];
    findNearest<T>(shape, begin, count, source);
    for (int64_t row = firstRow; row < lastRow; row++) {
      const T* const from = x + row * shape.length;
      T* const to = out + row * shape.outLength + begin;
      for (int64_t i = 0; i < count; i++) to[i] = from[source[i]];
    }
  });
  return Status::kOk;
}

template <typename T>
Status upsampleLinear(const Kernels<T>& kernels, const UpsampleShape& shape, bool alignCorners, const T* x, T* out,
                      int threads) noexcept {
  if (!isValid(shape)) return Status::kInvalidArgument;
  if (shape.rows == 0 || shape.outLength == 0) return Status::kOk;
  forEachStretch(shape, threads, [&](int64_t firstRow, int64_t lastRow, int64_t begin, int64_t count) {
    Sources<T> sources;
    const bool isSame = shape.length == shape.outLength;  // whatever the scale is
    if (!isSame) {
      findSources(shape, alignCorners, begin, count, &sources);
      findRepeats(shape, &sources);
    }
    for (int64_t row = firstRow; row < lastRow; row++) {
      const T* const from = x + row * shape.length;
      T* const to = out + row * shape.outLength + begin;
      if (isSame) {
        std::memcpy(to, from + begin, static_cast<size_t>(count) * sizeof(T));
      } else {
        blendRow(kernels, sources, from, count, to);
      }
    }
  });
  return Status::kOk;
}

#define CONV1D_INSTANTIATE(T)                                                                              \
  template Status upsampleNearest<T>(const Kernels<T>&, const UpsampleShape&, const T*, T*, int) noexcept; \
  template Status upsampleLinear<T>(const Kernels<T>&, const UpsampleShape&, bool, const T*, T*, int) noexcept;
CONV1D_INSTANTIATE(float)
CONV1D_INSTANTIATE(double)
#undef CONV1D_INSTANTIATE

}  // namespace conv1d
