import type { Dtype } from '../tensor/dtype.ts';
import { type Operation, runOperation } from '../tensor/operation.ts';
import { full } from '../tensor/ops/full.ts';
import { type Tensor, tensorOf, viewOf } from '../tensor/tensor.ts';
import { isSymbol } from '../tensor/tracing.ts';
import { elementsOfView, type View } from '../tensor/view.ts';
import type { AttributeValues, TensorData } from './file/model.ts';
import type { Folding } from './folding.ts';
import type { GraphNode } from './graph.ts';
import { onnxError } from './onnxError.ts';
import type { Value } from './value.ts';

/** Shapes, axes, pads and lengths of sequences have fewer numbers. As values of JavaScript they take ten times what they take in a tensor. */
const LONGEST_LIST = 2 ** 20;

/** The parts of a call beside the inputs of its node. */
export interface CallParts {
  /** Layers that the node made of its constants before. */
  readonly layers: Map<string, unknown>;
  /** Reads a tensor of the file. */
  readonly constant: (tensor: TensorData) => View;
  readonly folding: Folding;
  /** Whether no size of the model may differ from call to call. */
  readonly isOfOneSize: boolean;
}

/** The argument of operators: the inputs and attributes of a node, with methods that read them as what they must be. */
export class Call {
  readonly node: GraphNode;
  readonly #inputs: readonly (Value | null)[];
  readonly #parts: CallParts;

  constructor(node: GraphNode, inputs: readonly (Value | null)[], parts: CallParts) {
    this.node = node;
    this.#inputs = inputs;
    this.#parts = parts;
  }

  /** Whether no size of the model may differ from call to call. */
  get isOfOneSize(): boolean {
    return this.#parts.isOfOneSize;
  }

  /** The version of the operator set. */
  get opset(): number {
    return this.node.opset;
  }

  /** The number of inputs, including those left out between others. */
  get count(): number {
    return this.#inputs.length;
  }

  has(index: number): boolean {
    return (this.#inputs[index] ?? null) !== null;
  }

  /** Whether any node may read an output. */
  wants(output: number): boolean {
    return (this.node.outputs[output] ?? '') !== '';
  }

  /** A required input. */
  tensor(index: number): Tensor<Dtype> {
    const tensor = this.optional(index);
    if (tensor === null) throw onnxError(`input ${index} is missing`);
    return tensor;
  }

  /** All inputs; each is required. */
  tensors(): Tensor<Dtype>[] {
    return this.#inputs.map((_, index) => this.tensor(index));
  }

  /** An optional input. */
  optional(index: number): Tensor<Dtype> | null {
    const value = this.#inputs[index] ?? null;
    if (value === null) return null;
    return value.tensor;
  }

  shape(index: number): readonly number[] {
    return this.#value(index).tensor.shape;
  }

  dtype(index: number): Dtype {
    return this.#value(index).tensor.dtype;
  }

  /** The elements of an input that does not depend on the inputs of the network; null for others. */
  fixed(index: number): View | null {
    const value = this.#inputs[index] ?? null;
    return value?.kind === 'fixed' ? viewOf(value.tensor)! : null;
  }

  /** An input whose elements are known, at least for the present sizes; null for others. */
  known(index: number): View | null {
    const view = viewOf(this.#value(index).tensor)!;
    return isSymbol(view) ? null : view;
  }

  /** Whether an input is known to have only zeros, at least for the present sizes. */
  isZero(index: number): boolean {
    const view = viewOf(this.#value(index).tensor)!;
    if (this.#value(index).kind === 'data' || isSymbol(view)) return false;
    const elements = elementsOfView(view);
    for (let i = 0; i < elements.length; i++) if (Number(elements[i]) !== 0) return false;
    return true;
  }

  /** An input as integers: a shape, axes, pads. */
  integers(index: number): number[] {
    return this.#elements(index).map((each) => toNumber(each));
  }

  /** The same for an optional input. */
  optionalIntegers(index: number): number[] | null {
    return this.has(index) ? this.integers(index) : null;
  }

  /** An input as floating-point numbers. */
  numbers(index: number): number[] {
    return this.#elements(index).map(Number);
  }

  /** An input with one element. */
  number(index: number): number {
    const numbers = this.numbers(index);
    if (numbers.length === 1) return numbers[0]!;
    throw onnxError(`input ${index} must have one element, but has ${numbers.length}`);
  }

  #elements(index: number): (number | bigint)[] {
    const view = viewOf(this.#value(index).tensor)!;
    if (isSymbol(view)) {
      const name = this.node.inputs[index];
      throw onnxError(
        `input ${index}, '${name}', must be known when the model is loaded, and depends on what the inputs of the network hold; ` +
          'where it is an input itself, the option constants gives it a value',
      );
    }
    if (view.numel > LONGEST_LIST)
      throw onnxError(`input ${index} is a list of ${view.numel} numbers, and ${LONGEST_LIST} are the most`);
    return [...(elementsOfView(view) as Iterable<number | bigint>)];
  }

  #value(index: number): Value {
    const value = this.#inputs[index] ?? null;
    if (value === null) throw onnxError(`input ${index} is missing`);
    return value;
  }

  /** A tensor made without inputs. */
  make<A>(operation: Operation<A>, attributes: A): Tensor<Dtype> {
    return tensorOf(runOperation(operation, [], attributes));
  }

  /** A tensor of one value. */
  filled(shape: readonly number[], value: number, dtype: Dtype): Tensor<Dtype> {
    return this.make(full, { sizes: shape, value, dtype });
  }

  /** A thing made of some inputs; made only once if they are fixed. */
  once<T>(key: string, inputs: readonly number[], make: () => T): T {
    const { layers, folding } = this.#parts;
    const isFixed = inputs.every((index) => !this.has(index) || this.fixed(index) !== null);
    if (isFixed && layers.has(key)) return layers.get(key) as T;
    // As many nodes as there are may make something of one constant.
    for (const index of inputs) if (this.has(index)) folding.copyOf(viewOf(this.tensor(index))!);
    const made = make();
    if (isFixed) layers.set(key, made);
    return made;
  }

  hasAttribute(name: string): boolean {
    return this.node.attributes.has(name);
  }

  float(name: string, otherwise: number): number {
    return this.#attribute(name, 'float') ?? otherwise;
  }

  integer(name: string, otherwise: number): number {
    const value = this.#attribute(name, 'integer');
    return value === undefined ? otherwise : toNumber(value);
  }

  flag(name: string, otherwise = false): boolean {
    return this.integer(name, otherwise ? 1 : 0) !== 0;
  }

  text(name: string, otherwise: string): string {
    return this.#attribute(name, 'text') ?? otherwise;
  }

  /** A text, which must be one of some. */
  oneOf<const Name extends string>(name: string, known: readonly Name[], otherwise: NoInfer<Name>): Name {
    const text = this.text(name, otherwise);
    const found = known.find((each) => each === text);
    if (found !== undefined) return found;
    throw onnxError(
      `the attribute ${name} is '${text}', and only ${known.map((each) => `'${each}'`).join(', ')} are known`,
    );
  }

  attributeIntegers(name: string): number[] | null {
    return this.#attribute(name, 'integers')?.map(toNumber) ?? null;
  }

  attributeFloats(name: string): readonly number[] | null {
    return this.#attribute(name, 'floats') ?? null;
  }

  attributeTexts(name: string): readonly string[] | null {
    return this.#attribute(name, 'texts') ?? null;
  }

  attributeTensor(name: string): View | null {
    const tensor = this.#attribute(name, 'tensor');
    return tensor === undefined ? null : this.once(`attribute ${name}`, [], () => this.#parts.constant(tensor));
  }

  #attribute<K extends keyof AttributeValues>(name: string, kind: K): AttributeValues[K] | undefined {
    const attribute = this.node.attributes.get(name);
    if (attribute === undefined) return undefined;
    if (attribute.kind === kind) return attribute.value as AttributeValues[K];
    // An empty list does not show its kind.
    throw onnxError(`the attribute ${name} must be of the kind ${kind}, but is of ${attribute.kind}`);
  }
}

/** An integer as a number; larger ones, which mean "to the end", become the largest safe integer. */
function toNumber(value: number | bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  if (!Number.isInteger(number)) throw onnxError(`there is ${number} where there should be an integer`);
  return number > 0 ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER;
}
