// What a step of a recurrent layer does with its finished gates, and with their gradients. Included by microkernel.h.
#pragma once

#include <stdint.h>

#include "kernels/epilogue.h"
#include "kernels/functions.h"
#include "kernels/kernel_table.h"
#include "kernels/pointwise.h"

namespace {

using conv1d::RecurrentCellArgs;
using conv1d::RecurrentGradientArgs;

// c = sigmoid(f) c + sigmoid(i) tanh(g); h = sigmoid(o) tanh(c).
template <typename Simd>
void lstmCell(const RecurrentCellArgs<typename Simd::Scalar>& args) {
  using F = Functions<Simd>;
  using Vector = typename Simd::Vector;
  const int64_t size = args.hiddenSize;
  for (int64_t j = 0; j < size; j += Simd::kLanes) {
    const Ends<Simd> ends(size - j);
    auto* const gates = args.gates + j;
    const Vector i = F::sigmoid(ends.load(gates));
    const Vector f = F::sigmoid(ends.load(gates + size));
    const Vector g = F::tanh(ends.load(gates + 2 * size));
    const Vector o = F::sigmoid(ends.load(gates + 3 * size));
    if (args.keepsGates) {
      ends.store(gates, i);
      ends.store(gates + size, f);
      ends.store(gates + 2 * size, g);
      ends.store(gates + 3 * size, o);
    }
    const Vector cell = endOfChain<Simd>(Simd::fma(f, ends.load(args.cellBefore + j), Simd::mul(i, g)));
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
    auto* const gates = args.gates + j;
    const Vector r = F::sigmoid(ends.load(gates + size));
    const Vector z = F::sigmoid(ends.load(gates + 2 * size));
    const Vector n = F::tanh(Simd::fma(r, ends.load(gates + 3 * size), ends.load(gates)));
    if (args.keepsGates) {
      ends.store(gates, n);
      ends.store(gates + size, r);
      ends.store(gates + 2 * size, z);
    }
    const Vector hidden = Simd::fma(z, Simd::sub(ends.load(args.previous + j), n), n);
    ends.store(args.hidden + j, endOfChain<Simd>(hidden));
  }
}

// The derivative of a sigmoid or a tanh by its value.
template <typename Simd>
typename Simd::Vector sigmoidSlope(typename Simd::Vector y) {
  return Simd::fnma(y, y, y);
}
template <typename Simd>
typename Simd::Vector tanhSlope(typename Simd::Vector y) {
  return Simd::fnma(y, y, Functions<Simd>::number(1));
}

template <typename Simd>
void lstmGradient(const RecurrentGradientArgs<typename Simd::Scalar>& args) {
  using Vector = typename Simd::Vector;
  const int64_t size = args.hiddenSize;
  for (int64_t j = 0; j < size; j += Simd::kLanes) {
    const Ends<Simd> ends(size - j);
    const auto* gates = args.gates + j;
    const Vector i = ends.load(gates);
    const Vector f = ends.load(gates + size);
    const Vector g = ends.load(gates + 2 * size);
    const Vector o = ends.load(gates + 3 * size);
    const Vector squashed = Functions<Simd>::tanh(ends.load(args.cell + j));
    Vector ofHidden = ends.load(args.ofHidden + j);
    if (args.ofOutput != nullptr) ofHidden = Simd::add(ofHidden, ends.load(args.ofOutput + j));
    const Vector ofCell = Simd::fma(Simd::mul(ofHidden, o), tanhSlope<Simd>(squashed), ends.load(args.ofCell + j));
    const auto store = [&](int64_t gate, Vector factor, Vector slope, Vector gradient) {
      ends.store(args.ofGates + gate * size + j, endOfChain<Simd>(Simd::mul(Simd::mul(gradient, factor), slope)));
    };
    store(0, g, sigmoidSlope<Simd>(i), ofCell);
    store(1, ends.load(args.before + j), sigmoidSlope<Simd>(f), ofCell);
    store(2, i, tanhSlope<Simd>(g), ofCell);
    store(3, squashed, sigmoidSlope<Simd>(o), ofHidden);
    ends.store(args.ofCell + j, endOfChain<Simd>(Simd::mul(ofCell, f)));
  }
}

template <typename Simd>
void gruGradient(const RecurrentGradientArgs<typename Simd::Scalar>& args) {
  using Vector = typename Simd::Vector;
  const int64_t size = args.hiddenSize;
  for (int64_t j = 0; j < size; j += Simd::kLanes) {
    const Ends<Simd> ends(size - j);
    const auto* gates = args.gates + j;
    const Vector n = ends.load(gates);
    const Vector r = ends.load(gates + size);
    const Vector z = ends.load(gates + 2 * size);
    const Vector ofHiddenUnits = ends.load(gates + 3 * size);
    Vector ofHidden = ends.load(args.ofHidden + j);
    if (args.ofOutput != nullptr) ofHidden = Simd::add(ofHidden, ends.load(args.ofOutput + j));
    const Vector ofN = Simd::mul(Simd::mul(ofHidden, Simd::sub(Functions<Simd>::number(1), z)), tanhSlope<Simd>(n));
    const Vector ofR = Simd::mul(Simd::mul(ofN, ofHiddenUnits), sigmoidSlope<Simd>(r));
    const Vector ofZ = Simd::mul(Simd::mul(ofHidden, Simd::sub(ends.load(args.before + j), n)), sigmoidSlope<Simd>(z));
    auto* const out = args.ofGates + j;
    ends.store(out, endOfChain<Simd>(ofN));
    ends.store(out + size, endOfChain<Simd>(ofR));
    ends.store(out + 2 * size, endOfChain<Simd>(ofZ));
    ends.store(out + 3 * size, endOfChain<Simd>(Simd::mul(ofN, r)));
    ends.store(args.ofHidden + j, Simd::mul(ofHidden, z));
  }
}

}  // namespace
