import type * as Binding from '../../binding.d.ts';
import type { FloatArray, FloatDtype } from '../tensor/dtype.ts';
import { loadAddon } from './loadAddon.ts';
import type { SharedNetwork } from './sharedNetwork.ts';

type Tail<T extends readonly unknown[]> = T extends readonly [unknown, ...infer Rest] ? Rest : never;

export type RecurrentKind = 'lstm' | 'gru';

/** PyTorch's parameters of one layer in one direction: (gates * hiddenSize, ...), LSTM's gates i, f, g, o, GRU's r, z, n. */
export interface RecurrentWeights {
  readonly weightIh: FloatArray;
  readonly weightHh: FloatArray;
  readonly biasIh: FloatArray | null;
  readonly biasHh: FloatArray | null;
}

/** States (batch, hiddenSize). A GRU has no cell state. */
export interface RecurrentState {
  readonly hidden: FloatArray;
  readonly cell: FloatArray | null;
}

/** Where the hidden states go: that of step t and batch item b to `storage[offset + (t * batch + b) * rowStride]` and behind. */
export interface RecurrentOutput {
  readonly storage: FloatArray;
  readonly offset: number;
  readonly rowStride: number;
}

/** What a layer runs over: x is (steps, batch, inputSize), contiguous. */
export interface RecurrentInput {
  readonly x: FloatArray;
  readonly steps: number;
  readonly batch: number;
  readonly reverse: boolean;
}

/** Rows of hiddenSize that a layer keeps for each step and batch item: its gates, and an LSTM's cell state. */
export const KEPT_ROWS: Readonly<Record<RecurrentKind, number>> = { lstm: 5, gru: 4 };

/** What {@link Recurrent.backward} goes back through. */
export interface RecurrentRun {
  readonly input: RecurrentInput;
  readonly initial: RecurrentState | null;
  readonly out: RecurrentOutput;
  readonly kept: FloatArray;
  readonly weightIh: FloatArray;
  readonly weightHh: FloatArray;
}

/** Gradients of the results, null for zeros; that of the output lies as the output does. */
export interface RecurrentResultGradients {
  readonly out: FloatArray | null;
  readonly hidden: FloatArray | null;
  readonly cell: FloatArray | null;
}

/** Where gradients go; null where nobody wants one. */
export interface RecurrentGradients {
  readonly x: FloatArray | null;
  readonly hidden: FloatArray | null;
  readonly cell: FloatArray | null;
  readonly weightIh: FloatArray | null;
  readonly weightHh: FloatArray | null;
  readonly biasIh: FloatArray | null;
  readonly biasHh: FloatArray | null;
}

/** Of a layer without weights, or of one of a shared network. */
type RecurrentArguments =
  | [kind: RecurrentKind, dtype: FloatDtype, inputSize: number, hiddenSize: number]
  | [shared: SharedNetwork, index: number];

/** One layer of an LSTM or a GRU in one direction; it runs with the weights that were packed last. */
export class Recurrent {
  readonly #native: Binding.Recurrent;
  readonly #arguments: RecurrentArguments;
  /** Stands for the weights that are packed. */
  #packed: object | null = null;

  /** A layer without weights, or one of a shared network, with its snapshot. */
  constructor(...args: RecurrentArguments) {
    this.#arguments = args;
    const { Recurrent: Native } = loadAddon();
    this.#native = args.length === 2 ? new Native(...args) : new Native(...args);
  }

  /** Whether a value is one of these. */
  static isRecurrent(value: unknown): value is Recurrent {
    return typeof value === 'object' && value !== null && #native in value;
  }

  /** What the addon knows it by. */
  get native(): Binding.Recurrent {
    return this.#native;
  }

  /** Another one, over the weights that are packed now: it keeps them when this one packs others. */
  snapshot(): Recurrent {
    const other = new Recurrent(...this.#arguments);
    other.#native.adopt(this.#native);
    other.#packed = this.#packed;
    return other;
  }

  /** Whether both run with weights that were packed once, see {@link snapshot}. */
  hasWeightsOf(other: Recurrent): boolean {
    return this.#packed !== null && this.#packed === other.#packed;
  }

  /** Takes a snapshot of weights. */
  pack({ weightIh, weightHh, biasIh, biasHh }: RecurrentWeights): void {
    this.#packed = {};
    this.#native.pack(weightIh, weightHh, biasIh, biasHh);
  }

  /** Adds a step that does what {@link run} does with the weights packed now; its arguments are the addon's, places in the place of arrays. */
  addTo(program: Binding.Program, ...args: Tail<Parameters<Binding.Program['recurrent']>>): void {
    program.recurrent(this.#native, ...args);
  }

  /**
   * Runs from the state `initial`, or zeros, and leaves the state behind the last step in `final`, which may be the same arrays. What
   * {@link backward} reads goes to `kept`, unless that is null; it changes no bit of the results.
   */
  run(
    input: RecurrentInput,
    initial: RecurrentState | null,
    out: RecurrentOutput,
    final: RecurrentState,
    kept: FloatArray | null,
  ): void {
    const { hidden, cell } = final;
    this.#native.run(...argumentsOf(input, initial, out), hidden, cell, kept);
  }

  /**
   * Fills `gradients`, of a run with these arguments and weights that left `kept`, by those of its results, each null for zeros. Which weights are
   * packed by now does not matter.
   */
  backward(run: RecurrentRun, given: RecurrentResultGradients, gradients: RecurrentGradients): void {
    const { x, hidden, cell, weightIh, weightHh, biasIh, biasHh } = gradients;
    const ofResults = [given.out, given.hidden, given.cell] as const;
    const made = [x, hidden, cell, weightIh, weightHh, biasIh, biasHh] as const;
    const before = argumentsOf(run.input, run.initial, run.out);
    this.#native.backward(...before, run.kept, run.weightIh, run.weightHh, ...ofResults, ...made);
  }
}

/** What both calls begin with. */
function argumentsOf(
  { x, steps, batch, reverse }: RecurrentInput,
  initial: RecurrentState | null,
  { storage, offset, rowStride }: RecurrentOutput,
) {
  const hidden = initial === null ? null : initial.hidden;
  const cell = initial === null ? null : initial.cell;
  return [x, steps, batch, hidden, cell, reverse, storage, offset, rowStride] as const;
}
