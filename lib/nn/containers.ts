import { rangeError, typeError } from '../check/errors.ts';
import { MOST_LISTED, readList } from '../check/list.ts';
import { describe, integer, isArray } from '../check/validate.ts';
import type { Dtype } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { Module } from './module.ts';

/** A module that makes a tensor of a tensor. */
export type TensorModule = { forward(input: Tensor): Tensor } & Module;

/** One that takes indices, as Embedding: it can only be the first of a sequence. */
type IndexModule = { forward(input: Tensor<'int64' | 'int32'>): Tensor } & Module;

/** Deeper, the stack ends. */
const DEEPEST = 500;

/** How many calls of Sequential.forward are under way, each within the one before. */
let nesting = 0;

function forwardOf(value: unknown, module: Module, index: number): unknown {
  const result = module.forward(value);
  if (result !== undefined) return result;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `the forward of module (${index}), ${module.constructor.name}, returned nothing; does it end in a return?`,
  );
}

/** Modules in an order, under the names `0`, `1`, ...; what `Sequential` and `ModuleList` have in common. */
abstract class ModuleSequence<M extends Module> extends Module {
  readonly #modules: M[] = [];

  /** How many there are. */
  get length(): number {
    requireSequence(this, 'length');
    return this.#modules.length;
  }

  /**
   * The module at a position; negative ones count from the end.
   *
   * @throws RangeError ERR_CONV1D_VALUE  when there is no such position
   */
  at(index: number): M {
    requireSequence(this, 'at');
    const count = this.#modules.length;
    const given = integer(index, `${this.typeName}.at(): the index`);
    const found = this.#modules.at(given);
    if (found !== undefined) return found;
    throw rangeError('ERR_CONV1D_VALUE', `index ${given} is out of range; there are ${count} modules`);
  }

  /**
   * One more module at the end.
   *
   * @returns this module
   * @throws TypeError ERR_CONV1D_TYPE    when it is no module
   * @throws RangeError ERR_CONV1D_VALUE  when it contains this one
   */
  append(module: M): this {
    requireSequence(this, 'append');
    if (!Module.isModule(module)) {
      throw typeError('ERR_CONV1D_TYPE', `${describe(module)} is not a Module subclass; make a layer first`);
    }
    if (this.#modules.length === MOST_LISTED) {
      throw rangeError('ERR_CONV1D_VALUE', `${this.typeName} holds at most ${MOST_LISTED} modules`);
    }
    if (Module.prototype.modules.call(module).includes(this)) {
      throw rangeError('ERR_CONV1D_VALUE', `${this.typeName} cannot hold a module that contains it`);
    }
    // Own properties are what others compare and clone, and what Module finds.
    Object.defineProperty(this, String(this.#modules.length), { value: module, enumerable: true });
    this.#modules.push(module);
    return this;
  }

  [Symbol.iterator](): IterableIterator<M> {
    requireSequence(this, 'iterating');
    return [...this.#modules][Symbol.iterator]();
  }

  /** @internal */
  override ownChildren(): ReadonlyMap<string, Module> {
    requireSequence(this, 'ownChildren');
    return new Map(this.#modules.map((module, index) => [String(index), module]));
  }

  static modulesOf(sequence: ModuleSequence<Module>): readonly Module[] {
    return [...sequence.#modules];
  }

  /** @internal */
  static isSequence(value: unknown): value is ModuleSequence<Module> {
    return typeof value === 'object' && value !== null && #modules in value;
  }
}

function requireSequence(self: unknown, member: string): void {
  if (ModuleSequence.isSequence(self)) return;
  throw typeError(
    'ERR_CONV1D_TYPE',
    `${member} must be called on a Sequential or ModuleList, not on ${describe(self)}`,
  );
}

/**
 * Modules one after the other, each on what the one before it made: PyTorch's `torch.nn.Sequential`.
 *
 * @example
 * const net = new nn.Sequential(new nn.Conv1d(2, 8, 3), new nn.ReLU(), new nn.Conv1d(8, 1, 1));
 * net.forward(rand(4, 2, 6)).shape;   // [4, 1, 4]
 * net.at(0).parameters().length;      // 2
 * @category Layer
 */
export class Sequential extends ModuleSequence<TensorModule> {
  /**
   * @param modules  in their order
   * @throws TypeError ERR_CONV1D_TYPE  when one is no module
   */
  constructor(...modules: (TensorModule | IndexModule)[]) {
    super();
    for (const module of modules) this.append(module as TensorModule);
  }

  /**
   * Applies the modules in their order.
   *
   * @param input  what the first one takes
   * @returns      what the last one gives; the input without any
   * @throws TypeError ERR_CONV1D_TYPE  when a module gives nothing; with the errors of the modules
   */
  override forward(input: Tensor<Dtype>): Tensor {
    requireSequence(this, 'forward');
    if (nesting === DEEPEST) {
      throw rangeError('ERR_CONV1D_VALUE', `a Sequential calls itself, or is nested more than ${DEEPEST} deep`);
    }
    nesting++;
    try {
      return ModuleSequence.modulesOf(this).reduce<unknown>(forwardOf, input) as Tensor;
    } finally {
      nesting--;
    }
  }

  /** @internal */
  protected override get typeName(): string {
    return this.constructor === Sequential ? 'Sequential' : super.typeName;
  }
}

/**
 * Modules in a list, which belong to the module that has the list: PyTorch's `torch.nn.ModuleList`. It computes nothing by itself.
 *
 * @example
 * const blocks = new nn.ModuleList([1, 2, 4].map((dilation) => new nn.Conv1d(2, 2, 3, { dilation })));
 * [...blocks].reduce((y, block) => block.forward(y), rand(2, 20)).shape;   // [2, 6]
 * @category Layer
 */
export class ModuleList<M extends Module = Module> extends ModuleSequence<M> {
  /**
   * @param modules  in their order; none by default
   * @throws TypeError ERR_CONV1D_TYPE  when it is no array, or one is no module
   */
  constructor(modules: readonly M[] = []) {
    super();
    if (!isArray(modules)) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        `ModuleList.extend should be called with an iterable, but got ${describe(modules)}; give an array of modules`,
      );
    }
    for (const module of readList(modules, 'ModuleList: modules', 'modules')) this.append(module as M);
  }

  /** @internal */
  protected override get typeName(): string {
    return this.constructor === ModuleList ? 'ModuleList' : super.typeName;
  }
}
