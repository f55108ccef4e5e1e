#include "core/norm/normalise.h"

#include <algorithm>
#include <cmath>

#include "core/checked_math.h"
#include "core/reduce/fold.h"
#include "core/reduce/moments.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

constexpr int64_t kLeastPerThread = 32768;  // elements
constexpr int64_t kCachedElements = 65536;  // of the rows that are read three times
constexpr int64_t kPiece = 16384;           // of a long row that several threads share

template <typename T>
class Normaliser {
 public:
  Normaliser(const Kernels<T>& kernels, const NormShape& shape, double eps, const T* x, const NormWeights<T>& weights,
             T* out, T* statistics) noexcept
      : kernels_(kernels),
        shape_(shape),
        rows_(shape.batch * shape.groups),
        count_(shape.channels * shape.length),
        eps_(eps),
        x_(x),
        weights_(weights),
        out_(out),
        statistics_(statistics) {}

  // A few rows at a time, each on one thread.
  void byRows(int threads) const noexcept {
    const int64_t group = std::clamp<int64_t>(kCachedElements / count_, 1, kMaxLanes);
    parallelFor(ceilDivide(rows_, group), threads, [&](int, TaskRange& tasks) {
      const StandardFloatMode mode;
      for (int64_t begin, end; tasks.take(&begin, &end);) {
        for (int64_t first = begin * group; first < std::min(rows_, end * group); first += group) {
          const int64_t rows = std::min(group, rows_ - first);
          T means[kMaxLanes];
          T squares[kMaxLanes];
          momentsOfRows<T>(kernels_, x_ + first * count_, rows, count_, means, squares);
          for (int64_t r = 0; r < rows; r++) {
            const T rstd = rstdOf(squares[r]);
            keep(first + r, means[r], rstd);
            part(first + r, 0, count_, means[r], rstd);
          }
        }
      }
    });
  }

  // Few long rows: threads share the blocks of their sums, and then their pieces.
  Status byPieces(int threads) const noexcept {
    const FoldShape rows{rows_, count_, 1};
    const Scratch scratch(1, static_cast<size_t>(rows_) * 2 * sizeof(T));
    if (!scratch) return Status::kOutOfMemory;
    T* const means = reinterpret_cast<T*>(scratch.of(0));
    T* const squares = means + rows_;
    const StandardFloatMode mode;  // counts are rounded as well
    const T divisor = static_cast<T>(count_);
    Status status = fold<T>(kernels_, kFoldSum, rows, x_, nullptr, means, threads);
    if (status != Status::kOk) return status;
    kernels_.binary[kDiv]({means, &divisor, means, rows_, false, true});
    status = fold<T>(kernels_, kFoldSquares, rows, x_, means, squares, threads);
    if (status != Status::kOk) return status;
    for (int64_t row = 0; row < rows_; row++) keep(row, means[row], rstdOf(squares[row]));
    const int64_t pieces = ceilDivide(count_, kPiece);
    parallelFor(rows_ * pieces, threads, [&](int, TaskRange& tasks) {
      const StandardFloatMode workerMode;
      for (int64_t begin, end; tasks.take(&begin, &end);) {
        for (int64_t task = begin; task < end; task++) {
          const int64_t row = task / pieces;
          const int64_t first = task % pieces * kPiece;
          part(row, first, std::min(count_, first + kPiece), means[row], rstdOf(squares[row]));
        }
      }
    });
    return Status::kOk;
  }

 private:
  T rstdOf(T squares) const noexcept {
    return static_cast<T>(1.0 / std::sqrt(static_cast<double>(squares) / static_cast<double>(count_) + eps_));
  }

  void keep(int64_t row, T mean, T rstd) const noexcept {
    if (statistics_ == nullptr) return;
    statistics_[row] = mean;
    statistics_[rows_ + row] = rstd;
  }

  // Elements [begin, end) of a row.
  void part(int64_t row, int64_t begin, int64_t end, T mean, T rstd) const noexcept {
    const int64_t at = row * count_;
    if (weights_.areElementwise) {
      kernels_.normaliseRow({x_ + at + begin, end - begin, mean, rstd, T{0},
                             weights_.weight == nullptr ? nullptr : weights_.weight + begin,
                             weights_.bias == nullptr ? nullptr : weights_.bias + begin, out_ + at + begin});
      return;
    }
    if (weights_.weight == nullptr && weights_.bias == nullptr) {
      kernels_.normaliseRow({x_ + at + begin, end - begin, mean, rstd, T{0}, nullptr, nullptr, out_ + at + begin});
      return;
    }
    const int64_t firstChannel = row % shape_.groups * shape_.channels;
    while (begin < end) {
      const int64_t channel = begin / shape_.length;
      const int64_t next = std::min(end, (channel + 1) * shape_.length);
      const T scale = weights_.weight == nullptr ? rstd : rstd * weights_.weight[firstChannel + channel];
      const T bias = weights_.bias == nullptr ? T{0} : weights_.bias[firstChannel + channel];
      kernels_.normaliseRow({x_ + at + begin, next - begin, mean, scale, bias, nullptr, nullptr, out_ + at + begin});
      begin = next;
    }
  }

  const Kernels<T>& kernels_;
  const NormShape shape_;
  const int64_t rows_;
  const int64_t count_;
  const double eps_;
  const T* const x_;
  const NormWeights<T> weights_;
  T* const out_;
  T* const statistics_;
};

}  // namespace

template <typename T>
Status normalise(const Kernels<T>& kernels, const NormShape& shape, double eps, const T* x,
                 const NormWeights<T>& weights, T* out, int threads, T* statistics) noexcept {
  const int64_t rows = shape.batch * shape.groups;
  const int64_t elements = rows * shape.channels * shape.length;
  if (elements == 0) return Status::kOk;
  const Normaliser<T> normaliser(kernels, shape, eps, x, weights, out, statistics);
  const int workers = static_cast<int>(std::clamp<int64_t>(elements / kLeastPerThread, 1, threads));
  if (rows < workers) return normaliser.byPieces(workers);
  normaliser.byRows(workers);
  return Status::kOk;
}

template Status normalise<float>(const Kernels<float>&, const NormShape&, double, const float*,
                                 const NormWeights<float>&, float*, int, float*) noexcept;
template Status normalise<double>(const Kernels<double>&, const NormShape&, double, const double*,
                                  const NormWeights<double>&, double*, int, double*) noexcept;

}  // namespace conv1d
