import type { Meta } from './operation.ts';

/** Who counts what is computed and made, and refuses what is too much before it is allocated. */
export interface Budget {
  /** A call of an operation that is about to be computed. */
  operation(operation: object, inputs: readonly Meta[], attributes: unknown, results: readonly Meta[]): void;
  /** Memory beside results: what an operation makes of constants, as a table or packed weights. */
  memory(bytes: number): void;
}

/** Null while nobody counts. */
let budget: Budget | null = null;

/** Has `by` count all that `compute` makes. */
export function whileCounting<R>(by: Budget, compute: () => R): R {
  const before = budget;
  budget = by;
  try {
    return compute();
  } finally {
    budget = before;
  }
}

/** Counts a call that is about to be computed. */
export function spend(operation: object, inputs: readonly Meta[], attributes: unknown, results: readonly Meta[]): void {
  budget?.operation(operation, inputs, attributes, results);
}

/** Counts memory that is about to be allocated beside results. */
export function spendMemory(bytes: number): void {
  budget?.memory(bytes);
}
