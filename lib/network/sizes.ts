import { rangeError } from '../check/errors.ts';
import { formatShape } from '../tensor/shape.ts';
import type { Axes, Axis } from './trace/axes.ts';
import type { Range } from './trace/range.ts';

/** Throws RangeError ERR_CONV1D_SHAPE unless all inputs have the same N, and lengths that follow from the same L. */
export function requireSameSizes({ batch, length }: Axes, shapes: readonly (readonly number[])[]): void {
  requireSame(batch, shapes, 'batch');
  requireSame(length, shapes, 'length');
}

function requireSame(axes: readonly (Axis | null)[], shapes: readonly (readonly number[])[], what: string): void {
  const numbers = axes.map((axis, i) => (axis === null ? undefined : shapes[i]![axis.dim]! / axis.times));
  const first = numbers.findIndex((each) => each !== undefined);
  const other = numbers.findIndex((each) => each !== undefined && each !== numbers[first]);
  if (other < 0) return;
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `network.forward(): input ${first} has the shape ${formatShape(shapes[first]!)} and input ${other} ${formatShape(shapes[other]!)}, which are not of one ${what}`,
  );
}

/** Throws RangeError ERR_CONV1D_SHAPE for a size that the forward refuses, or for which it calls other operations. */
export function requireRange(size: number, { least, most, step, one }: Range, what: string): void {
  if (size >= least && size <= most && (size - one) % step === 0) return;
  const steps = step === 1 ? '' : `, in steps of ${step} from ${one % step} on`;
  throw rangeError(
    'ERR_CONV1D_SHAPE',
    `network.forward(): ${what} of ${size} is one that the forward refuses, or takes another course for: it must be ${least} or more${Number.isFinite(most) ? `, and at most ${most}` : ''}${steps}`,
  );
}
