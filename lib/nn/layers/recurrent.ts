import { rangeError, typeError } from '../../check/errors.ts';
import { refuseUnknownOptions } from '../../check/unknownOption.ts';
import { boolean, describe, isArray } from '../../check/validate.ts';
import { Recurrent, type RecurrentKind } from '../../native/recurrent.ts';
import { allocate } from '../../tensor/allocate.ts';
import { elementsOf, viewArgument } from '../../tensor/arguments.ts';
import { apply, applyMany } from '../../tensor/dispatch.ts';
import { type FloatDtype, readFloatDtype, torchName } from '../../tensor/dtype.ts';
import { isRecorded, type Learned } from '../../tensor/history.ts';
import { cat } from '../../tensor/ops/cat.ts';
import { uniform } from '../../tensor/random/random.ts';
import { formatShape, numelOf } from '../../tensor/shape.ts';
import { type Tensor, tensorOf } from '../../tensor/tensor.ts';
import { isSymbol } from '../../tensor/tracing.ts';
import { inputArgument, numberArgument, sizeArgument } from '../arguments.ts';
import { dropout } from '../functional/dropout.ts';
import { LearnedViews } from '../learnedViews.ts';
import { Module, requireModule } from '../module.ts';
import { gru, lstm } from '../ops/recurrent.ts';
import { Parameter } from '../parameter.ts';
import { makeFieldsReadOnly } from '../readOnlyFields.ts';
import { pythonFloat } from '../repr.ts';

/** The options of `nn.LSTM` and `nn.GRU`. */
export interface RecurrentOptions {
  /** Layers, each on the hidden states of the one before it. Default 1. */
  readonly numLayers?: number | undefined;
  /** Whether numbers to be learned are added to the gates. Default true. */
  readonly bias?: boolean | undefined;
  /** Whether the batch comes first, (N, L, features), and not the steps. Default false. */
  readonly batchFirst?: boolean | undefined;
  /** In training mode, the probability of zeros in place of what one layer gives the next. Default 0. */
  readonly dropout?: number | undefined;
  /** Whether each layer also runs from the last step to the first, and gives both. Default false. */
  readonly bidirectional?: boolean | undefined;
  /** Default `'float32'`. */
  readonly dtype?: FloatDtype | undefined;
}

/** What each direction of a layer learns. */
const KINDS = ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'] as const;

const OPTIONS = ['numLayers', 'bias', 'batchFirst', 'dropout', 'bidirectional', 'dtype'] as const;

/** What LSTM and GRU share: sizes, weights, and running layer by layer. */
export abstract class RecurrentModule extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  /** Each layer's weights, (gates * hiddenSize, features) and (gates * hiddenSize, hiddenSize), under PyTorch's names. */
  readonly [weight: `weight_${string}`]: Parameter;
  /** Each layer's biases, (gates * hiddenSize). */
  readonly [bias: `bias_${string}`]: Parameter;
  readonly #hasBias: boolean;
  readonly #dtype: FloatDtype;
  readonly #kind: RecurrentKind;
  /** A cell for each layer and direction. */
  readonly #cells: readonly (readonly Recurrent[])[];
  /** The parameters of each layer, as gradients reach them. */
  readonly #learned: readonly LearnedViews[];

  constructor(kind: RecurrentKind, inputSize: unknown, hiddenSize: unknown, options: unknown) {
    super();
    const name = kind.toUpperCase();
    if (options !== undefined) refuseUnknownOptions(options as object, OPTIONS, name);
    const given = (options ?? {}) as Readonly<Record<(typeof OPTIONS)[number], unknown>>;
    const { numLayers = 1, bias = true, batchFirst = false, dropout: p = 0, bidirectional = false, dtype } = given;
    this.inputSize = sizeArgument(inputSize, `${name}: inputSize`);
    this.hiddenSize = sizeArgument(hiddenSize, `${name}: hiddenSize`);
    this.numLayers = sizeArgument(numLayers, `${name}: numLayers`);
    if (this.numLayers > MOST_LAYERS) {
      throw rangeError('ERR_CONV1D_VALUE', `${name}: numLayers must be at most ${MOST_LAYERS}, but got ${numLayers}`);
    }
    this.batchFirst = boolean(batchFirst, 'batchFirst');
    this.dropout = numberArgument(p, `${name}: dropout`);
    if (!(this.dropout >= 0 && this.dropout <= 1)) {
      throw rangeError(
        'ERR_CONV1D_VALUE',
        `dropout should be a number in range [0, 1] representing the probability of an element being zeroed, but got ${p}`,
      );
    }
    this.bidirectional = boolean(bidirectional, 'bidirectional');
    this.#hasBias = boolean(bias, 'bias');
    this.#dtype = readFloatDtype(dtype ?? 'float32');
    this.#kind = kind;
    this.#cells = this.#make(kind === 'lstm' ? 4 : 3);
    this.#learned = Array.from({ length: this.numLayers }, (_, layer) => {
      const names = this.#suffixes(layer).flatMap((suffix) => KINDS.map((kind) => `${kind}_${suffix}` as const));
      return new LearnedViews(names.map((name) => this[name] ?? null));
    });
    makeFieldsReadOnly(this);
  }

  #make(gates: number): Recurrent[][] {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    const rows = gates * this.hiddenSize;
    const draw = (name: string, shape: readonly number[]): void => {
      const values = allocate(this.#dtype, numelOf(shape));
      uniform(values, -bound, bound);
      Object.defineProperty(this, name, { value: new Parameter(values, shape), enumerable: true });
    };
    return Array.from({ length: this.numLayers }, (_, layer) =>
      this.#suffixes(layer).map((suffix) => {
        const features = layer === 0 ? this.inputSize : this.hiddenSize * this.#directions;
        draw(`weight_ih_${suffix}`, [rows, features]);
        draw(`weight_hh_${suffix}`, [rows, this.hiddenSize]);
        if (this.#hasBias) {
          draw(`bias_ih_${suffix}`, [rows]);
          draw(`bias_hh_${suffix}`, [rows]);
        }
        return new Recurrent(this.#kind, this.#dtype, features, this.hiddenSize);
      }),
    );
  }

  get #directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  #suffixes(layer: number): string[] {
    return this.bidirectional ? [`l${layer}`, `l${layer}_reverse`] : [`l${layer}`];
  }

  /** @internal Whether a value is a layer of this kind. */
  static isRecurrent(value: unknown, kind: RecurrentKind): value is RecurrentModule {
    return typeof value === 'object' && value !== null && #kind in value && value.#kind === kind;
  }

  /** @internal The cells of each layer of an LSTM or a GRU; none of anything else. */
  static cellsOf(value: object): readonly (readonly Recurrent[])[] {
    return #cells in value ? value.#cells : [];
  }

  /** @internal The layers over a sequence; `states` are (numLayers * directions, N, hiddenSize), or none. */
  protected run(given: Tensor, givenStates: readonly Tensor[] | undefined): { output: Tensor; states: Tensor[] } {
    this.refresh();
    const input = plain(given);
    const states = givenStates?.map(plain);
    const isUnbatched = input.ndim === 2;
    const batched = isUnbatched ? input.unsqueeze(1) : this.batchFirst ? input.transpose(0, 1) : input;
    const initial = isUnbatched ? states?.map((state) => state.unsqueeze(1)) : states;
    const operation = this.#kind === 'lstm' ? lstm : gru;
    const directions = this.#directions;
    const last: Tensor[][] = [];
    const stateCount = this.#kind === 'lstm' ? 2 : 1;
    const layers = this.#cells.reduce<Tensor>((x, cells, layer) => {
      const dropped = layer > 0 && this.training ? dropout(x, this.dropout) : x;
      const own = initial?.map((state) =>
        this.numLayers === 1 ? state : state.narrow(0, layer * directions, directions),
      );
      const views = [dropped, ...(own ?? [])].map((each) => viewArgument(each, operation.name));
      const learned = this.#learnedOf(layer);
      const keeps = !views.some(isSymbol) && isRecorded(views, learned);
      // The gradient reads the weights as they are now, and so they are what is learned, whatever a snapshot held.
      if (this.training || keeps) this.#pack(layer);
      const attributes = { cells, hiddenSize: this.hiddenSize, keeps };
      const [output, ...lastOfLayer] = applyMany(operation, views, attributes, learned) as Tensor[];
      last.push(lastOfLayer.slice(0, stateCount));
      return output!;
    }, batched as Tensor);
    const output = isUnbatched ? layers.squeeze(1) : this.batchFirst ? layers.transpose(0, 1) : layers;
    const finalStates = last[0]!.map((state, i) => (last.length === 1 ? state : stacked(last.map((each) => each[i]!))));
    return {
      output: output as Tensor,
      states: isUnbatched ? finalStates.map((state) => state.squeeze(1) as Tensor) : finalStates,
    };
  }

  /** @internal Refuses what does not fit, in torch's words. */
  protected check(input: Tensor, states: readonly Tensor[], names: readonly string[]): void {
    const x = inputArgument(input, this.#kind);
    const ndim = x.shape.length;
    if (ndim !== 2 && ndim !== 3) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `${this.typeName}: Expected input to be 2-D or 3-D but received ${ndim}-D tensor`,
      );
    }
    if (x.dtype !== this.#dtype) {
      throw typeError(
        'ERR_CONV1D_DTYPE',
        `expected scalar type ${torchName(x.dtype)} but found ${torchName(this.#dtype)}; the input is ${x.dtype}, the weights ${this.#dtype}`,
      );
    }
    if (states.length > 0) this.#checkRanks(ndim, states);
    if (x.shape[ndim - 1] !== this.inputSize) {
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `input.size(-1) must be equal to input_size. Expected ${this.inputSize}, got ${x.shape[ndim - 1]}`,
      );
    }
    const batch = ndim === 2 ? 1 : x.shape[this.batchFirst ? 0 : 1]!;
    const steps = x.shape[ndim === 3 && this.batchFirst ? 1 : 0]!;
    if (steps === 0) {
      throw rangeError('ERR_CONV1D_SHAPE', 'Expected sequence length to be larger than 0 in RNN');
    }
    const expected = [this.numLayers * this.#directions, batch, this.hiddenSize];
    states.forEach((state, i) => {
      const { shape, dtype } = viewArgument(state, names[i]!);
      const whole = ndim === 2 ? [shape[0], 1, shape[1]] : shape;
      if (whole.some((size, dim) => size !== expected[dim])) {
        throw rangeError(
          'ERR_CONV1D_SHAPE',
          `Expected ${names[i]} size (${expected.join(', ')}), got ${formatShape(whole as number[])}`,
        );
      }
      if (dtype !== this.#dtype) {
        throw typeError('ERR_CONV1D_DTYPE', `${names[i]} must have the dtype ${this.#dtype}, but has ${dtype}`);
      }
    });
  }

  #checkRanks(ndim: number, states: readonly Tensor[]): void {
    const ranks = states.map((state) => viewArgument(state, 'a state').shape.length);
    if (ranks.every((rank) => rank === ndim)) return;
    const isPair = ranks.length === 2;
    const kind = ndim === 2 ? 'unbatched 2-D' : 'batched 3-D';
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      isPair
        ? `For ${kind} input, hx and cx should also be ${ndim}-D but got (${ranks[0]}-D, ${ranks[1]}-D) tensors`
        : `For ${kind} input, hx should also be ${ndim}-D but got ${ranks[0]}-D tensor`,
    );
  }

  #pack(layer: number): void {
    this.#suffixes(layer).forEach((suffix, direction) => {
      this.#cells[layer]![direction]!.pack({
        weightIh: elementsOf(this[`weight_ih_${suffix}`]!),
        weightHh: elementsOf(this[`weight_hh_${suffix}`]!),
        biasIh: this.#hasBias ? elementsOf(this[`bias_ih_${suffix}`]!) : null,
        biasHh: this.#hasBias ? elementsOf(this[`bias_hh_${suffix}`]!) : null,
      });
    });
  }

  /** The parameters of a layer, as gradients reach them: for each direction four, biases that it has not null. */
  #learnedOf(layer: number): Learned {
    return this.learned(this.#learned[layer]!);
  }

  /** @internal */
  override get knowsNorms(): boolean {
    return true;
  }

  /** @internal Evaluation mode packs a snapshot of the weights for the kernels. */
  protected override onMode(training: boolean): void {
    if (!training) for (const layer of this.#cells.keys()) this.#pack(layer);
  }

  /** @internal */
  protected override extraRepr(): string {
    const parts = [`${this.inputSize}`, `${this.hiddenSize}`];
    if (this.numLayers !== 1) parts.push(`num_layers=${this.numLayers}`);
    if (!this.#hasBias) parts.push('bias=False');
    if (this.batchFirst) parts.push('batch_first=True');
    if (this.dropout !== 0)
      parts.push(`dropout=${Number.isInteger(this.dropout) ? this.dropout : pythonFloat(this.dropout)}`);
    if (this.bidirectional) parts.push('bidirectional=True');
    return parts.join(', ');
  }
}

/** More are a mistake, and the weights of as many would fill the memory. */
const MOST_LAYERS = 4096;

function requireRecurrent(self: unknown, member: string, kind: RecurrentKind): void {
  requireModule(self, member);
  if (RecurrentModule.isRecurrent(self, kind)) return;
  throw typeError('ERR_CONV1D_TYPE', `${member} must be called on the ${kind.toUpperCase()} that it belongs to`);
}

/** States of the layers, one after the other: torch stacks them. */
function stacked(states: readonly Tensor[]): Tensor {
  const views = states.map((state) => viewArgument(state, 'a state'));
  return apply(cat, views, { dim: 0, isStack: true }) as Tensor;
}

/** A tensor whose methods are those of this library, whatever its owner put in their places. */
function plain(tensor: Tensor): Tensor {
  return tensorOf(viewArgument(tensor, 'the argument')) as Tensor;
}

/**
 * A long short-term memory: PyTorch's `torch.nn.LSTM` (S. Hochreiter and J. Schmidhuber, "Long Short-Term Memory", 1997, with the forget gate of
 * F. A. Gers and others, 2000).
 *
 * Each gate is one chain of sums, from the biases over the features and then the hidden units in their order: the same bits on every machine,
 * for any batch, and however a sequence is cut, as long as the state is handed on.
 *
 * @example
 * const lstm = new nn.LSTM(4, 8).eval();
 * const [output, [h, c]] = lstm.forward(rand(10, 1, 4));
 * output.shape;                                   // [10, 1, 8]
 * lstm.forward(rand(3, 1, 4), [h, c])[0].shape;   // [3, 1, 8]
 * @category Layer
 */
export class LSTM extends RecurrentModule {
  /**
   * Makes layers with random weights: the ones that PyTorch makes after the same `manualSeed`.
   *
   * @param inputSize   features of the input, 1 or more
   * @param hiddenSize  features of the state, 1 or more
   * @param options     numLayers 1, bias true, batchFirst false, dropout 0, bidirectional false, dtype 'float32' by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range
   * @throws RangeError ERR_CONV1D_SHAPE, ERR_CONV1D_MEMORY  when the weights are too large
   */
  constructor(inputSize: number, hiddenSize: number, options?: RecurrentOptions) {
    super('lstm', inputSize, hiddenSize, options);
  }

  /**
   * @param input  (L, N, inputSize), with `batchFirst` (N, L, inputSize), or (L, inputSize) for a single sequence
   * @param state  the hidden and the cell state, each (numLayers * directions, N, hiddenSize), without N for a single sequence; zeros by default
   * @returns      the hidden states of the last layer, directions side by side, and the states behind the last step
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE  when an argument is of the wrong kind or dtype
   * @throws RangeError ERR_CONV1D_SHAPE  when the sizes do not fit
   */
  override forward<D extends FloatDtype>(
    input: Tensor<D>,
    state?: readonly [h: Tensor<D>, c: Tensor<D>] | null,
  ): [output: Tensor<D>, state: [h: Tensor<D>, c: Tensor<D>]] {
    requireRecurrent(this, 'forward', 'lstm');
    const given = state === undefined || state === null ? [] : readPair(state);
    this.check(input as Tensor, given, ['hidden[0]', 'hidden[1]']);
    const { output, states } = this.run(input as Tensor, given.length === 0 ? undefined : given);
    return [output, states] as [Tensor<D>, [Tensor<D>, Tensor<D>]];
  }

  /** @internal */
  protected override get typeName(): string {
    return 'LSTM';
  }
}

function readPair(state: unknown): Tensor[] {
  if (isArray(state) && state.length === 2) return [state[0], state[1]] as Tensor[];
  throw typeError(
    'ERR_CONV1D_TYPE',
    `LSTM: the state must be an array [h, c] of two tensors, but got ${describe(state)}`,
  );
}

/**
 * Gated recurrent units: PyTorch's `torch.nn.GRU` (K. Cho and others, "Learning Phrase Representations using RNN Encoder-Decoder", 2014).
 * The order of its sums is that of {@link LSTM}.
 *
 * @example
 * const [output, h] = new nn.GRU(4, 8, { bidirectional: true }).forward(rand(10, 1, 4));
 * output.shape;   // [10, 1, 16]
 * h.shape;        // [2, 1, 8]
 * @category Layer
 */
export class GRU extends RecurrentModule {
  /**
   * Makes layers with random weights: the ones that PyTorch makes after the same `manualSeed`.
   *
   * @param inputSize   features of the input, 1 or more
   * @param hiddenSize  features of the state, 1 or more
   * @param options     numLayers 1, bias true, batchFirst false, dropout 0, bidirectional false, dtype 'float32' by default
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
   * @throws RangeError ERR_CONV1D_VALUE  when a number is out of range
   * @throws RangeError ERR_CONV1D_SHAPE, ERR_CONV1D_MEMORY  when the weights are too large
   */
  constructor(inputSize: number, hiddenSize: number, options?: RecurrentOptions) {
    super('gru', inputSize, hiddenSize, options);
  }

  /**
   * @param input  (L, N, inputSize), with `batchFirst` (N, L, inputSize), or (L, inputSize) for a single sequence
   * @param state  (numLayers * directions, N, hiddenSize), without N for a single sequence; zeros by default
   * @returns      the hidden states of the last layer, directions side by side, and the state behind the last step
   * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_DTYPE  when an argument is of the wrong kind or dtype
   * @throws RangeError ERR_CONV1D_SHAPE  when the sizes do not fit
   */
  override forward<D extends FloatDtype>(
    input: Tensor<D>,
    state?: Tensor<D> | null,
  ): [output: Tensor<D>, state: Tensor<D>] {
    requireRecurrent(this, 'forward', 'gru');
    const given = state === undefined || state === null ? [] : [state as Tensor];
    this.check(input as Tensor, given, ['hidden']);
    const { output, states } = this.run(input as Tensor, given.length === 0 ? undefined : given);
    return [output, states[0]] as [Tensor<D>, Tensor<D>];
  }

  /** @internal */
  protected override get typeName(): string {
    return 'GRU';
  }
}
