import type { Meta } from '../../tensor/operation.ts';
import type { Field } from './field.ts';

/** How a file represents calls of an operation, and the checks beside the operation's own `infer`. */
export interface Schema {
  /** How many tensors the operation may read. */
  readonly inputs: readonly [least: number, most: number];
  /** Its attributes; undefined if it has none. */
  readonly fields?: Readonly<Record<string, Field>> | undefined;
  /** The checks that callers of the operation usually make, at all sizes in the file. */
  readonly check?: Check | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: attributes belong to their operation
export type Check = (attributes: any, inputs: readonly Meta[]) => string | undefined;

/** Whether x has a dimension; a tensor without dimensions has dimension 0. */
export function isDimension(dim: number, { shape }: Meta): boolean {
  return dim < Math.max(shape.length, 1);
}

/** Checks an attribute `dim` against the first tensor. */
export const dimCheck: Check = ({ dim }: { dim: number }, [x]) =>
  isDimension(dim, x!) ? undefined : `has no dimension ${dim}`;

/** Checks an attribute `dims`: each a dimension of the first tensor, none twice, in ascending order. */
export const dimsCheck: Check = ({ dims }: { dims: readonly number[] }, [x]) =>
  dims.every((dim, i) => dim < x!.shape.length && (i === 0 || dim > dims[i - 1]!))
    ? undefined
    : `takes dimensions of [${x!.shape.join(', ')}] in ascending order, but got [${dims.join(', ')}]`;

/** Refuses a call whose first input has fewer than `ndim` dimensions. */
export function atLeast(ndim: number): Check {
  return (_, [x]) => (x!.shape.length >= ndim ? undefined : `reads a tensor of ${ndim} or more dimensions`);
}

/** Combines checks: the first error counts. */
export function checks(...all: readonly Check[]): Check {
  return (attributes, inputs) => {
    for (const check of all) {
      const fault = check(attributes, inputs);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}
