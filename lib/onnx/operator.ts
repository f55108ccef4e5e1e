import type { Dtype } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Call } from './call.ts';

/** What a node computes: a tensor for each output, in their order. */
export type Results = Tensor<Dtype> | readonly Tensor<Dtype>[];

interface Traits {
  /** How many inputs it has, those that may be left out included. */
  readonly inputs: readonly [least: number, most: number];
  /** The names of the attributes that are read. Another one is refused: nobody knows what it would change. */
  readonly attributes?: readonly string[];
  /** How many outputs it has at most; 1 by default. */
  readonly outputs?: number;
  /** The first version of ONNX's operator set that has it; all by default. */
  readonly since?: number;
  /** Inputs of which the shape alone is read. */
  readonly readsShapeOf?: readonly number[];
  /** Inputs of which the dtype alone is read. */
  readonly readsTypeOf?: readonly number[];
}

interface Computed extends Traits {
  run(call: Call): Results;
}

/** One that stands for a graph among its attributes. */
interface Branching extends Traits {
  /** The attribute that has it. */
  branch(call: Call): string;
}

/** How nodes of one operator are computed. Its name is its key in a table of operators. */
export type Operator = Computed | Branching;

/** Operators by their names in ONNX's own operator set. */
export type Operators = Readonly<Record<string, Operator>>;
