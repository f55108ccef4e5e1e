import { allocateResult } from '../../native/resultMemory.ts';
import type { FloatArray, FloatDtype } from '../../tensor/dtype.ts';
import type { Meta, MultiOperation } from '../../tensor/operation.ts';
import { numelOf } from '../../tensor/shape.ts';
import { elementsOfView, floatsOfView, type View, viewOfAll } from '../../tensor/view.ts';

// Recurrent layers in the forms that the fast cells do not have: peepholes, coupled gates, clipped sums, sequences of several lengths, other
// functions, and GRUs that reset before the product. Plain JavaScript that computes in float64: right, but slow.

/** One direction of a layer. Rows of weights are gate by gate, hiddenSize each: LSTM's i, o, f, c; GRU's z, r, h; one of a plain cell. */
export interface GeneralCell {
  readonly weight: FloatArray;
  readonly recurrent: FloatArray;
  /** The biases of the weights, then those of the recurrent weights; null for zeros. */
  readonly bias: FloatArray | null;
  /** The peepholes from an LSTM's cell state to i, o and f; null for none. */
  readonly peephole: FloatArray | null;
  readonly isReverse: boolean;
  readonly functions: readonly CellFunction[];
}

/** A function of a gate, with its parameters. */
export interface CellFunction {
  readonly name: string;
  readonly alpha: number;
  readonly beta: number;
}

export interface GeneralRecurrentAttributes {
  readonly kind: 'LSTM' | 'GRU' | 'RNN';
  readonly hiddenSize: number;
  readonly cells: readonly GeneralCell[];
  /** The bound to which sums are clipped before a function; Infinity for none. */
  readonly clip: number;
  /** Whether an LSTM's forget gate is one minus its input gate. */
  readonly couplesForget: boolean;
  /** Whether a GRU multiplies before it resets, as in PyTorch. */
  readonly resetsAfter: boolean;
  /** Which of the inputs after x exist: the lengths of the sequences, the hidden and the cell state. */
  readonly given: readonly [lengths: boolean, hidden: boolean, cell: boolean];
}

const FUNCTIONS: Readonly<Record<string, (x: number, alpha: number, beta: number) => number>> = {
  Sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  Tanh: (x) => Math.tanh(x),
  Relu: (x) => Math.max(x, 0),
  Affine: (x, alpha, beta) => alpha * x + beta,
  LeakyRelu: (x, alpha) => (x < 0 ? alpha * x : x),
  ThresholdedRelu: (x, alpha) => (x > alpha ? x : 0),
  ScaledTanh: (x, alpha, beta) => alpha * Math.tanh(beta * x),
  HardSigmoid: (x, alpha, beta) => Math.min(Math.max(alpha * x + beta, 0), 1),
  Elu: (x, alpha) => (x < 0 ? alpha * Math.expm1(x) : x),
  Softsign: (x) => x / (1 + Math.abs(x)),
  Softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
};

/** The names of the functions that gates may have. */
export const CELL_FUNCTIONS: readonly string[] = Object.keys(FUNCTIONS);

/** Inputs: x (L, N, features), and those that are `given`. Results: (L, directions, N, hiddenSize), and the last states (directions, N, hiddenSize). */
export const generalRecurrent: MultiOperation<GeneralRecurrentAttributes> = {
  name: 'general_recurrent',
  infer: ([x], { kind, cells, hiddenSize }) => {
    const [steps, batch] = x!.shape as [number, number];
    const { dtype } = x!;
    const state: Meta = { dtype, shape: Object.freeze([cells.length, batch, hiddenSize]) };
    const out: Meta = { dtype, shape: Object.freeze([steps, cells.length, batch, hiddenSize]) };
    return kind === 'LSTM' ? [out, state, state] : [out, state];
  },
  run: ([x, ...others], attributes, results) => {
    const memories = results.map(({ dtype, shape }) => allocateResult(dtype as FloatDtype, numelOf(shape)).fill(0));
    const rest = others.values();
    const [lengths, hidden, cell] = attributes.given.map((isGiven) => (isGiven ? rest.next().value : undefined));
    for (const direction of attributes.cells.keys()) {
      runDirection(direction, x!, lengths, hidden, cell, attributes, memories as [FloatArray, FloatArray, FloatArray?]);
    }
    return memories.map((memory, i) => viewOfAll(memory, results[i]!.dtype, results[i]!.shape));
  },
};

function runDirection(
  direction: number,
  x: View,
  lengths: View | undefined,
  hidden: View | undefined,
  cell: View | undefined,
  attributes: GeneralRecurrentAttributes,
  [out, lastHidden, lastCell]: [FloatArray, FloatArray, FloatArray?],
): void {
  const [steps, batch, features] = x.shape as [number, number, number];
  const { hiddenSize, cells } = attributes;
  const input = floatsOfView(x);
  const counts = lengths === undefined ? null : (elementsOfView(lengths) as ArrayLike<number | bigint>);
  const stateOf = (state: View | undefined, item: number) => {
    const begin = (direction * batch + item) * hiddenSize;
    return state === undefined
      ? new Float64Array(hiddenSize)
      : Float64Array.from(floatsOfView(state).subarray(begin, begin + hiddenSize));
  };
  for (let item = 0; item < batch; item++) {
    let h = stateOf(hidden, item);
    let c = stateOf(cell, item);
    const count = counts === null ? steps : Math.min(Number(counts[item]), steps);
    for (let step = 0; step < count; step++) {
      const t = cells[direction]!.isReverse ? count - 1 - step : step;
      const begin = (t * batch + item) * features;
      [h, c] = next(attributes, cells[direction]!, input.subarray(begin, begin + features), h, c);
      out.set(h, ((t * cells.length + direction) * batch + item) * hiddenSize);
    }
    lastHidden.set(h, (direction * batch + item) * hiddenSize);
    lastCell?.set(c, (direction * batch + item) * hiddenSize);
  }
}

type State = Float64Array<ArrayBuffer>;

function next(
  attributes: GeneralRecurrentAttributes,
  cell: GeneralCell,
  x: FloatArray,
  h: State,
  c: State,
): [State, State] {
  const { kind, hiddenSize, clip, couplesForget, resetsAfter } = attributes;
  const { weight, recurrent, bias, peephole, functions } = cell;
  const gates = bias === null ? 0 : bias.length / 2;
  const biasOf = (row: number, isRecurrent: boolean) => (bias === null ? 0 : bias[row + (isRecurrent ? gates : 0)]!);
  const product = (matrix: FloatArray, row: number, vector: ArrayLike<number>) => {
    let sum = 0;
    const begin = row * vector.length;
    for (let i = 0; i < vector.length; i++) sum += matrix[begin + i]! * vector[i]!;
    return sum;
  };
  const apply = (which: number, sum: number) => {
    const { name, alpha, beta } = functions[which]!;
    return FUNCTIONS[name]!(Math.min(Math.max(sum, -clip), clip), alpha, beta);
  };
  const whole = (row: number) =>
    product(weight, row, x) + product(recurrent, row, h) + biasOf(row, false) + biasOf(row, true);
  const newH = new Float64Array(hiddenSize);
  const newC = new Float64Array(hiddenSize);
  if (kind === 'RNN') {
    for (let j = 0; j < hiddenSize; j++) newH[j] = apply(0, whole(j));
    return [newH, c];
  }
  if (kind === 'LSTM') {
    const peep = (gate: number, j: number, state: number) =>
      peephole === null ? 0 : peephole[gate * hiddenSize + j]! * state;
    for (let j = 0; j < hiddenSize; j++) {
      const i = apply(0, whole(j) + peep(0, j, c[j]!));
      const f = couplesForget ? 1 - i : apply(0, whole(2 * hiddenSize + j) + peep(2, j, c[j]!));
      newC[j] = f * c[j]! + i * apply(1, whole(3 * hiddenSize + j));
      newH[j] =
        apply(0, whole(hiddenSize + j) + peep(1, j, newC[j]!)) *
        FUNCTIONS[functions[2]!.name]!(newC[j]!, functions[2]!.alpha, functions[2]!.beta);
    }
    return [newH, newC];
  }
  const reset = h.map((each, j) => each * apply(0, whole(hiddenSize + j)));
  for (let j = 0; j < hiddenSize; j++) {
    const row = 2 * hiddenSize + j;
    const update = apply(0, whole(j));
    const own = product(weight, row, x) + biasOf(row, false);
    const others = resetsAfter
      ? apply(0, whole(hiddenSize + j)) * (product(recurrent, row, h) + biasOf(row, true))
      : product(recurrent, row, reset) + biasOf(row, true);
    newH[j] = (1 - update) * apply(1, own + others) + update * h[j]!;
  }
  return [newH, c];
}
