// Running a recurrent layer. Each group of batch items (groups.h) walks through the steps by itself:
//
//   for each chunk of steps
//     gates = bias + x W_ih                       one product for all its steps
//     for each step
//       gates += h W_hh                           the weights, from the cache that they fit, are the cost of a step
//       c, h = cell(gates)
//
// Where a way back is to follow, the gates and cell states stay where they are made.
#include <algorithm>

#include "core/product/product.h"
#include "core/product/strip.h"
#include "core/recurrent/groups.h"
#include "core/recurrent/recurrent.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

// What the gates of a chunk may take: a part of the second cache, beside the weights.
constexpr int64_t kGateBytes = 256 << 10;
constexpr int64_t kGates = RecurrentShape::kGateRows;

// How a call is cut.
struct Cut {
  Groups groups;
  int64_t chunk;         // steps
  int64_t gateElements;  // the working memory of a group: gates of a chunk,
  int64_t tileElements;  // the hidden states of a step, transposed
};

template <typename T>
Cut cut(const RecurrentShape& shape, const Kernels<T>& kernels, const RecurrentCall<T>& call) noexcept {
  const Groups groups = groupsOf(shape, kernels, call.steps, call.batch, call.threads);
  const int64_t rows = groups.mostRows();
  const int64_t perStepElements = kGates * shape.hiddenSize * rows;
  const int64_t chunk = std::clamp<int64_t>(kGateBytes / static_cast<int64_t>(sizeof(T)) / perStepElements, 1,
                                            std::max<int64_t>(call.steps, 1));
  return {groups, chunk, call.kept == nullptr ? chunk * perStepElements : 0, rows == 1 ? 0 : rows * shape.hiddenSize};
}

// The states of some batch items.
template <typename T>
class Group {
 public:
  // `scratch` holds the gates, the transposed states, and for each thread of the panels productScratch elements.
  Group(const RecurrentShape& shape, const Kernels<T>& kernels, const PackedRecurrent<T>& weights,
        const RecurrentCall<T>& call, const Cut& cut, int64_t index, T* scratch, int64_t productElements) noexcept
      : shape_(shape),
        kernels_(kernels),
        weights_(weights),
        call_(call),
        cut_(cut),
        first_(cut.groups.parts.begin(index)),
        rows_(cut.groups.parts.size(index)),
        parts_(columnPanels(kernels, shape.gates() * shape.hiddenSize)),
        rowStride_((call.kept == nullptr ? kGates : shape.keptRows()) * shape.hiddenSize),
        stepStride_((call.kept == nullptr ? rows_ : call.batch) * rowStride_),
        gates_(scratch),
        tile_(scratch + cut.gateElements),
        productScratch_(tile_ + cut.tileElements),
        productElements_(productElements) {}

  void run() noexcept {
    const int64_t size = shape_.hiddenSize;
    begin(call_.h0, call_.hn);
    if (shape_.kind == kLstm) begin(call_.c0, call_.cn);
    const T* previous = call_.hn + first_ * size;
    const bool hasCell = shape_.kind == kLstm;
    const bool keeps = call_.kept != nullptr;
    T* const onlyCell = hasCell ? call_.cn + first_ * size : nullptr;
    const T* cellBefore = onlyCell;
    int64_t pitch = size;
    int64_t cellPitch = hasCell ? size : 0;
    for (int64_t done = 0; done < call_.steps; done += cut_.chunk) {
      const int64_t steps = std::min(cut_.chunk, call_.steps - done);
      // The steps of a chunk in the order of the signal, whatever the direction.
      const int64_t earliest = call_.reverse ? call_.steps - done - steps : done;
      T* const gatesOfChunk = keeps ? call_.kept + earliest * stepStride_ + first_ * rowStride_ : gates_;
      projectInputs(earliest, steps, gatesOfChunk);
      for (int64_t i = 0; i < steps; i++) {
        const int64_t step = call_.reverse ? steps - 1 - i : i;
        T* const gates = gatesOfChunk + step * stepStride_;
        addHidden(previous, pitch, gates);
        T* const hidden = call_.out + ((earliest + step) * call_.batch + first_) * call_.outRowStride;
        T* const cell = hasCell && keeps ? gates + kGates * size : onlyCell;
        const int64_t ownCellPitch = hasCell && keeps ? rowStride_ : cellPitch;
        for (int64_t r = 0; r < rows_; r++) {
          RecurrentCellArgs<T> args{};
          args.gates = gates + r * rowStride_;
          args.hiddenSize = size;
          args.cellBefore = cellBefore + r * cellPitch;
          args.cell = cell + r * ownCellPitch;
          args.previous = previous + r * pitch;
          args.hidden = hidden + r * call_.outRowStride;
          args.keepsGates = keeps;
          kernels_.recurrentCells[shape_.kind](args);
        }
        previous = hidden;
        pitch = call_.outRowStride;
        cellBefore = cell;
        cellPitch = ownCellPitch;
      }
    }
    if (call_.steps == 0) return;
    leave(previous, pitch, call_.hn);
    if (hasCell && keeps) leave(cellBefore, cellPitch, call_.cn);
  }

 private:
  // The final state is where the first one begins.
  void begin(const T* initial, T* state) const noexcept {
    const int64_t from = first_ * shape_.hiddenSize;
    const int64_t count = rows_ * shape_.hiddenSize;
    if (initial == nullptr) {
      std::fill_n(state + from, count, T{0});
    } else if (initial != state) {
      std::copy_n(initial + from, count, state + from);
    }
  }

  void leave(const T* from, int64_t pitch, T* state) const noexcept {
    const int64_t size = shape_.hiddenSize;
    for (int64_t r = 0; r < rows_; r++) std::copy_n(from + r * pitch, size, state + (first_ + r) * size);
  }

  void projectInputs(int64_t earliest, int64_t steps, T* gates) const noexcept {
    const int64_t size = shape_.hiddenSize;
    Product<T> product{};
    product.depth = shape_.inputSize;
    product.panels = weights_.inputPanels();
    product.columns = shape_.gates() * size;
    product.bias = weights_.bias();
    product.outStride = rowStride_;
    product.last = false;
    // Rows of neighbouring steps are neighbours where the group is the whole batch.
    const int64_t products = rows_ == call_.batch ? 1 : steps;
    const int64_t rows = rows_ * steps / products;
    forEachPart(parts_, cut_.groups.panelThreads, [&](int worker, int64_t panel, int64_t end) {
      Product<T> one = product;
      for (int64_t i = 0; i < products; i++) {
        one.a = {call_.x + ((earliest + i) * call_.batch + first_) * shape_.inputSize, shape_.inputSize, 1};
        one.out = gates + i * stepStride_;
        multiply(kernels_, one, {0, rows, panel, end}, productScratch_ + worker * productElements_);
      }
    });
    if (shape_.kind == kLstm) return;
    for (int64_t i = 0; i < steps; i++) {
      for (int64_t r = 0; r < rows_; r++) {
        std::copy_n(weights_.biasOfN(), size, gates + i * stepStride_ + r * rowStride_ + 3 * size);
      }
    }
  }

  void addHidden(const T* previous, int64_t pitch, T* gates) const noexcept {
    const int64_t size = shape_.hiddenSize;
    Strip<T> strip{};
    strip.tile = previous;
    if (rows_ > 1) {
      kernels_.interleaveRows(previous, pitch, rows_, size, tile_);
      strip.tile = tile_;
    }
    strip.rows = rows_;
    strip.depth = size;
    strip.out = shape_.kind == kLstm ? gates : gates + size;
    strip.outStride = rowStride_;
    strip.first = false;
    strip.last = false;
    const Panels<T> panels = Panels<T>::packed(weights_.hiddenPanels(), parts_, size);
    forEachPart(parts_, cut_.groups.panelThreads,
                [&](int, int64_t panel, int64_t end) { multiplyPanels(kernels_, strip, panels, 0, panel, end); });
  }

  const RecurrentShape& shape_;
  const Kernels<T>& kernels_;
  const PackedRecurrent<T>& weights_;
  const RecurrentCall<T>& call_;
  const Cut& cut_;
  const int64_t first_;
  const int64_t rows_;
  const Parts parts_;
  const int64_t rowStride_;   // of the gates, from one batch item to the next
  const int64_t stepStride_;  // and from one step to the next
  T* const gates_;
  T* const tile_;
  T* const productScratch_;
  const int64_t productElements_;
};

}  // namespace

template <typename T>
Status run(const RecurrentShape& shape, const Kernels<T>& kernels, const PackedRecurrent<T>& weights,
           const RecurrentCall<T>& call) noexcept {
  if (call.batch == 0) return Status::kOk;
  const Cut parts = cut(shape, kernels, call);
  Product<T> product{};
  product.depth = shape.inputSize;
  product.panels = weights.inputPanels();
  product.columns = shape.gates() * shape.hiddenSize;
  const int64_t productElements = productScratch(kernels, product, parts.chunk * parts.groups.mostRows());
  const int64_t elements = parts.gateElements + parts.tileElements + parts.groups.panelThreads * productElements;
  const Scratch scratch(parts.groups.threads, static_cast<size_t>(elements) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  parallelFor(parts.groups.parts.count(), parts.groups.threads, [&](int worker, TaskRange& tasks) {
    const StandardFloatMode mode;
    for (int64_t group, end; tasks.take(&group, &end);) {
      for (; group < end; group++) {
        T* const memory = reinterpret_cast<T*>(scratch.of(worker));
        Group<T>(shape, kernels, weights, call, parts, group, memory, productElements).run();
      }
    }
  });
  return Status::kOk;
}

template Status run<float>(const RecurrentShape&, const Kernels<float>&, const PackedRecurrent<float>&,
                           const RecurrentCall<float>&) noexcept;
template Status run<double>(const RecurrentShape&, const Kernels<double>&, const PackedRecurrent<double>&,
                            const RecurrentCall<double>&) noexcept;

}  // namespace conv1d
