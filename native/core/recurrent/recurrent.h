// Layers that carry a state from step to step: LSTM and GRU, one layer in one direction, with PyTorch's weights.
//
// Every gate is one chain: (bias of the inputs + bias of the hidden units, rounded once), then the inputs in ascending
// order, then the hidden units in ascending order. The hidden part of GRU's n, which r multiplies, is a chain of its
// own that begins at its bias. The cells are in kernels/recurrent.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "core/status.h"
#include "kernels/kernel_table.h"
#include "runtime/aligned_buffer.h"

namespace conv1d {

struct RecurrentShape {
  RecurrentKind kind = kLstm;
  int64_t inputSize = 1;
  int64_t hiddenSize = 1;

  // Rows of hiddenSize that a step has for each batch item, see PackedRecurrent.
  static constexpr int64_t kGateRows = 4;

  // What PyTorch's weights have for each hidden unit.
  int64_t gates() const noexcept { return kind == kLstm ? 4 : 3; }
  // What a way back reads of each step and batch item: the gates, and LSTM's cell state.
  int64_t keptRows() const noexcept { return kGateRows + (kind == kLstm ? 1 : 0); }

  bool operator==(const RecurrentShape&) const noexcept = default;
};

// Checks that both sizes are 1 or more, and that the bytes of the weights fit in 64 bits.
Status validate(const RecurrentShape& shape) noexcept;

// weight_ih (gates * hiddenSize, inputSize), weight_hh (gates * hiddenSize, hiddenSize), and biases (gates *
// hiddenSize), or null.
template <typename T>
struct RecurrentWeights {
  const T* ofInputs;
  const T* ofHidden;
  const T* biasOfInputs;
  const T* biasOfHidden;
};

// Memory for all four.
template <typename T>
struct RecurrentWeightMemory {
  T* ofInputs;
  T* ofHidden;
  T* biasOfInputs;
  T* biasOfHidden;
};

// A snapshot of the weights, in panels; never changes.
//
// A step has four rows of hiddenSize gates for each batch item. LSTM: i, f, g, o, all of which both products write.
// GRU: n of the inputs, r, z, n of the hidden units; the inputs' product writes the first three, that of the hidden
// units the last three.
template <typename T>
class PackedRecurrent {
 public:
  static std::shared_ptr<const PackedRecurrent> pack(const RecurrentShape& shape, const Kernels<T>& kernels,
                                                     const RecurrentWeights<T>& weights) noexcept;

  // Weights that pack to these very bits: the sum of two biases stands with the inputs, and -0 with the hidden units.
  void unpack(const RecurrentShape& shape, const Kernels<T>& kernels,
              const RecurrentWeightMemory<T>& weights) const noexcept;

  const T* inputPanels() const noexcept { return at(inputPanels_); }
  const T* hiddenPanels() const noexcept { return at(hiddenPanels_); }
  // Where the chains begin: of the columns of inputPanels; of GRU's n of the hidden units, null for LSTM.
  const T* bias() const noexcept { return at(bias_); }
  const T* biasOfN() const noexcept { return at(biasOfN_); }
  std::size_t bytes() const noexcept {
    return inputPanels_.size() + hiddenPanels_.size() + bias_.size() + biasOfN_.size();
  }

 private:
  static const T* at(const AlignedBuffer& buffer) noexcept { return reinterpret_cast<const T*>(buffer.data()); }

  AlignedBuffer inputPanels_;
  AlignedBuffer hiddenPanels_;
  AlignedBuffer bias_;
  AlignedBuffer biasOfN_;
};

// One call; sizes were checked.
template <typename T>
struct RecurrentCall {
  const T* x;  // (steps, batch, inputSize)
  int64_t steps;
  int64_t batch;
  const T* h0;   // (batch, hiddenSize), or null for zeros
  const T* c0;   // likewise; LSTM only
  bool reverse;  // from the last step to the first
  T* out;        // the hidden state of step t and item b: hiddenSize elements at out + (t * batch + b) * outRowStride
  int64_t outRowStride;
  T* hn;    // (batch, hiddenSize): the state behind the last step; may be h0 itself
  T* cn;    // likewise, LSTM only; may be c0 itself
  T* kept;  // (steps, batch, keptRows * hiddenSize) for runBackward, or null
  int threads;
};

// Fails only with kOutOfMemory, before anything is written. The same bits for any batch, threads, and cut of the steps
// into calls.
template <typename T>
Status run(const RecurrentShape& shape, const Kernels<T>& kernels, const PackedRecurrent<T>& weights,
           const RecurrentCall<T>& call) noexcept;

// The way back through a call of run() that kept what it made. Gradients of results that are null are zeros; those that
// nobody wants are null. None overlaps anything else.
template <typename T>
struct RecurrentBackwardCall {
  // PyTorch's, of which run() had a snapshot.
  const T* weightIh;
  const T* weightHh;

  // As run() had and left them.
  const T* x;
  int64_t steps;
  int64_t batch;
  const T* h0;
  const T* c0;
  bool reverse;
  const T* out;
  int64_t outRowStride;
  const T* kept;

  // Of the results, as they lie.
  const T* ofOut;
  const T* ofHn;
  const T* ofCn;

  // To be made, as what they belong to lies: PyTorch's weights and biases.
  T* ofX;
  T* ofH0;
  T* ofC0;
  T* ofWeightIh;
  T* ofWeightHh;
  T* ofBiasIh;
  T* ofBiasHh;

  int threads;
};

// The same bits for any threads; sums over steps and batch items go by blocks of whole steps, which depend on the batch
// only. Fails only with kOutOfMemory.
template <typename T>
Status runBackward(const RecurrentShape& shape, const Kernels<T>& kernels,
                   const RecurrentBackwardCall<T>& call) noexcept;

}  // namespace conv1d
