// What a step of a recurrent layer does with its finished gates. Included by microkernel.h.
#pragma once

#include <stdint.h>

#include "kernels/epilogue.h"
#include "kernels/functions.h"
#include "kernels/kernel_table.h"
#include "kernels/pointwise.h"

namespace {

using conv1d::RecurrentCellArgs;

// c = sigmoid(f) c + sigmoid(i) tanh(g); h = sigmoid(o) tanh(c).
template <typename Simd>
void lstmCell(const RecurrentCellArgs<typename Simd::Scalar>& args) {
  using F = Functions<Simd>;
  using Vector = typename Simd::Vector;
  const int64_t size = args.hiddenSize;
  for (int64_t j = 0; j < size; j += Simd::kLanes) {
    const Ends<Simd> ends(size - j);
    const auto* gates = args.gates + j;
    const Vector i = F::sigmoid(ends.load(gates));
    const Vector f = F::sigmoid(ends.load(gates + size));
    const Vector g = F::tanh(ends.load(gates + 2 * size));
    const Vector o = F::sigmoid(ends.load(gates + 3 * size));
    const Vector cell = endOfChain<Simd>(Simd::fma(f, ends.load(args.cell + j), Simd::mul(i, g)));
    ends.store(args.cell + j, cell);
    ends.store(args.hidden + j, endOfChain<Simd>(Simd::mul(o, F::tanh(cell))));
  }
}

// n = tanh(inputs + sigmoid(r) hidden); h = n + sigmoid(z) (h - n).
template <typename Simd>
void gruCell(const RecurrentCellArgs<typename Simd::Scalar>& args) {
  using F = Functions<Simd>;
  using Vector = typename Simd::Vector;
  const int64_t size = args.hiddenSize;
  for (int64_t j = 0; j < size; j += Simd::kLanes) {
    const Ends<Simd> ends(size - j);
    const auto* gates = args.gates + j;
    const Vector r = F::sigmoid(ends.load(gates + size));
    const Vector z = F::sigmoid(ends.load(gates + 2 * size));
    const Vector n = F::tanh(Simd::fma(r, ends.load(gates + 3 * size), ends.load(gates)));
    const Vector hidden = Simd::fma(z, Simd::sub(ends.load(args.previous + j), n), n);
    ends.store(args.hidden + j, endOfChain<Simd>(hidden));
  }
}

}  // namespace
