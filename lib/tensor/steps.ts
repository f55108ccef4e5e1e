import type * as Binding from '../../binding.d.ts';
import type { FloatArray } from './dtype.ts';
import type { Meta } from './operation.ts';

/** Memory that a compiled network plans: a value, or several side by side. */
export interface Region {
  /** In elements. */
  readonly length: number;
}

/** Where the elements of a value lie, as a View says it of an array: element i0, i1, ... is `offset + i0 * strides[0] + ...` of a region. */
export interface Slab {
  readonly region: Region;
  readonly offset: number;
  readonly shape: readonly number[];
  /** Null when the elements lie one after the other. */
  readonly strides: readonly number[] | null;
}

/** Adds a step to the native program; `place` gives the number of the place from where a slab begins to its end. */
export type AddStep = (program: Binding.Program, place: (slab: Slab) => number) => void;

/** Functions of elements that a step applies to its results while they are in the first cache. */
export interface EpilogueOfStep {
  readonly reads: readonly Slab[];
  readonly writes: readonly Slab[];
  encode(place: (slab: Slab) => number): Float64Array;
}

/** What an operation has at hand to say how it is computed: memory, and steps that run one after the other. */
export interface Steps {
  /** Memory for a result of the operation. */
  result(index?: number): Slab;
  /** Memory that nobody needs behind the operation. */
  temporary(shape: readonly number[]): Slab;
  /** The memory of values that are known. */
  constant(values: FloatArray): Slab;
  /** The elements one after the other: as they lie, or copied. */
  contiguous(x: Slab): Slab;
  /** Copies elements, of the same shape. */
  copy(from: Slab, to: Slab): void;
  /** What a step that can do so applies to its results, see native/core/run/epilogue.h. */
  epilogue(): EpilogueOfStep;
  /** A step with what it reads and writes; of slabs without strides unless `add` reads them. */
  add(reads: readonly Slab[], writes: readonly Slab[], add: AddStep): void;
}

/** How an operation is computed in a compiled network. A result may be a view of an input. */
export type Lowering<A> = (
  steps: Steps,
  inputs: readonly Slab[],
  attributes: A,
  results: readonly [Meta, ...Meta[]],
) => readonly Slab[];
