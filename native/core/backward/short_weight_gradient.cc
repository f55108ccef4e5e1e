#include "core/backward/short_weight_gradient.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/pack/pack_input.h"
#include "core/run/copy_short.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

constexpr int64_t kStripBytes = 16 << 10;  // of packed inputs, which stay in the first cache
constexpr int64_t kMostStripColumns = 256;
constexpr int64_t kGradientBytes = 128 << 10;  // of a task's rows, in the second one
constexpr int64_t kFewestRows = 8;             // that packed inputs should meet

// Whether it pays, in products: what it costs to merge the 16 chains of a sum across lanes, eight vectors' time on
// AVX-512, and to transpose an element.
constexpr double kCostOfMerging = 128;
constexpr double kCostOfTransposing = 6;
constexpr double kClearlyLess = 0.9;
// A vector of columns stays in the first cache.
constexpr int64_t kMostVectorBytes = 24 << 10;

// A thread's part of a call.
template <typename T>
class ShortWeightWorker {
 public:
  ShortWeightWorker(const ShortWeightPlan& plan, const Kernels<T>& kernels, const WeightGradientCall<T>& call,
                    std::byte* scratch) noexcept
      : plan_(plan),
        g_(plan.geometry),
        p_(plan.geometry.parameters),
        kernels_(kernels),
        call_(call),
        inputs_(reinterpret_cast<T*>(scratch)),
        gradients_(inputs_ + plan.inputCount),
        rows_(gradients_ + plan.gradientCount),
        taps_(p_) {
    taps_.stride = p_.dilation;
    std::fill_n(rows_, plan.rowCount, T{0});  // also those that the last columns leave over
  }

  void run(int64_t index) noexcept {
    const int64_t strip = index % plan_.strips.count();
    index /= plan_.strips.count();
    const int64_t rowTile = index % plan_.rowTiles.count();
    const int64_t group = index / plan_.rowTiles.count();
    const int64_t firstRow = group * plan_.rows + plan_.rowTiles.begin(rowTile);
    const int64_t rows = plan_.rowTiles.size(rowTile);
    const int64_t firstColumn = plan_.strips.begin(strip);
    const int64_t columns = plan_.strips.size(strip);
    packInputs(group, firstColumn, columns);
    if (g_.batch > 1 && firstRow != packedRow_) packGradients(firstRow, rows);
    const bool isPacked = g_.batch > 1;
    kernels_.columnGradients({isPacked ? gradients_ : call_.gradient + firstRow * g_.outLength, plan_.positions, rows,
                              inputs_, plan_.positions, columns, call_.out + firstRow * plan_.columns + firstColumn,
                              plan_.columns});
  }

 private:
  // The items of a row, one after the other.
  void packGradients(int64_t firstRow, int64_t rows) noexcept {
    for (int64_t row = 0; row < rows; row++) {
      for (int64_t item = 0; item < g_.batch; item++) {
        copyShort(call_.gradient + (item * p_.outChannels + firstRow + row) * g_.outLength, g_.outLength,
                  gradients_ + row * plan_.positions + item * g_.outLength);
      }
    }
    packedRow_ = firstRow;
  }

  // [vector of columns][position][lane].
  void packInputs(int64_t group, int64_t firstColumn, int64_t columns) noexcept {
    const int64_t lanes = kernels_.lanes;
    T* to = inputs_;
    for (int64_t done = 0; done < columns; done += lanes, to += plan_.positions * lanes) {
      const int64_t count = std::min(columns - done, lanes);
      if (plan_.packsTaps) {
        if (count < lanes) std::fill_n(to, plan_.positions * lanes, T{0});
        packAlongTaps(group, firstColumn + done, count, to);
      } else {
        packAlongPositions(group, firstColumn + done, count, to);
      }
    }
  }

  // A vector of columns: neighbouring taps of each position.
  void packAlongTaps(int64_t group, int64_t column, int64_t count, T* to) const noexcept {
    int64_t channel = group * p_.groupInChannels() + column / p_.kernelSize;
    int64_t tap = column % p_.kernelSize;
    for (int64_t taps; count > 0; count -= taps, to += taps, channel++, tap = 0) {
      taps = std::min(p_.kernelSize - tap, count);
      T* position = to;
      for (int64_t item = 0; item < g_.batch; item++) {
        for (int64_t t = 0; t < g_.outLength; t++, position += kernels_.lanes) {
          packStretch(taps_, signalOf(item, channel), t * p_.stride + tap * p_.dilation, taps, position);
        }
      }
    }
  }

  // The same by neighbouring positions of each column. Writes behind the last position, where the next vector follows.
  void packAlongPositions(int64_t group, int64_t column, int64_t count, T* to) const noexcept {
    int64_t channel = group * p_.groupInChannels() + column / p_.kernelSize;
    int64_t tap = column % p_.kernelSize;
    for (int64_t c = 0; c < count; c++) {
      T* row = rows_ + c * plan_.pitch;
      for (int64_t item = 0; item < g_.batch; item++, row += g_.outLength) {
        packStretch(p_, signalOf(item, channel), tap * p_.dilation, g_.outLength, row);
      }
      if (++tap == p_.kernelSize) {
        tap = 0;
        channel++;
      }
    }
    if (kernels_.rowsToLanes != nullptr) {
      return kernels_.rowsToLanes(rows_, plan_.pitch, std::max<int64_t>(plan_.positions, kernels_.lanes), to);
    }
    for (int64_t i = 0; i < plan_.positions; i++) {
      for (int64_t c = 0; c < kernels_.lanes; c++) to[i * kernels_.lanes + c] = rows_[c * plan_.pitch + i];
    }
  }

  const T* signalOf(int64_t item, int64_t channel) const noexcept {
    return call_.input + (item * p_.inChannels + channel) * g_.length;
  }

  // Elements of the padded signal from `first` on, a stride apart.
  void packStretch(const Parameters& parameters, const T* signal, int64_t first, int64_t count, T* to) const noexcept {
    Piece piece{first, 0, count, 0};
    TileLayout layout;
    layout.pieces = &piece;
    layout.pieceCount = 1;
    packRow(parameters, signal, g_.length, layout, 0, kernels_.stridedCopy, to);
  }

  const ShortWeightPlan& plan_;
  const Geometry& g_;
  const Parameters& p_;
  const Kernels<T>& kernels_;
  const WeightGradientCall<T>& call_;
  T* const inputs_;
  T* const gradients_;
  T* const rows_;    // a vector of columns, before they are transposed
  Parameters taps_;  // of the convolution whose positions are this one's taps

  int64_t packedRow_ = -1;
};

}  // namespace

template <typename T>
bool isShortWeightGradient(const Kernels<T>& kernels, const Geometry& g) noexcept {
  const Parameters& p = g.parameters;
  const int64_t positions = g.batch * g.outLength;
  const int64_t columns = p.groupInChannels() * p.kernelSize;
  if (positions > kGradientBlock<T> || positions * kernels.lanes * int64_t{sizeof(T)} > kMostVectorBytes) return false;
  // Of a row of weights: additions count as products.
  const int64_t additions = std::min<int64_t>(positions, kGradientChains);
  const double inColumns = kernels.blocks.costInColumns * static_cast<double>(roundUp(columns, kernels.lanes)) *
                               static_cast<double>(positions + additions) +
                           kCostOfTransposing * static_cast<double>(columns) * static_cast<double>(positions) /
                               static_cast<double>(p.groupOutChannels());
  const double inPositions =
      static_cast<double>(columns) * (static_cast<double>(roundUp(positions, kGradientChains)) + kCostOfMerging);
  return inColumns < kClearlyLess * inPositions;
}

template <typename T>
ShortWeightPlan planShortWeightGradient(const Kernels<T>& kernels, const Geometry& g, int threads) noexcept {
  const Parameters& p = g.parameters;
  ShortWeightPlan plan;
  plan.geometry = g;
  plan.rows = p.groupOutChannels();
  plan.columns = p.groupInChannels() * p.kernelSize;
  plan.positions = g.batch * g.outLength;
  const double products = static_cast<double>(plan.positions) * static_cast<double>(p.weightCount());
  const double useful = std::max(1.0, products / kernels.blocks.minProductsPerThread);
  plan.threads = useful < threads ? static_cast<int>(useful) : threads;

  const int64_t positionBytes = plan.positions * int64_t{sizeof(T)};
  const int64_t fitting = std::min(kStripBytes / positionBytes, kMostStripColumns) / kernels.lanes;
  plan.strips = Parts(plan.columns, std::max<int64_t>(fitting, 1) * kernels.lanes, kernels.lanes);
  plan.rowTiles = Parts(plan.rows, std::max<int64_t>(kGradientBytes / positionBytes, 1));
  // Enough tasks for all threads.
  const int64_t wanted = plan.threads > 1 ? plan.threads * kernels.blocks.tasksPerThread : 1;
  const int64_t others = p.groups * plan.strips.count();
  if (others * plan.rowTiles.count() < wanted) {
    const int64_t rows = std::max(ceilDivide(plan.rows, ceilDivide(wanted, others)), kFewestRows);
    plan.rowTiles = Parts(plan.rows, std::min(rows, plan.rowTiles.size(0)));
  }
  plan.tasks = others * plan.rowTiles.count();
  plan.threads = static_cast<int>(std::min<int64_t>(plan.threads, plan.tasks));

  // Along the longer side.
  plan.packsTaps = std::min<int64_t>(p.kernelSize, kernels.lanes) >= g.outLength;
  plan.pitch = std::max<int64_t>(plan.positions, kernels.lanes);
  plan.inputCount = roundUp(plan.strips.size(0), kernels.lanes) * plan.positions + kernels.lanes * plan.pitch;
  plan.gradientCount = g.batch > 1 ? plan.rowTiles.size(0) * plan.positions : 0;
  plan.rowCount = plan.packsTaps ? 0 : kernels.lanes * plan.pitch;
  plan.scratchBytes = static_cast<std::size_t>(plan.inputCount + plan.gradientCount + plan.rowCount) * sizeof(T);
  return plan;
}

template <typename T>
Status shortWeightGradient(const Kernels<T>& kernels, const WeightGradientCall<T>& call) noexcept {
  const ShortWeightPlan plan = planShortWeightGradient(kernels, call.geometry, call.threads);
  const Scratch scratch(plan.threads, plan.scratchBytes);
  if (!scratch) return Status::kOutOfMemory;
  parallelFor(plan.tasks, plan.threads, [&](int index, TaskRange& tasks) {
    const StandardFloatMode mode;
    ShortWeightWorker<T> worker(plan, kernels, call, scratch.of(index));
    for (int64_t task, end; tasks.take(&task, &end);) {
      for (; task < end; task++) worker.run(task);
    }
  });
  return Status::kOk;
}

template bool isShortWeightGradient<float>(const Kernels<float>&, const Geometry&) noexcept;
template bool isShortWeightGradient<double>(const Kernels<double>&, const Geometry&) noexcept;
template ShortWeightPlan planShortWeightGradient<float>(const Kernels<float>&, const Geometry&, int) noexcept;
template ShortWeightPlan planShortWeightGradient<double>(const Kernels<double>&, const Geometry&, int) noexcept;
template Status shortWeightGradient<float>(const Kernels<float>&, const WeightGradientCall<float>&) noexcept;
template Status shortWeightGradient<double>(const Kernels<double>&, const WeightGradientCall<double>&) noexcept;

}  // namespace conv1d
