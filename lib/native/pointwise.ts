import type { Elements, FloatArray } from '../tensor/dtype.ts';
import { loadAddon } from './loadAddon.ts';

/** The functions of one element, in the order of native/kernels/kernel_table.h. */
const UNARY = [
  'neg',
  'abs',
  'sqrt',
  'exp',
  'log',
  'sin',
  'cos',
  'tanh',
  'sigmoid',
  'erf',
  'relu',
  'leakyRelu',
  'elu',
  'silu',
  'gelu',
  'geluTanh',
  'softplus',
  'clamp',
  'affine',
  'snake',
  'square',
  'cube',
  'reciprocal',
  'rsqrt',
  'floor',
  'ceil',
  'round',
  'sign',
  'expm1',
  'log1p',
  'hardsigmoid',
  'hardswish',
  'mish',
] as const;

/** Those of two, likewise. */
const BINARY = ['add', 'sub', 'mul', 'div', 'minimum', 'maximum', 'pow', 'gate'] as const;

/** The comparisons, in the order of native/core/pointwise/compare.h. */
const COMPARISONS = ['eq', 'ne', 'lt', 'le', 'gt', 'ge'] as const;

export type UnaryFunction = (typeof UNARY)[number];
export type BinaryFunction = (typeof BINARY)[number];
export type Comparison = (typeof COMPARISONS)[number];

const UNARY_INDEX = new Map<UnaryFunction, number>(UNARY.map((name, index) => [name, index]));
const BINARY_INDEX = new Map<BinaryFunction, number>(BINARY.map((name, index) => [name, index]));
const COMPARISON_INDEX = new Map<Comparison, number>(COMPARISONS.map((name, index) => [name, index]));

/** One side of a function of several elements; a stride of 0 repeats its elements along that dimension. */
export interface Operand<A extends Elements = Elements> {
  readonly storage: A;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** The numbers of functions, as the addon takes them. */
export function unaryIndex(name: UnaryFunction): number {
  return UNARY_INDEX.get(name)!;
}
export function binaryIndex(name: BinaryFunction): number {
  return BINARY_INDEX.get(name)!;
}

/** `out[i] = name(x[i])`, with the parameters that the function has. */
export function unary(name: UnaryFunction, x: FloatArray, a: number, b: number, out: FloatArray): void {
  loadAddon().unary(UNARY_INDEX.get(name)!, x, a, b, out);
}

/** `out`, of this shape, is the function of both, which are of its kind; of floats, the last stride of either is 0 or 1. */
export function binary(name: BinaryFunction, shape: readonly number[], x: Operand, y: Operand, out: Elements): void {
  const index = BINARY_INDEX.get(name)!;
  loadAddon().binary(index, shape, x.storage, x.offset, x.strides, y.storage, y.offset, y.strides, out);
}

/** `out`, of this shape, is 1 where the comparison holds, else 0; both sides are of one kind. */
export function compare(name: Comparison, shape: readonly number[], x: Operand, y: Operand, out: Uint8Array): void {
  const index = COMPARISON_INDEX.get(name)!;
  loadAddon().compare(index, shape, x.storage, x.offset, x.strides, y.storage, y.offset, y.strides, out);
}

/** `out`, of this shape, is x where the condition is not 0, and y elsewhere; all three are of one kind. */
export function choose(
  shape: readonly number[],
  condition: Operand<Uint8Array>,
  x: Operand,
  y: Operand,
  out: Elements,
): void {
  loadAddon().choose(
    shape,
    condition.storage,
    condition.offset,
    condition.strides,
    x.storage,
    x.offset,
    x.strides,
    y.storage,
    y.offset,
    y.strides,
    out,
  );
}

/** Copies between two views of this shape, both of one kind. Strides of `from` may be negative. */
export function copy(shape: readonly number[], from: Operand, to: Operand): void {
  loadAddon().copy(shape, from.storage, from.offset, from.strides, to.storage, to.offset, to.strides);
}

/** `out[i] = x[i]`, converted as C++ and torch convert it. */
export function convert(x: Elements, out: Elements): void {
  loadAddon().convert(x, out);
}
