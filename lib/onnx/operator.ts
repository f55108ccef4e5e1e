import type { Dtype } from '../tensor/dtype.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Call } from './call.ts';

/** The results of a node: a tensor per output, in their order. */
export type Results = Tensor<Dtype> | readonly Tensor<Dtype>[];

interface Traits {
  /** The number of inputs, including optional ones. */
  readonly inputs: readonly [least: number, most: number];
  /** The names of the attributes that it reads. Others are refused, since nobody knows what they would change. */
  readonly attributes?: readonly string[];
  /** The most outputs that it has. Default 1. */
  readonly outputs?: number;
  /** The first version of ONNX's operator set that has it. Default: all have it. */
  readonly since?: number;
  /** Inputs of which it reads only the shape. */
  readonly readsShapeOf?: readonly number[];
  /** Inputs of which it reads only the dtype. */
  readonly readsTypeOf?: readonly number[];
}

interface Computed extends Traits {
  run(call: Call): Results;
}

/** An operator that is replaced by a graph among its attributes. */
interface Branching extends Traits {
  /** The attribute that has it. */
  branch(call: Call): string;
}

/** How to compute nodes of one operator, whose name is the key in a table of operators. */
export type Operator = Computed | Branching;

/** Operators by their names in ONNX's own operator set. */
export type Operators = Readonly<Record<string, Operator>>;
