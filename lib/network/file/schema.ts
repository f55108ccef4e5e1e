import type { Meta } from '../../tensor/operation.ts';
import type { Field } from './field.ts';

/** How calls of an operation stand in a file, and what is checked of them beside the operation's own `infer`. */
export interface Schema {
  /** How many tensors it may read. */
  readonly inputs: readonly [least: number, most: number];
  /** Its attributes; undefined where it has none. */
  readonly fields?: Readonly<Record<string, Field>> | undefined;
  /** What whoever calls the operation makes sure of, at all sizes that the file knows. */
  readonly check?: Check | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: attributes belong to their operation
export type Check = (attributes: any, inputs: readonly Meta[]) => string | undefined;

/** Whether a dimension is one of x; of a tensor without dimensions there is 0. */
export function isDimension(dim: number, { shape }: Meta): boolean {
  return dim < Math.max(shape.length, 1);
}

/** An attribute `dim` against the first tensor. */
export const dimCheck: Check = ({ dim }: { dim: number }, [x]) =>
  isDimension(dim, x!) ? undefined : `has no dimension ${dim}`;

/** An attribute `dims`: each a dimension of the first tensor, none twice, in ascending order. */
export const dimsCheck: Check = ({ dims }: { dims: readonly number[] }, [x]) =>
  dims.every((dim, i) => dim < x!.shape.length && (i === 0 || dim > dims[i - 1]!))
    ? undefined
    : `takes dimensions of [${x!.shape.join(', ')}] in ascending order, but got [${dims.join(', ')}]`;

/** Refuses a call whose first input has fewer than `ndim` dimensions. */
export function atLeast(ndim: number): Check {
  return (_, [x]) => (x!.shape.length >= ndim ? undefined : `reads a tensor of ${ndim} or more dimensions`);
}

/** The first that finds fault. */
export function checks(...all: readonly Check[]): Check {
  return (attributes, inputs) => {
    for (const check of all) {
      const fault = check(attributes, inputs);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
}
