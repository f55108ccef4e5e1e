import { rangeError, typeError } from '../check/errors.ts';
import { ownGetters } from '../check/ownGetters.ts';
import { describe } from '../check/validate.ts';
import { InFlight } from '../native/inFlight.ts';
import type { Dtype } from '../tensor/dtype.ts';
import { isGradEnabled } from '../tensor/gradMode.ts';
import { type Learned, NONE_LEARNED } from '../tensor/history.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { LearnedViews } from './learnedViews.ts';
import { joined, type StateEntry, uniqueModules, walkModules } from './moduleState.ts';
import { Parameter } from './parameter.ts';
import { moduleText } from './repr.ts';
import { Snapshot } from './snapshot.ts';
import {
  type IncompatibleKeys,
  type LoadStateDictOptions,
  loadInto,
  type StateDict,
  stateDictOf,
} from './stateDict.ts';
import type { WeightNorm } from './weightNorm.ts';

const inspect = Symbol.for('nodejs.util.inspect.custom');

const OWN = ownGetters(['training']);

/**
 * A layer, or a network of layers: PyTorch's `torch.nn.Module`. Extend it: fields that hold modules or parameters are found by
 * themselves (not those whose names begin with `#`, which nobody else can see), and `forward` computes.
 *
 * A new module is in training mode, as in PyTorch. Training and evaluation mode, state dicts and printing reach all modules inside.
 *
 * @example
 * class Block extends nn.Module {
 *   readonly conv = new nn.Conv1d(2, 2, 3, { padding: 1 });
 *   override forward(x: Tensor): Tensor {
 *     return x.add(this.conv.forward(x).relu());
 *   }
 * }
 * Object.keys(new Block().stateDict());   // ['conv.weight', 'conv.bias']
 * @category Layer
 */
export class Module {
  readonly #inFlight = new InFlight();
  readonly #buffers = new Map<string, Tensor<Dtype>>();
  readonly #norms = new Map<string, WeightNorm>();
  #training = true;
  /** Of a layer in evaluation mode that reads its values through {@link refresh}. */
  #snapshot: Snapshot | null = null;

  /** A layer is compared and cloned by its mode and by what it says of itself: subclasses add their own getters. */
  constructor() {
    if (new.target === Module) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        'Module is not to be constructed; make a layer, as new Conv1d(...), or extend it',
      );
    }
    Object.defineProperties(this, OWN);
  }

  /** Whether a value is a module of this library or an heir of one; an object that only inherits from a prototype is not. */
  static isModule(value: unknown): value is Module {
    return typeof value === 'object' && value !== null && #training in value;
  }

  /**
   * Computes: what a class that extends Module is written for.
   *
   * @throws TypeError ERR_CONV1D_TYPE  when the class has none
   */
  forward(..._inputs: unknown[]): unknown {
    requireModule(this, 'forward');
    throw typeError('ERR_CONV1D_TYPE', `Module [${this.typeName}] is missing the required "forward" function`);
  }

  /** True until {@link eval} is called, and again after {@link train}. */
  get training(): boolean {
    requireModule(this, 'training');
    return this.#training;
  }

  /**
   * Evaluation mode, for this module and all inside. A layer may take a snapshot of its values for speed: what you write to them
   * afterwards has no effect until `eval()` or `train()` is called again. After `loadStateDict` and the step of an optimiser there is a
   * new snapshot by itself.
   *
   * @returns this module
   * @throws TypeError  ERR_CONV1D_DETACHED  when the memory of a value was transferred to another thread
   * @throws RangeError ERR_CONV1D_MEMORY    when the snapshot cannot be allocated
   * @throws RangeError ERR_CONV1D_VALUE     when a module contains itself
   * @example
   * const y = conv.eval().forward(rand(4, 2, 6));
   */
  eval(): this {
    requireModule(this, 'eval');
    this.#setMode(false);
    return this;
  }

  /**
   * Training mode, for this module and all inside: layers read their values at every call.
   *
   * @param mode  true by default; `train(false)` is `eval()`, as in PyTorch
   * @returns this module
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
    this.#setMode(true);
    return this;
  }

  /**
   * The modules inside, without those inside of them.
   *
   * @example
   * new nn.Sequential(new nn.ReLU(), new nn.Tanh()).children().length;   // 2
   */
  children(): Module[] {
    requireModule(this, 'children');
    return [...new Set(this.ownChildren().values())];
  }

  /** The modules inside, with the names of their fields. */
  namedChildren(): [name: string, module: Module][] {
    requireModule(this, 'namedChildren');
    return [...this.ownChildren()];
  }

  /** This module and all inside, each once. */
  modules(): Module[] {
    requireModule(this, 'modules');
    return uniqueModules<Module>(this).map(([, module]) => module);
  }

  /**
   * This module, under the name `''`, and all inside, each once, with their names as state dicts have them.
   *
   * @example
   * new nn.Sequential(new nn.ReLU()).namedModules().map(([name]) => name);   // ['', '0']
   */
  namedModules(): [name: string, module: Module][] {
    requireModule(this, 'namedModules');
    return uniqueModules<Module>(this);
  }

  /**
   * Calls a function with every module inside, the innermost first, and with this one: for initial values of one's own.
   *
   * @returns this module
   * @throws TypeError ERR_CONV1D_TYPE  when `visit` is no function
   * @example
   * const net = new nn.Sequential(new nn.Conv1d(2, 3, 5), new nn.ReLU());
   * net.apply((module) => {
   *   if (nn.Conv1d.isConv1d(module)) module.bias?.data.fill(0);
   * });
   */
  apply(visit: (module: Module) => void): this {
    requireModule(this, 'apply');
    if (typeof visit !== 'function') {
      throw typeError('ERR_CONV1D_TYPE', `apply(): expected a function, but got ${describe(visit)}`);
    }
    walkModules<Module>(this); // refuses a module that contains itself
    const reach = (module: Module): void => {
      for (const child of module.ownChildren().values()) reach(child);
      visit(module);
    };
    reach(this);
    return this;
  }

  /**
   * The values to be learned, of this module and all inside, each once: the modules' own, not copies.
   *
   * @example
   * conv.parameters().map(({ shape }) => shape);   // [[3, 2, 5], [3]]
   */
  parameters(): Parameter[] {
    requireModule(this, 'parameters');
    return this.namedParameters().map(([, parameter]) => parameter);
  }

  /**
   * The values to be learned, with their names in the state dict.
   *
   * @example
   * conv.namedParameters().map(([name]) => name);   // ['weight', 'bias']
   */
  namedParameters(): [name: string, parameter: Parameter][] {
    requireModule(this, 'namedParameters');
    return namedOnce(this, (module) => module.#parameters());
  }

  /** The values that belong to the state and are not learned, as the running mean of a norm, of this module and all inside. */
  buffers(): Tensor<Dtype>[] {
    requireModule(this, 'buffers');
    return this.namedBuffers().map(([, buffer]) => buffer);
  }

  /** The same with their names in the state dict. */
  namedBuffers(): [name: string, buffer: Tensor<Dtype>][] {
    requireModule(this, 'namedBuffers');
    return namedOnce(this, (module) => module.ownBuffers());
  }

  /**
   * Gives a module of your own a value that belongs to its state and is not learned: it is saved and loaded with it, under this name.
   *
   * @param name    no name of a parameter, a module or a method; without dots
   * @param buffer  the tensor; the module keeps it
   * @returns the tensor, for a field of your own: of one with the buffer's name, what it holds later is the buffer, and with null there
   *          is none, as in PyTorch
   * @throws TypeError ERR_CONV1D_TYPE    when the name is no string, or the buffer no tensor
   * @throws RangeError ERR_CONV1D_VALUE  when the name is empty, has a dot or is taken
   * @example
   * class Scale extends nn.Module {
   *   readonly factor = this.registerBuffer('factor', tensor([2]));
   *   override forward(x: Tensor): Tensor {
   *     return x.mul(this.factor);
   *   }
   * }
   * Object.keys(new Scale().stateDict());   // ['factor']
   */
  registerBuffer<T extends Tensor<Dtype>>(name: string, buffer: T): T {
    requireModule(this, 'registerBuffer');
    if (typeof name !== 'string') {
      throw typeError('ERR_CONV1D_TYPE', `buffer name should be a string. Got ${describe(name)}`);
    }
    if (name === '') throw rangeError('ERR_CONV1D_VALUE', 'buffer name can\'t be empty string ""');
    if (name.includes('.')) throw rangeError('ERR_CONV1D_VALUE', 'buffer name can\'t contain "."');
    // A field that is only declared is there, and undefined.
    const isTaken = name in this && (!Object.hasOwn(this, name) || Reflect.get(this, name) !== undefined);
    if (this.#buffers.has(name) || isTaken) {
      throw rangeError('ERR_CONV1D_VALUE', `attribute '${name}' already exists`);
    }
    if (!Tensor.isTensor(buffer)) {
      throw noBuffer(buffer, name);
    }
    this.#buffers.set(name, buffer);
    return buffer;
  }

  /**
   * Parameters and buffers by name, of this module and all inside: tensors over their memory, as in PyTorch.
   *
   * @throws RangeError ERR_CONV1D_VALUE  when a module contains itself
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
   * with the norm over all dimensions but the one that g keeps. A layer under `nn.weightNorm` takes both parts as they are, by either
   * pair of names.
   *
   * @param dict     tensors by the names of {@link stateDict}
   * @param options  `strict`: whether missing and unexpected keys are errors, true by default; wrong shapes always are.
   *                 `prefix`: what this module's keys begin with, `''` by default; entries of others are left alone
   * @returns        the missing and the unexpected keys, with the prefix
   * @throws TypeError  ERR_CONV1D_TYPE        when `dict` is not a plain object, or an option is of the wrong kind
   * @throws TypeError  ERR_CONV1D_OPTION      when an option's name is unknown
   * @throws TypeError  ERR_CONV1D_DETACHED    when memory of the module or of the dict was transferred to another thread
   * @throws RangeError ERR_CONV1D_STATE_DICT  with torch's list of what does not fit
   * @throws RangeError ERR_CONV1D_MEMORY      in evaluation mode, when the new snapshot cannot be allocated: the values are loaded,
   *                                           and `eval()` tries again
   * @example
   * conv.loadStateDict(await loadSafetensors('layer.safetensors'));
   * const model = { 'conv1.weight': rand(3, 2, 5), 'conv1.bias': zeros(3), 'conv2.weight': rand(8, 3, 1) };
   * conv.loadStateDict(model, { prefix: 'conv1.' });   // { missingKeys: [], unexpectedKeys: [] }
   */
  loadStateDict(dict: StateDict, options?: LoadStateDictOptions): IncompatibleKeys {
    requireModule(this, 'loadStateDict');
    const keys = loadInto(this.#state(), dict, options, this.typeName);
    this.#renew();
    return keys;
  }

  /** How many calls of this module, and of those inside, on background threads are under way. */
  get pending(): number {
    requireModule(this, 'pending');
    return uniqueModules<Module>(this).reduce((sum, [, module]) => sum + module.#inFlight.count, 0);
  }

  /**
   * Resolves when no call of the module, or of those inside, on background threads is under way and every `then` on their promises
   * has run: back-pressure, or a clean end.
   *
   * @example
   * for await (const x of source) {
   *   if (conv.pending >= 8) await conv.idle();
   *   conv.forwardAsync(x).then(write, report);
   * }
   * await conv.idle();
   */
  async idle(): Promise<void> {
    requireModule(this, 'idle');
    const modules = uniqueModules<Module>(this);
    do await Promise.all(modules.map(([, module]) => module.#inFlight.idle()));
    while (modules.some(([, module]) => module.#inFlight.count > 0));
  }

  /** The module as PyTorch prints it. */
  toString(): string {
    requireModule(this, 'toString');
    walkModules<Module>(this); // refuses a module that contains itself
    return this.#text();
  }

  /** @internal What console.log prints. */
  [inspect](): string {
    requireModule(this, 'inspect');
    return this.toString();
  }

  /** @internal The module's name in messages and when it is printed. */
  protected get typeName(): string {
    requireModule(this, 'typeName');
    return this.constructor.name;
  }

  /** @internal The parameters by name, in the order of the state dict: the fields that hold one. */
  protected ownParameters(): ReadonlyMap<string, Parameter> {
    requireModule(this, 'ownParameters');
    return fieldsThatAre(this, Parameter.isParameter);
  }

  /** @internal The buffers by name, in the order of the state dict. */
  protected ownBuffers(): ReadonlyMap<string, Tensor<Dtype>> {
    requireModule(this, 'ownBuffers');
    const now = new Map<string, Tensor<Dtype>>();
    for (const [name, registered] of this.#buffers) {
      const field: unknown = Object.getOwnPropertyDescriptor(this, name)?.value;
      // A parameter of that name is another value, which the state dict refuses.
      const held = field === undefined || Parameter.isParameter(field) ? registered : field;
      if (held === null) continue;
      if (!Tensor.isTensor(held)) throw noBuffer(held, name);
      now.set(name, held);
    }
    return now;
  }

  /** @internal What a buffer becomes where a state dict of an older PyTorch does not have it. */
  protected bufferDefaults(): ReadonlyMap<string, number> {
    return new Map();
  }

  /** @internal The modules inside by name: the fields that hold one. */
  ownChildren(): ReadonlyMap<string, Module> {
    requireModule(this, 'ownChildren');
    return fieldsThatAre(this, Module.isModule);
  }

  /** @internal What stands between the parentheses when the module is printed. */
  protected extraRepr(): string {
    return '';
  }

  /** @internal Runs before the mode changes, and in evaluation mode after a load of new values. What it throws stops the change. */
  protected onMode(_training: boolean): void {}

  /** @internal To be called before values are read: what is under a norm is worked out in training mode, and comes from its parts; an old snapshot is taken again. */
  protected refresh(): void {
    requireModule(this, 'refresh');
    if (this.#snapshot?.isOld()) this.#evaluate();
    if (this.#norms.size === 0) return;
    for (const norm of this.#norms.values()) {
      if (this.#training) norm.fold();
      norm.connect();
    }
  }

  /** @internal Parameters as gradients reach them, behind {@link refresh}: what is under a norm comes from its two parts. */
  protected learned(views: LearnedViews): Learned {
    requireModule(this, 'learned');
    return isGradEnabled() ? views.get() : NONE_LEARNED;
  }

  /** @internal Whether its class calls {@link refresh} before it reads its parameters, so that they may be under a norm. */
  get knowsNorms(): boolean {
    return false;
  }

  /** @internal Puts a parameter under a norm: from now on its two parts are the parameters. */
  setNorm(name: string, norm: WeightNorm): void {
    requireModule(this, 'setNorm');
    this.#norms.set(name, norm);
  }

  /** @internal The norm of a parameter; undefined without one. */
  normOf(name: string): WeightNorm | undefined {
    requireModule(this, 'normOf');
    return this.#norms.get(name);
  }

  /** @internal The reverse of {@link setNorm}; the parameter keeps the value that it has. */
  dropNorm(name: string): void {
    requireModule(this, 'dropNorm');
    this.#norms.delete(name);
  }

  /** @internal The parameter of this name, whether it is under a norm or not. */
  parameterNamed(name: string): Parameter | undefined {
    requireModule(this, 'parameterNamed');
    return this.ownParameters().get(name);
  }

  /** @internal Counts a call on background threads until it settles. */
  protected track<T>(work: Promise<T>): Promise<T> {
    requireModule(this, 'track');
    return this.#inFlight.track(work);
  }

  /** The mode of this module and all inside: of all of them, or where one throws, of none. */
  #setMode(training: boolean): void {
    const changed: Module[] = [];
    try {
      for (const [, module] of uniqueModules<Module>(this)) {
        const isNew = module.#training !== training;
        if (training) module.#learn();
        else module.#evaluate();
        if (isNew) changed.push(module);
      }
    } catch (error) {
      for (const module of changed) module.#goBack(!training);
      throw error;
    }
  }

  /** New snapshots in evaluation mode: where one fails, the others are taken all the same. */
  #renew(): void {
    const errors: unknown[] = [];
    for (const [, module] of uniqueModules<Module>(this)) {
      if (module.#training) continue;
      try {
        module.#evaluate();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** Undoes a change of mode. A module that cannot take its snapshot again stays in training, where it needs none. */
  #goBack(training: boolean): void {
    try {
      if (training) this.#learn();
      else this.#evaluate();
    } catch {
      this.#training = true;
    }
  }

  #learn(): void {
    this.onMode(true);
    this.#training = true;
    this.#snapshot = null;
  }

  #evaluate(): void {
    for (const norm of this.#norms.values()) norm.fold();
    this.onMode(false);
    this.#snapshot = this.knowsNorms ? new Snapshot(this.#valuesRead()) : null;
    this.#training = false;
  }

  /** What {@link onMode} takes a snapshot of, and what norms work that out from. */
  #valuesRead(): Parameter[] {
    return [...this.ownParameters().values(), ...this.#parameters().values()];
  }

  #text(): string {
    const children = [...this.ownChildren()].map(([name, child]) => [name, child.#text()] as const);
    return moduleText(this.typeName, this.extraRepr(), children);
  }

  /** The parameters by name, those under a norm in two parts, at the end as in PyTorch. */
  #parameters(): ReadonlyMap<string, Parameter> {
    const own = this.ownParameters();
    if (this.#norms.size === 0) return own;
    const named = new Map(own);
    for (const [name, norm] of this.#norms) {
      named.delete(name);
      for (const part of norm.parts) named.set(part.key, part.parameter);
    }
    return named;
  }

  #state(): ReadonlyMap<string, StateEntry> {
    const entries = new Map<string, StateEntry>();
    const add = (key: string, entry: StateEntry): void => {
      const other = entries.get(key);
      if (other !== undefined && other.tensor !== entry.tensor) {
        throw rangeError('ERR_CONV1D_VALUE', `two values of the module have the name '${key}'; rename one of them`);
      }
      entries.set(key, entry);
    };
    for (const [prefix, module] of walkModules<Module>(this)) {
      for (const [name, tensor] of module.#parameters()) add(joined(prefix, name), { tensor });
      for (const norm of module.#norms.values()) {
        for (const { key, otherKey, parameter } of norm.parts) {
          add(joined(prefix, key), { tensor: parameter, otherKey: joined(prefix, otherKey) });
        }
      }
      const defaults = module.bufferDefaults();
      for (const [name, tensor] of module.ownBuffers()) {
        add(joined(prefix, name), { tensor, otherwise: defaults.get(name) });
      }
    }
    return entries;
  }
}

/** The fields of a module whose values are of a kind, in the order in which they were made. No getter runs. */
function fieldsThatAre<T>(module: Module, isOne: (value: unknown) => value is T): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const name of Object.keys(module)) {
    const value: unknown = Object.getOwnPropertyDescriptor(module, name)?.value;
    if (isOne(value)) found.set(name, value);
  }
  return found;
}

function noBuffer(value: unknown, name: string): TypeError {
  return typeError(
    'ERR_CONV1D_TYPE',
    `cannot assign ${describe(value)} to buffer '${name}' (torch Tensor or None required)`,
  );
}

/** Values of all modules of a tree with their names, each value once. */
function namedOnce<T>(root: Module, valuesOf: (module: Module) => ReadonlyMap<string, T>): [name: string, value: T][] {
  const seen = new Set<T>();
  return uniqueModules<Module>(root).flatMap(([prefix, module]) =>
    [...valuesOf(module)].flatMap(([name, value]): [string, T][] => {
      if (seen.has(value)) return [];
      seen.add(value);
      return [[joined(prefix, name), value]];
    }),
  );
}

/** Refuses `this` that is no module: a method that was taken off its layer, a getter that was read off the prototype. */
export function requireModule(self: unknown, member: string): void {
  if (Module.isModule(self)) return;
  throw typeError('ERR_CONV1D_TYPE', `${member} must be called on a layer: layer.${member}, not on ${describe(self)}`);
}
