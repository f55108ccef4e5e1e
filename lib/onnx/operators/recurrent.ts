import { Recurrent, type RecurrentKind } from '../../native/recurrent.ts';
import { gru, lstm } from '../../nn/ops/recurrent.ts';
import { allocate } from '../../tensor/allocate.ts';
import { type Dtype, type FloatArray, type FloatDtype, isFloatDtype } from '../../tensor/dtype.ts';
import { flip } from '../../tensor/ops/flip.ts';
import { elementsOfView } from '../../tensor/view.ts';
import type { Call } from '../call.ts';
import { onnxError } from '../onnxError.ts';
import {
  CELL_FUNCTIONS,
  type CellFunction,
  type GeneralCell,
  generalRecurrent,
} from '../operations/generalRecurrent.ts';
import type { Operators } from '../operator.ts';
import { type Any, permuted, reshaped, run, runMany } from './tensors.ts';

// Inputs of all three: X, W, R, B, the lengths of the sequences, the hidden state; LSTM's cell state and peepholes.
const LENGTHS = 4;
const HIDDEN = 5;
const CELL = 6;
const PEEPHOLES = 7;

type Kind = 'LSTM' | 'GRU' | 'RNN';

const GATES: Readonly<Record<Kind, number>> = { LSTM: 4, GRU: 3, RNN: 1 };

/** Our cells have PyTorch's order of gates: i, f, g, o of ONNX's i, o, f, c; r, z, n of its z, r, h. */
const ORDER: Readonly<Record<RecurrentKind, readonly number[]>> = { lstm: [0, 2, 3, 1], gru: [1, 0, 2] };

const DEFAULT_FUNCTIONS: Readonly<Record<Kind, readonly string[]>> = {
  LSTM: ['Sigmoid', 'Tanh', 'Tanh'],
  GRU: ['Sigmoid', 'Tanh'],
  RNN: ['Tanh'],
};

/** What a layer is told beside its inputs. */
interface Traits {
  readonly kind: Kind;
  readonly dtype: FloatDtype;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  readonly directions: 1 | 2;
  readonly hiddenSize: number;
  readonly features: number;
  readonly functions: readonly CellFunction[];
  readonly clip: number;
  /** Whether the batch comes before the steps. */
  readonly isBatchFirst: boolean;
}

function traitsOf(call: Call, kind: Kind): Traits {
  const direction = call.oneOf('direction', ['forward', 'reverse', 'bidirectional'], 'forward');
  const directions = direction === 'bidirectional' ? 2 : 1;
  const [wDirections, rows, features] = call.shape(1) as [number, number, number];
  const hiddenSize = call.integer('hidden_size', rows / GATES[kind]);
  const dtype = call.dtype(0);
  if (!isFloatDtype(dtype)) throw onnxError(`the input is of ${dtype}`);
  const expected = [
    [directions, GATES[kind] * hiddenSize, features],
    [directions, GATES[kind] * hiddenSize, hiddenSize],
    [directions, 2 * GATES[kind] * hiddenSize],
  ];
  for (const [i, shape] of expected.entries()) {
    if (!call.has(i + 1)) continue;
    if (call.shape(i + 1).join() === shape.join() && call.dtype(i + 1) === dtype) continue;
    throw onnxError(
      `input ${i + 1} must be [${shape.join(', ')}] of ${dtype}, but is [${call.shape(i + 1).join(', ')}] of ${call.dtype(i + 1)}`,
    );
  }
  if (wDirections !== directions || call.shape(0).length !== 3 || call.shape(0)[2] !== features) {
    throw onnxError(`the input must have ${features} features, but is [${call.shape(0).join(', ')}]`);
  }
  return {
    kind,
    dtype,
    direction,
    directions,
    hiddenSize,
    features,
    functions: functionsOf(call, kind, directions),
    clip: call.float('clip', Number.POSITIVE_INFINITY),
    isBatchFirst: call.integer('layout', 0) === 1,
  };
}

/** The parameters of functions that have some, where the file has none. */
const PARAMETERS: Readonly<Record<string, readonly [number, number]>> = {
  LeakyRelu: [0.01, 0],
  ThresholdedRelu: [1, 0],
  ScaledTanh: [1, 1],
  HardSigmoid: [0.2, 0.5],
  Elu: [1, 0],
  Affine: [1, 0],
};

/** The functions of each direction, one after the other. */
function functionsOf(call: Call, kind: Kind, directions: number): CellFunction[] {
  const defaults = DEFAULT_FUNCTIONS[kind];
  const names = call.attributeTexts('activations') ?? Array.from({ length: directions }, () => defaults).flat();
  if (names.length !== defaults.length * directions)
    throw onnxError(`there are ${names.length} activations for ${defaults.length * directions}`);
  const alphas = [...(call.attributeFloats('activation_alpha') ?? [])];
  const betas = [...(call.attributeFloats('activation_beta') ?? [])];
  return names.map((given) => {
    const name = CELL_FUNCTIONS.find((each) => each.toLowerCase() === given.toLowerCase());
    if (name === undefined)
      throw onnxError(`there is no activation '${given}'; there are ${CELL_FUNCTIONS.join(', ')}`);
    const [alpha, beta] = PARAMETERS[name] ?? [0, 0];
    const has = PARAMETERS[name] !== undefined;
    return { name, alpha: has ? (alphas.shift() ?? alpha) : alpha, beta: has ? (betas.shift() ?? beta) : beta };
  });
}

function layer(kind: Kind): (call: Call) => Any[] {
  return (call) => {
    const traits = traitsOf(call, kind);
    const given = call.tensor(0);
    const x = traits.isBatchFirst ? permuted(given, [1, 0, 2]) : given;
    requireSideInputs(call, traits, x.shape[1]!);
    const states = (kind === 'LSTM' ? [HIDDEN, CELL] : [HIDDEN]).map((index) =>
      stateOf(call, index, traits, x.shape[1]!),
    );
    const [out, ...last] = isPlain(call, traits) ? plain(call, traits, x, states) : general(call, traits, x, states);
    // (L, directions, N, H).
    const y = traits.isBatchFirst ? permuted(out!, [2, 0, 1, 3]) : out!;
    return [y, ...last.map((state) => (traits.isBatchFirst ? permuted(state, [1, 0, 2]) : state))];
  };
}

/** Refuses lengths that are no int32 number for each batch item, and peepholes that do not fit the weights. */
function requireSideInputs(call: Call, { kind, dtype, directions, hiddenSize }: Traits, batch: number): void {
  const expected: readonly (readonly [index: number, dtype: Dtype, shape: readonly number[]])[] = [
    [LENGTHS, 'int32', [batch]],
    ...(kind === 'LSTM' ? ([[PEEPHOLES, dtype, [directions, 3 * hiddenSize]]] as const) : []),
  ];
  for (const [index, type, shape] of expected) {
    if (!call.has(index)) continue;
    if (call.dtype(index) === type && call.shape(index).join() === shape.join()) continue;
    throw onnxError(
      `input ${index} must be [${shape.join(', ')}] of ${type}, but is [${call.shape(index).join(', ')}] of ${call.dtype(index)}`,
    );
  }
}

/** A state as (directions, N, hiddenSize); null if there is none, or only zeros. */
function stateOf(
  call: Call,
  index: number,
  { isBatchFirst, directions, hiddenSize }: Traits,
  batch: number,
): Any | null {
  if (!call.has(index)) return null;
  const shape = isBatchFirst ? [batch, directions, hiddenSize] : [directions, batch, hiddenSize];
  if (call.shape(index).join() !== shape.join()) {
    throw onnxError(`input ${index} must be [${shape.join(', ')}], but is [${call.shape(index).join(', ')}]`);
  }
  if (call.isZero(index)) return null;
  const state = call.tensor(index);
  return isBatchFirst ? permuted(state, [1, 0, 2]) : state;
}

/** Whether our cells have it. */
function isPlain(call: Call, { kind, functions, clip }: Traits): boolean {
  if (kind === 'RNN' || clip !== Number.POSITIVE_INFINITY || isLengths(call)) return false;
  const defaults = DEFAULT_FUNCTIONS[kind];
  if (functions.some(({ name }, i) => name !== defaults[i % defaults.length])) return false;
  if ([1, 2, 3].some((i) => call.has(i) && call.known(i) === null)) return false;
  if (kind === 'GRU') return call.flag('linear_before_reset');
  return !(call.has(PEEPHOLES) && !call.isZero(PEEPHOLES)) && !call.flag('input_forget');
}

/** Whether sequences are of several lengths: not where all are known to be as long as there are steps. */
function isLengths(call: Call): boolean {
  if (!call.has(LENGTHS)) return false;
  const steps = call.shape(0)[call.integer('layout', 0) === 1 ? 1 : 0]!;
  return call.known(LENGTHS) === null || call.integers(LENGTHS).some((count) => count < steps);
}

function numbers(call: Call, index: number): FloatArray {
  const view = call.known(index);
  if (view === null) throw onnxError(`input ${index}, a weight, depends on the inputs of the network`);
  return elementsOfView(view) as FloatArray;
}

/** A direction's part of a weight. */
function partOf(values: FloatArray, direction: number, directions: number): FloatArray {
  const size = values.length / directions;
  return values.subarray(direction * size, (direction + 1) * size);
}

function plain(call: Call, traits: Traits, x: Any, states: readonly (Any | null)[]): Any[] {
  const { kind, directions, hiddenSize, direction } = traits;
  const cells = call.once('cells', [1, 2, 3], () => cellsOf(call, traits));
  const [hidden, cell] = states;
  const isReverse = direction === 'reverse';
  const from = isReverse ? run(flip, [x], { dims: [0] }) : x;
  const initial: Any[] = [];
  if (states.some((state) => state !== null)) {
    const zeros = () => call.filled([directions, x.shape[1]!, hiddenSize], 0, traits.dtype);
    initial.push(hidden ?? zeros());
    if (kind === 'LSTM') initial.push(cell ?? zeros());
  }
  const attributes = { cells, hiddenSize, keeps: false };
  const [out, ...last] = runMany(kind === 'LSTM' ? lstm : gru, [from, ...initial], attributes);
  const turned = isReverse ? run(flip, [out!], { dims: [0] }) : out!;
  const [steps, batch] = x.shape as [number, number];
  const apart = permuted(reshaped(turned, [steps, batch, directions, hiddenSize]), [0, 2, 1, 3]);
  return [apart, ...last];
}

function cellsOf(call: Call, { kind, dtype, directions, hiddenSize, features }: Traits): Recurrent[] {
  const name: RecurrentKind = kind === 'LSTM' ? 'lstm' : 'gru';
  const [w, r, b] = [1, 2, 3].map((i) => (call.has(i) ? numbers(call, i) : null)) as [
    FloatArray,
    FloatArray,
    FloatArray | null,
  ];
  return Array.from({ length: directions }, (_, direction) => {
    const inOrder = (values: FloatArray, width: number) => reordered(values, ORDER[name], hiddenSize * width, dtype);
    const bias = b === null ? null : partOf(b, direction, directions);
    const cell = new Recurrent(name, dtype, features, hiddenSize);
    cell.pack({
      weightIh: inOrder(partOf(w, direction, directions), features),
      weightHh: inOrder(partOf(r, direction, directions), hiddenSize),
      biasIh: bias === null ? null : inOrder(bias.subarray(0, bias.length / 2), 1),
      biasHh: bias === null ? null : inOrder(bias.subarray(bias.length / 2), 1),
    });
    return cell;
  });
}

/** Gates in another order. */
function reordered(values: FloatArray, order: readonly number[], size: number, dtype: FloatDtype): FloatArray {
  const out = allocate(dtype, values.length);
  for (const [to, from] of order.entries()) out.set(values.subarray(from * size, (from + 1) * size), to * size);
  return out;
}

function general(call: Call, traits: Traits, x: Any, states: readonly (Any | null)[]): Any[] {
  const { kind, directions, direction, hiddenSize, functions, clip } = traits;
  const count = functions.length / directions;
  const indices = [1, 2, 3, PEEPHOLES] as const;
  const cells = call.once('general', indices, () => {
    const [w, r, b, p] = indices.map((i) => (call.has(i) ? numbers(call, i) : null));
    return Array.from(
      { length: directions },
      (_, d): GeneralCell => ({
        weight: partOf(w!, d, directions),
        recurrent: partOf(r!, d, directions),
        bias: b ? partOf(b, d, directions) : null,
        peephole: p ? partOf(p, d, directions) : null,
        isReverse: direction === 'reverse' || d === 1,
        functions: functions.slice(d * count, (d + 1) * count),
      }),
    );
  });
  const lengths = isLengths(call) ? call.tensor(LENGTHS) : null;
  const [hidden = null, cell = null] = states;
  const others = [lengths, hidden, cell];
  return runMany(generalRecurrent, [x, ...others.filter((each) => each !== null)], {
    kind,
    hiddenSize,
    cells,
    clip,
    couplesForget: call.flag('input_forget'),
    resetsAfter: call.flag('linear_before_reset'),
    given: [lengths !== null, hidden !== null, cell !== null],
  });
}

const SHARED = [
  'activation_alpha',
  'activation_beta',
  'activations',
  'clip',
  'direction',
  'hidden_size',
  'layout',
  'output_sequence',
];

/** Recurrent layers. */
export const recurrentOperators: Operators = {
  LSTM: { inputs: [3, 8], outputs: 3, attributes: [...SHARED, 'input_forget'], run: layer('LSTM') },
  GRU: { inputs: [3, 6], outputs: 2, attributes: [...SHARED, 'linear_before_reset'], run: layer('GRU') },
  RNN: { inputs: [3, 6], outputs: 2, attributes: SHARED, run: layer('RNN') },
};
