// The way back through a recurrent layer, from its last step to its first, a block of whole steps at a time:
//
//   for each group of batch items               groups.h
//     for each step of the block
//       gates' gradients = cell's way back      stored: (rows of the block, 4 gates)
//       h's gradient = gates' gradients W_hh    a chain over the gates, from what the cell leaves (GRU) or zero (LSTM)
//   x's gradient = gates' gradients W_ih        products over all rows of the block
//   W's gradient += gates' gradients^T [x, h before]
//   b's gradient += their sums
//
// The sum of a block is a chain (of a bias: fold.h's tree); blocks are added one after the other, the last steps first.
#include <algorithm>

#include "core/checked_math.h"
#include "core/matmul/matmul.h"
#include "core/product/panels.h"
#include "core/product/strip.h"
#include "core/recurrent/groups.h"
#include "core/recurrent/recurrent.h"
#include "core/reduce/reduce.h"
#include "runtime/aligned_buffer.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

// Rows of a block: their gates' gradients stay in the second or third cache, and a float32 chain of 1024 terms loses
// two digits at most. Adding up blocks takes a few percent of their products.
constexpr int64_t kBlockRows = 1024;
constexpr int64_t kGates = RecurrentShape::kGateRows;

// Cuts an allocation into pieces; the first pass, without memory, finds out its size.
template <typename T>
class Pieces {
 public:
  explicit Pieces(T* memory) noexcept : memory_(memory) {}

  T* take(int64_t elements) noexcept {
    T* const piece = memory_ == nullptr ? nullptr : memory_ + taken_;
    taken_ += roundUp(elements, static_cast<int64_t>(AlignedBuffer::kAlignment / sizeof(T)));
    return piece;
  }
  int64_t taken() const noexcept { return taken_; }

 private:
  T* const memory_;
  int64_t taken_ = 0;
};

// Working memory of a call.
template <typename T>
struct Memory {
  T* ofGates;       // (rows of a block, 4 gates)
  T* before;        // (rows of a block, hiddenSize): the hidden states that its steps read
  T* ofHidden;      // (batch, hiddenSize)
  T* ofCell;        // likewise, LSTM only
  T* zeros;         // (hiddenSize): a state before the first step
  T* hiddenPanels;  // W_hh (gates, hiddenSize) in panels
  T* inputRows;     // W_ih (gates, inputSize), GRU only: n comes first
  T* tiles;         // (gates, rows of a group) for each thread that takes groups
  T* block;         // a weight's sums of one block
  T* sums;          // (4 gates): a bias's sums,
  T* blockSums;     // and of one block

  Memory(const RecurrentShape& shape, const RecurrentBackwardCall<T>& call, const Groups& groups, int64_t blockSteps,
         Pieces<T>& pieces) noexcept {
    const int64_t size = shape.hiddenSize;
    const int64_t gates = shape.gates() * size;
    const int64_t rows = blockSteps * call.batch;
    ofGates = pieces.take(rows * kGates * size);
    before = pieces.take(rows * size);
    ofHidden = pieces.take(call.batch * size);
    ofCell = pieces.take(shape.kind == kLstm ? call.batch * size : 0);
    zeros = pieces.take(size);
    hiddenPanels = pieces.take(gates * size);
    inputRows = pieces.take(shape.kind == kLstm ? 0 : gates * shape.inputSize);
    tiles = pieces.take(groups.threads * groups.mostRows() * gates);
    block = pieces.take(blockSteps == call.steps ? 0 : gates * std::max(size, shape.inputSize));
    sums = pieces.take(kGates * size);
    blockSums = pieces.take(kGates * size);
  }
};

template <typename T>
class Backward {
 public:
  Backward(const RecurrentShape& shape, const Kernels<T>& kernels, const RecurrentBackwardCall<T>& call,
           const Groups& groups, const Memory<T>& memory) noexcept
      : shape_(shape),
        kernels_(kernels),
        call_(call),
        groups_(groups),
        memory_(memory),
        size_(shape.hiddenSize),
        gates_(shape.gates() * shape.hiddenSize),
        hiddenParts_(columnPanels(kernels, shape.hiddenSize)) {}

  Status run(int64_t blockSteps) noexcept {
    {
      const StandardFloatMode mode;
      begin();
    }
    for (int64_t done = 0; done < call_.steps; done += blockSteps) {
      const int64_t steps = std::min(blockSteps, call_.steps - done);
      const int64_t earliest = call_.reverse ? done : call_.steps - done - steps;
      walk(earliest, steps);
      if (const Status status = multiply(earliest, steps * call_.batch, done == 0); status != Status::kOk)
        return status;
    }
    end();
    return Status::kOk;
  }

 private:
  void begin() const noexcept {
    const auto copyOrClear = [](const T* from, int64_t count, T* to) {
      from == nullptr ? std::fill_n(to, count, T{0}) : std::copy_n(from, count, to);
    };
    copyOrClear(call_.ofHn, call_.batch * size_, memory_.ofHidden);
    if (shape_.kind == kLstm) copyOrClear(call_.ofCn, call_.batch * size_, memory_.ofCell);
    std::fill_n(memory_.zeros, size_, T{0});
    for (int64_t panel = 0; panel < hiddenParts_.count(); panel++) {
      const int64_t first = hiddenParts_.begin(panel);
      const int64_t width = hiddenParts_.size(panel);
      T* const to = memory_.hiddenPanels + first * gates_;
      for (int64_t row = 0; row < gates_; row++)
        std::copy_n(call_.weightHh + row * size_ + first, width, to + row * width);
    }
    if (shape_.kind == kGru) {
      const int64_t ofGate = size_ * shape_.inputSize;
      std::copy_n(call_.weightIh + 2 * ofGate, ofGate, memory_.inputRows);
      std::copy_n(call_.weightIh, 2 * ofGate, memory_.inputRows + ofGate);
    }
  }

  void walk(int64_t earliest, int64_t steps) const noexcept {
    parallelFor(groups_.parts.count(), groups_.threads, [&](int worker, TaskRange& tasks) {
      const StandardFloatMode mode;
      T* const tile = memory_.tiles + worker * groups_.mostRows() * gates_;
      for (int64_t group, end; tasks.take(&group, &end);) {
        for (; group < end; group++) walkGroup(group, earliest, steps, tile);
      }
    });
  }

  void walkGroup(int64_t group, int64_t earliest, int64_t steps, T* tile) const noexcept {
    const int64_t first = groups_.parts.begin(group);
    const int64_t rows = groups_.parts.size(group);
    for (int64_t i = 0; i < steps; i++) {
      const int64_t step = call_.reverse ? i : steps - 1 - i;
      T* const ofGates = memory_.ofGates + (step * call_.batch + first) * kGates * size_;
      for (int64_t r = 0; r < rows; r++) {
        walkRow(earliest + step, first + r, memory_.before + (step * call_.batch + first + r) * size_,
                ofGates + r * kGates * size_);
      }
      carry(ofGates, first, rows, tile);
    }
  }

  // The step that the forward pass took before this one, or -1.
  int64_t stepBefore(int64_t step) const noexcept {
    if (!call_.reverse) return step - 1;
    return step + 1 < call_.steps ? step + 1 : -1;
  }

  const T* keptOf(int64_t step, int64_t item) const noexcept {
    return call_.kept + (step * call_.batch + item) * shape_.keptRows() * size_;
  }

  const T* initial(const T* state, int64_t item) const noexcept {
    return state == nullptr ? memory_.zeros : state + item * size_;
  }

  void walkRow(int64_t step, int64_t item, T* before, T* ofGates) const noexcept {
    const int64_t stepBefore = this->stepBefore(step);
    const T* const hidden =
        stepBefore < 0 ? initial(call_.h0, item) : call_.out + (stepBefore * call_.batch + item) * call_.outRowStride;
    std::copy_n(hidden, size_, before);
    RecurrentGradientArgs<T> args{};
    args.gates = keptOf(step, item);
    args.hiddenSize = size_;
    args.before = hidden;
    if (shape_.kind == kLstm) {
      args.before = stepBefore < 0 ? initial(call_.c0, item) : keptOf(stepBefore, item) + kGates * size_;
      args.cell = args.gates + kGates * size_;
      args.ofCell = memory_.ofCell + item * size_;
    }
    if (call_.ofOut != nullptr) args.ofOutput = call_.ofOut + (step * call_.batch + item) * call_.outRowStride;
    args.ofHidden = memory_.ofHidden + item * size_;
    args.ofGates = ofGates;
    kernels_.recurrentGradients[shape_.kind](args);
  }

  // From the gates of a step to the hidden state before it.
  void carry(const T* ofGates, int64_t first, int64_t rows, T* tile) const noexcept {
    Strip<T> strip{};
    strip.tile = shape_.kind == kLstm ? ofGates : ofGates + size_;
    if (rows > 1) {
      kernels_.interleaveRows(strip.tile, kGates * size_, rows, gates_, tile);
      strip.tile = tile;
    }
    strip.rows = rows;
    strip.depth = gates_;
    strip.out = memory_.ofHidden + first * size_;
    strip.outStride = size_;
    strip.first = shape_.kind == kLstm;
    strip.last = true;
    const Panels<T> panels = Panels<T>::packed(memory_.hiddenPanels, hiddenParts_, gates_);
    forEachPart(hiddenParts_, groups_.panelThreads,
                [&](int, int64_t panel, int64_t end) { multiplyPanels(kernels_, strip, panels, 0, panel, end); });
  }

  // All that does not wait for the step before.
  Status multiply(int64_t earliest, int64_t rows, bool isFirst) const noexcept {
    const T* const x = call_.x + earliest * call_.batch * shape_.inputSize;
    Status status = Status::kOk;
    const auto also = [&](Status next) { status = status == Status::kOk ? next : status; };
    if (call_.ofX != nullptr) {
      also(matmul<T>(kernels_, {{}, rows, gates_, shape_.inputSize}, {memory_.ofGates, {}, kGates * size_, 1},
                     {shape_.kind == kLstm ? call_.weightIh : memory_.inputRows, {}, shape_.inputSize, 1},
                     call_.ofX + earliest * call_.batch * shape_.inputSize, call_.threads));
    }
    // The rows of each weight, from the columns that their gates have here.
    if (call_.ofWeightIh != nullptr && shape_.kind == kLstm) {
      also(addProduct(0, gates_, rows, x, shape_.inputSize, call_.ofWeightIh, isFirst));
    } else if (call_.ofWeightIh != nullptr) {
      also(addProduct(size_, 2 * size_, rows, x, shape_.inputSize, call_.ofWeightIh, isFirst));
      also(addProduct(0, size_, rows, x, shape_.inputSize, call_.ofWeightIh + 2 * size_ * shape_.inputSize, isFirst));
    }
    if (call_.ofWeightHh != nullptr) {
      also(
          addProduct(shape_.kind == kLstm ? 0 : size_, gates_, rows, memory_.before, size_, call_.ofWeightHh, isFirst));
    }
    if (call_.ofBiasIh != nullptr || call_.ofBiasHh != nullptr) {
      T* const sums = isFirst ? memory_.sums : memory_.blockSums;
      also(reduce<T>(kernels_, kReduceSum, {1, rows, kGates * size_}, 0, memory_.ofGates, sums, call_.threads));
      if (!isFirst) add(memory_.blockSums, kGates * size_, memory_.sums);
    }
    return status;
  }

  // to (count, n) += (columns of the gates' gradients)^T x (rows, n).
  Status addProduct(int64_t column, int64_t count, int64_t rows, const T* x, int64_t n, T* to,
                    bool isFirst) const noexcept {
    const Status status = matmul<T>(kernels_, {{}, count, rows, n}, {memory_.ofGates + column, {}, 1, kGates * size_},
                                    {x, {}, n, 1}, isFirst ? to : memory_.block, call_.threads);
    if (status == Status::kOk && !isFirst) add(memory_.block, count * n, to);
    return status;
  }

  void add(const T* from, int64_t count, T* to) const noexcept {
    const StandardFloatMode mode;
    kernels_.binary[kAdd]({to, from, to, count, false, false});
  }

  void end() const noexcept {
    if (call_.ofH0 != nullptr) std::copy_n(memory_.ofHidden, call_.batch * size_, call_.ofH0);
    if (call_.ofC0 != nullptr) std::copy_n(memory_.ofCell, call_.batch * size_, call_.ofC0);
    if (shape_.kind == kLstm) {
      if (call_.ofBiasIh != nullptr) std::copy_n(memory_.sums, gates_, call_.ofBiasIh);
      if (call_.ofBiasHh != nullptr) std::copy_n(memory_.sums, gates_, call_.ofBiasHh);
      return;
    }
    if (call_.ofBiasIh != nullptr) {
      std::copy_n(memory_.sums + size_, 2 * size_, call_.ofBiasIh);
      std::copy_n(memory_.sums, size_, call_.ofBiasIh + 2 * size_);
    }
    if (call_.ofBiasHh != nullptr) std::copy_n(memory_.sums + size_, gates_, call_.ofBiasHh);
  }

  const RecurrentShape& shape_;
  const Kernels<T>& kernels_;
  const RecurrentBackwardCall<T>& call_;
  const Groups& groups_;
  const Memory<T>& memory_;
  const int64_t size_;
  const int64_t gates_;
  const Parts hiddenParts_;
};

// Without rows, states pass as they are, and no weight has a part in them.
template <typename T>
void runNothing(const RecurrentShape& shape, const RecurrentBackwardCall<T>& call) noexcept {
  const auto pass = [&](const T* from, T* to) {
    const int64_t count = call.batch * shape.hiddenSize;
    if (to != nullptr) from == nullptr ? std::fill_n(to, count, T{0}) : std::copy_n(from, count, to);
  };
  pass(call.ofHn, call.ofH0);
  pass(call.ofCn, call.ofC0);
  const int64_t gates = shape.gates() * shape.hiddenSize;
  const auto clear = [](T* to, int64_t count) {
    if (to != nullptr) std::fill_n(to, count, T{0});
  };
  clear(call.ofWeightIh, gates * shape.inputSize);
  clear(call.ofWeightHh, gates * shape.hiddenSize);
  clear(call.ofBiasIh, gates);
  clear(call.ofBiasHh, gates);
}

}  // namespace

template <typename T>
Status runBackward(const RecurrentShape& shape, const Kernels<T>& kernels,
                   const RecurrentBackwardCall<T>& call) noexcept {
  if (call.batch == 0 || call.steps == 0) {
    runNothing(shape, call);
    return Status::kOk;
  }
  const Groups groups = groupsOf(shape, kernels, call.steps, call.batch, call.threads);
  const int64_t blockSteps = std::clamp<int64_t>(kBlockRows / call.batch, 1, call.steps);
  Pieces<T> sizes(nullptr);
  const Memory<T> none(shape, call, groups, blockSteps, sizes);
  const Scratch scratch(1, static_cast<size_t>(sizes.taken()) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  Pieces<T> pieces(reinterpret_cast<T*>(scratch.of(0)));
  const Memory<T> memory(shape, call, groups, blockSteps, pieces);
  return Backward<T>(shape, kernels, call, groups, memory).run(blockSteps);
}

template Status runBackward<float>(const RecurrentShape&, const Kernels<float>&,
                                   const RecurrentBackwardCall<float>&) noexcept;
template Status runBackward<double>(const RecurrentShape&, const Kernels<double>&,
                                    const RecurrentBackwardCall<double>&) noexcept;

}  // namespace conv1d
