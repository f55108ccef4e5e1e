import type { FloatArray } from '../tensor/dtype.ts';
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

export type UnaryFunction = (typeof UNARY)[number];
export type BinaryFunction = (typeof BINARY)[number];

const UNARY_INDEX = new Map<UnaryFunction, number>(UNARY.map((name, index) => [name, index]));
const BINARY_INDEX = new Map<BinaryFunction, number>(BINARY.map((name, index) => [name, index]));

/** One side of a function of two elements; a stride of 0 repeats its elements along that dimension. */
export interface Operand {
  readonly storage: FloatArray;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** `out[i] = name(x[i])`, with the parameters that the function has. */
export function unary(name: UnaryFunction, x: FloatArray, a: number, b: number, out: FloatArray): void {
  loadAddon().unary(UNARY_INDEX.get(name)!, x, a, b, out);
}

/** `out`, of this shape, is the function of both; the last stride of either is 0 or 1. */
export function binary(name: BinaryFunction, shape: readonly number[], x: Operand, y: Operand, out: FloatArray): void {
  const index = BINARY_INDEX.get(name)!;
  loadAddon().binary(index, shape, x.storage, x.offset, x.strides, y.storage, y.offset, y.strides, out);
}

/** The elements of a view one after the other. */
export function gather(shape: readonly number[], x: Operand, out: FloatArray): void {
  loadAddon().gather(shape, x.storage, x.offset, x.strides, out);
}
