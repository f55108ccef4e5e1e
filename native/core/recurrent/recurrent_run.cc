// Running a recurrent layer. Batch items go in groups of as many rows as a micro-kernel takes; each group walks through
// the steps by itself:
//
//   for each chunk of steps
//     gates = bias + x W_ih                       one product for all its steps
//     for each step
//       gates += h W_hh                           the weights, from the cache that they fit, are the cost of a step
//       c, h = cell(gates)
//
// Threads take groups; where there is one group and its steps are large, they share the panels of every product.
#include <algorithm>
#include <cstring>

#include "core/checked_math.h"
#include "core/product/product.h"
#include "core/product/strip.h"
#include "core/recurrent/recurrent.h"
#include "runtime/float_mode.h"
#include "runtime/scratch.h"
#include "runtime/thread_pool.h"

namespace conv1d {
namespace {

// What the gates of a chunk may take: a part of the second cache, beside the weights.
constexpr int64_t kGateBytes = 256 << 10;
constexpr int64_t kGates = 4;
// Products of a step from which on sharing it pays: the threads meet twice in each (several microseconds).
constexpr int64_t kLeastSharedStep = 1 << 20;
// Rows of a group below which a step takes no less time.
constexpr int64_t kFewestRows = 4;

// How a call is cut.
struct Cut {
  Parts groups;          // of batch items
  int groupThreads;      // that take groups
  int panelThreads;      // that share each product
  int64_t chunk;         // steps
  int64_t gateElements;  // the working memory of a group: gates of a chunk,
  int64_t tileElements;  // the hidden states of a step, transposed
};

template <typename T>
Cut cut(const RecurrentShape& shape, const Kernels<T>& kernels, const RecurrentCall<T>& call) noexcept {
  const int64_t most = kernels.blocks.maxRows;
  const double perStep = static_cast<double>(shape.gates() * shape.hiddenSize) *
                         static_cast<double>(shape.inputSize + shape.hiddenSize) * static_cast<double>(call.batch);
  const double useful = std::clamp(perStep * static_cast<double>(call.steps) / kernels.blocks.minProductsPerThread, 1.0,
                                   static_cast<double>(call.threads));
  const int threads = static_cast<int>(useful);
  const int64_t shared = std::max(ceilDivide(call.batch, threads), std::min(call.batch, kFewestRows));
  Cut cut{Parts(call.batch, std::min(most, shared)), 1, 1, 1, 0, 0};
  cut.groupThreads = static_cast<int>(std::min<int64_t>(threads, cut.groups.count()));
  if (cut.groupThreads == 1 && perStep >= static_cast<double>(kLeastSharedStep)) cut.panelThreads = threads;
  const int64_t rows = cut.groups.size(0);
  const int64_t perStepElements = kGates * shape.hiddenSize * rows;
  cut.chunk = std::clamp<int64_t>(kGateBytes / static_cast<int64_t>(sizeof(T)) / perStepElements, 1,
                                  std::max<int64_t>(call.steps, 1));
  cut.gateElements = cut.chunk * perStepElements;
  cut.tileElements = rows == 1 ? 0 : rows * shape.hiddenSize;
  return cut;
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
        first_(cut.groups.begin(index)),
        rows_(cut.groups.size(index)),
        parts_(columnPanels(kernels, shape.gates() * shape.hiddenSize)),
        gates_(scratch),
        tile_(scratch + cut.gateElements),
        productScratch_(tile_ + cut.tileElements),
        productElements_(productElements) {}

  void run() noexcept {
    const int64_t size = shape_.hiddenSize;
    begin(call_.h0, call_.hn);
    if (shape_.kind == kLstm) begin(call_.c0, call_.cn);
    const T* previous = call_.hn + first_ * size;
    int64_t pitch = size;
    for (int64_t done = 0; done < call_.steps; done += cut_.chunk) {
      const int64_t steps = std::min(cut_.chunk, call_.steps - done);
      // The steps of a chunk in the order of the signal, whatever the direction.
      const int64_t earliest = call_.reverse ? call_.steps - done - steps : done;
      projectInputs(earliest, steps);
      for (int64_t i = 0; i < steps; i++) {
        const int64_t step = call_.reverse ? steps - 1 - i : i;
        T* const gates = gates_ + step * rows_ * kGates * size;
        addHidden(previous, pitch, gates);
        T* const hidden = call_.out + ((earliest + step) * call_.batch + first_) * call_.outRowStride;
        for (int64_t r = 0; r < rows_; r++) {
          kernels_.recurrentCells[shape_.kind]({gates + r * kGates * size, size,
                                                shape_.kind == kLstm ? call_.cn + (first_ + r) * size : nullptr,
                                                previous + r * pitch, hidden + r * call_.outRowStride});
        }
        previous = hidden;
        pitch = call_.outRowStride;
      }
    }
    if (call_.steps == 0) return;
    for (int64_t r = 0; r < rows_; r++) std::copy_n(previous + r * pitch, size, call_.hn + (first_ + r) * size);
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

  template <typename Body>
  void forEachPart(const Body& body) const noexcept {
    if (cut_.panelThreads == 1) return body(0, int64_t{0}, parts_.count());
    parallelFor(parts_.count(), cut_.panelThreads, [&](int worker, TaskRange& tasks) {
      const StandardFloatMode mode;
      for (int64_t panel, end; tasks.take(&panel, &end);) body(worker, panel, end);
    });
  }

  void projectInputs(int64_t earliest, int64_t steps) const noexcept {
    const int64_t size = shape_.hiddenSize;
    Product<T> product{};
    product.depth = shape_.inputSize;
    product.panels = weights_.inputPanels();
    product.columns = shape_.gates() * size;
    product.bias = weights_.bias();
    product.outStride = kGates * size;
    product.last = false;
    // Rows of neighbouring steps are neighbours where the group is the whole batch.
    const int64_t products = rows_ == call_.batch ? 1 : steps;
    const int64_t rows = rows_ * steps / products;
    forEachPart([&](int worker, int64_t panel, int64_t end) {
      Product<T> one = product;
      for (int64_t i = 0; i < products; i++) {
        one.a = {call_.x + ((earliest + i) * call_.batch + first_) * shape_.inputSize, shape_.inputSize, 1};
        one.out = gates_ + i * rows * kGates * size;
        multiply(kernels_, one, {0, rows, panel, end}, productScratch_ + worker * productElements_);
      }
    });
    if (shape_.kind == kLstm) return;
    for (int64_t row = 0; row < rows_ * steps; row++) {
      std::copy_n(weights_.biasOfN(), size, gates_ + (row * kGates + 3) * size);
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
    strip.outStride = kGates * size;
    strip.first = false;
    strip.last = false;
    const Panels<T> panels = Panels<T>::packed(weights_.hiddenPanels(), parts_, size);
    forEachPart([&](int, int64_t panel, int64_t end) { multiplyPanels(kernels_, strip, panels, 0, panel, end); });
  }

  const RecurrentShape& shape_;
  const Kernels<T>& kernels_;
  const PackedRecurrent<T>& weights_;
  const RecurrentCall<T>& call_;
  const Cut& cut_;
  const int64_t first_;
  const int64_t rows_;
  const Parts parts_;
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
  const int64_t productElements = productScratch(kernels, product, parts.chunk * parts.groups.size(0));
  const int64_t elements = parts.gateElements + parts.tileElements + parts.panelThreads * productElements;
  const Scratch scratch(parts.groupThreads, static_cast<size_t>(elements) * sizeof(T));
  if (!scratch) return Status::kOutOfMemory;
  parallelFor(parts.groups.count(), parts.groupThreads, [&](int worker, TaskRange& tasks) {
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
