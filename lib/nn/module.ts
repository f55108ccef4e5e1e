import { typeError } from '../check/errors.ts';
import { ownGetters } from '../check/ownGetters.ts';
import { describe } from '../check/validate.ts';
import { InFlight } from '../native/inFlight.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Parameter } from './parameter.ts';
import {
  type IncompatibleKeys,
  type LoadStateDictOptions,
  loadInto,
  type StateDict,
  stateDictOf,
} from './stateDict.ts';

const inspect = Symbol.for('nodejs.util.inspect.custom');

const OWN = ownGetters(['training']);

/**
 * What all layers share: PyTorch's `torch.nn.Module`. A layer says which values it has and how it prints; training and evaluation
 * mode, state dicts and the count of calls in flight are here.
 *
 * @category Layer
 */
export abstract class Module {
  readonly #inFlight = new InFlight();
  #training = true;

  /** A layer is compared and cloned by its mode and by what it says of itself: subclasses add their own getters. */
  constructor() {
    // JavaScript sees no `abstract`.
    if (new.target === Module) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        'Module is not to be constructed; make a layer, as new Conv1d(...), or extend it',
      );
    }
    Object.defineProperties(this, OWN);
  }

  /** Whether a value is a layer of this library; an object that only inherits from a layer's prototype is not. */
  static isModule(value: unknown): value is Module {
    return typeof value === 'object' && value !== null && #training in value;
  }

  /** True until {@link eval} is called, and again after {@link train}. */
  get training(): boolean {
    requireModule(this, 'training');
    return this.#training;
  }

  /**
   * Evaluation mode. A layer may take a snapshot of its values for speed: what you write to them afterwards has no effect until
   * `eval()` or `train()` is called again; `loadStateDict` takes a new snapshot by itself.
   *
   * @returns this layer
   * @throws TypeError  ERR_CONV1D_DETACHED  when the memory of a value was transferred to another thread
   * @throws RangeError ERR_CONV1D_MEMORY    when the snapshot cannot be allocated
   * @example
   * const y = conv.eval().forward(rand(4, 2, 6));
   */
  eval(): this {
    requireModule(this, 'eval');
    this.onMode(false);
    this.#training = false;
    return this;
  }

  /**
   * Training mode: the layer reads its values at every call.
   *
   * @param mode  true by default; `train(false)` is `eval()`, as in PyTorch
   * @returns this layer
   * @throws TypeError ERR_CONV1D_TYPE  when the mode is not true or false; with the errors of `eval` when it is false
   * @example
   * conv.eval();
   * conv.train();
   * conv.training;   // true
   */
  train(mode = true): this {
    requireModule(this, 'train');
    if (typeof mode !== 'boolean') {
      throw typeError('ERR_CONV1D_TYPE', `training mode is expected to be boolean, but got ${describe(mode)}`);
    }
    if (!mode) return this.eval();
    this.onMode(true);
    this.#training = true;
    return this;
  }

  /**
   * The values to be learned: the layer's own, not copies.
   *
   * @example
   * conv.parameters().map(({ shape }) => shape);   // [[3, 2, 5], [3]]
   */
  parameters(): Parameter[] {
    requireModule(this, 'parameters');
    return [...this.#parameters().values()];
  }

  /**
   * The values to be learned, with their names in the state dict.
   *
   * @example
   * conv.namedParameters().map(([name]) => name);   // ['weight', 'bias']
   */
  namedParameters(): [name: string, parameter: Parameter][] {
    requireModule(this, 'namedParameters');
    return [...this.#parameters()];
  }

  /** The values that belong to the state and are not learned, as the running mean of a norm. */
  buffers(): Tensor[] {
    requireModule(this, 'buffers');
    return [...this.ownBuffers().values()];
  }

  /**
   * Parameters and buffers by name: tensors over the layer's memory, as in PyTorch.
   *
   * @example
   * Object.keys(conv.stateDict());   // ['weight', 'bias']
   * await saveSafetensors('layer.safetensors', conv.stateDict());
   */
  stateDict(): StateDict {
    requireModule(this, 'stateDict');
    return stateDictOf(this.#state());
  }

  /**
   * Copies values into parameters and buffers, converted to their dtype, and copies nothing unless everything fits.
   *
   * A weight under weight norm, `weight_g` and `weight_v` or `parametrizations.weight.original0` and `original1`, is folded: g * v / ||v||,
   * with the norm over all dimensions but the one that g keeps. The layer has no norm afterwards.
   *
   * @param dict     tensors by the names of {@link stateDict}
   * @param options  `strict`: whether missing and unexpected keys are errors, true by default; wrong shapes always are.
   *                 `prefix`: what this layer's keys begin with, `''` by default; entries of other layers are left alone
   * @returns        the missing and the unexpected keys, with the prefix
   * @throws TypeError  ERR_CONV1D_TYPE        when `dict` is not a plain object, or an option is of the wrong kind
   * @throws TypeError  ERR_CONV1D_OPTION      when an option's name is unknown
   * @throws TypeError  ERR_CONV1D_DETACHED    when memory of the layer or of the dict was transferred to another thread
   * @throws RangeError ERR_CONV1D_STATE_DICT  with torch's list of what does not fit
   * @throws RangeError ERR_CONV1D_MEMORY      in evaluation mode, when the new snapshot cannot be allocated
   * @example
   * conv.loadStateDict(await loadSafetensors('layer.safetensors'));
   * const model = { 'conv1.weight': rand(3, 2, 5), 'conv1.bias': zeros(3), 'conv2.weight': rand(8, 3, 1) };
   * conv.loadStateDict(model, { prefix: 'conv1.' });   // { missingKeys: [], unexpectedKeys: [] }
   */
  loadStateDict(dict: StateDict, options?: LoadStateDictOptions): IncompatibleKeys {
    requireModule(this, 'loadStateDict');
    const keys = loadInto(this.#state(), dict, options, this.typeName);
    if (!this.#training) this.eval();
    return keys;
  }

  /** How many calls of the layer on background threads are under way. */
  get pending(): number {
    requireModule(this, 'pending');
    return this.#inFlight.count;
  }

  /**
   * Resolves when no call of the layer on background threads is under way and every `then` on their promises has run: back-pressure,
   * or a clean end.
   *
   * @example
   * for await (const x of source) {
   *   if (conv.pending >= 8) await conv.idle();
   *   conv.forwardAsync(x).then(write, report);
   * }
   * await conv.idle();
   */
  idle(): Promise<void> {
    requireModule(this, 'idle');
    return this.#inFlight.idle();
  }

  /** The layer as PyTorch prints it. */
  toString(): string {
    requireModule(this, 'toString');
    return `${this.typeName}(${this.extraRepr()})`;
  }

  /** @internal What console.log prints. */
  [inspect](): string {
    requireModule(this, 'inspect');
    return this.toString();
  }

  /** @internal The layer's name in messages and when it is printed. */
  protected abstract get typeName(): string;

  /** @internal The parameters by name, in the order of the state dict. */
  protected abstract ownParameters(): ReadonlyMap<string, Parameter>;

  /** @internal The buffers by name, in the order of the state dict. */
  protected ownBuffers(): ReadonlyMap<string, Tensor> {
    return new Map();
  }

  /** @internal What stands between the parentheses when the layer is printed. */
  protected extraRepr(): string {
    return '';
  }

  /** @internal Runs before the mode changes, and in evaluation mode after a load of new values. What it throws stops the change. */
  protected onMode(_training: boolean): void {}

  /** @internal Counts a call on background threads until it settles. */
  protected track<T>(work: Promise<T>): Promise<T> {
    requireModule(this, 'track');
    return this.#inFlight.track(work);
  }

  #state(): ReadonlyMap<string, Tensor> {
    return new Map<string, Tensor>([...this.#parameters(), ...this.ownBuffers()]);
  }

  #parameters(): ReadonlyMap<string, Parameter> {
    // A subclass in JavaScript may have left it out.
    if (typeof this.ownParameters === 'function') return this.ownParameters();
    throw typeError(
      'ERR_CONV1D_TYPE',
      'a class that extends Module must have a method ownParameters(), which returns a Map of its parameters by name',
    );
  }
}

/** Refuses `this` that is no module: a method that was taken off its layer, a getter that was read off the prototype. */
export function requireModule(self: unknown, member: string): void {
  if (Module.isModule(self)) return;
  throw typeError('ERR_CONV1D_TYPE', `${member} must be called on a layer: layer.${member}, not on ${describe(self)}`);
}
