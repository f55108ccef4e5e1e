import { rangeError } from '../../check/errors.ts';
import { copy } from '../../native/pointwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import type { Elements } from '../dtype.ts';
import { type Operation, runOperation } from '../operation.ts';
import { contiguousStrides, formatShape, numelOf } from '../shape.ts';
import { slabOver } from '../slab.ts';
import type { Slab, Steps } from '../steps.ts';
import { packedView, requireElements, stridesOf, type View, viewOfAll } from '../view.ts';
import { element } from './scalar.ts';
import { narrow } from './views.ts';

/** Which values padding adds: one for all, the mirrored elements without the edge, the edge, or the other end. */
export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** How far a dimension grows at its two ends; by less than nothing, it shrinks. */
export interface PadAttributes {
  /** For the last dimensions, from the first of them to the last. */
  readonly ends: readonly (readonly [before: number, after: number])[];
  readonly mode: PadMode;
  readonly value: number;
}

/**
 * Elements added around a tensor, or cut off where a number is negative. As in torch, what reflects or repeats the edge grows before it is
 * cut, and what is filled or goes round is cut before it grows.
 */
export const pad: Operation<PadAttributes> = {
  name: 'pad',
  infer: ([x], { ends, mode }) => {
    const { dtype, shape } = x!;
    const first = shape.length - ends.length;
    const padded = shape.map((size, dim) => {
      const [before, after] = ends[dim - first] ?? [0, 0];
      checkEnds(shape, dim, before, after, mode);
      const grown = size + before + after;
      if (grown >= 0) return grown;
      throw rangeError(
        'ERR_CONV1D_SHAPE',
        `The input size ${size}, plus negative padding ${before} and ${after} resulted in a negative output size, which is invalid. Check dimension ${dim} of your input.`,
      );
    });
    return { dtype, shape: Object.freeze(padded) };
  },
  run: ([given], { ends, mode, value }, { dtype, shape }) => {
    if (growsFirst(mode) && ends.some(([before, after]) => before < 0 || after < 0)) {
      const grown = ends.map(([before, after]) => [Math.max(before, 0), Math.max(after, 0)] as const);
      return packedView(cut(runOperation(pad, [given!], { ends: grown, mode, value }), ends));
    }
    const x = cut(given!, ends);
    requireElements(x);
    const out: Elements = allocateResult(dtype, numelOf(shape));
    if (mode === 'constant') fill(out, element(value, dtype));
    const strides = contiguousStrides(shape);
    const first = shape.length - ends.length;
    const inner = ends.reduce((sum, [before], i) => sum + Math.max(before, 0) * strides[first + i]!, 0);
    if (x.numel > 0) {
      copy(
        x.shape,
        { storage: x.storage, offset: x.offset, strides: stridesOf(x) },
        { storage: out, offset: inner, strides },
      );
    }
    const result = viewOfAll(out, dtype, shape);
    // Dimension by dimension from the last one on: what is there already is repeated.
    if (mode !== 'constant' && result.numel > 0) {
      for (let dim = shape.length - 1; dim >= first; dim--) {
        repeat(result, x.shape, dim, ends, mode);
      }
    }
    return result;
  },
  lower: (steps, [x], { ends, mode, value }, [{ shape }]) => {
    if (!(growsFirst(mode) && ends.some(([before, after]) => before < 0 || after < 0))) {
      return [lowerGrown(steps, cutSlab(x!, ends), ends, mode, value, steps.result())];
    }
    const grown = ends.map(([before, after]) => [Math.max(before, 0), Math.max(after, 0)] as const);
    const first = x!.shape.length - ends.length;
    const whole = x!.shape.map((size, dim) => size + (grown[dim - first]?.[0] ?? 0) + (grown[dim - first]?.[1] ?? 0));
    const out = steps.result();
    steps.copy(
      cutSlab(lowerGrown(steps, x!, grown, mode, value, steps.temporary(whole)), ends),
      slabOver(out, shape, null),
    );
    return [out];
  },
};

/** The steps that write all of `out`, which is larger than x by the ends that are above zero. */
function lowerGrown(steps: Steps, x: Slab, ends: PadAttributes['ends'], mode: PadMode, value: number, out: Slab): Slab {
  const { shape } = out;
  const strides = contiguousStrides(shape);
  const first = shape.length - ends.length;
  if (mode === 'constant') {
    steps.add([], [out], (program, place) => program.fill(place(out), 0, numelOf(shape), value));
  }
  const inner = ends.reduce((sum, [before], i) => sum + Math.max(before, 0) * strides[first + i]!, 0);
  if (numelOf(x.shape) > 0) steps.copy(x, slabOver(out, x.shape, strides, inner));
  if (mode === 'constant' || numelOf(shape) === 0) return out;
  for (let dim = shape.length - 1; dim >= first; dim--) {
    for (const { piece, from, step, to } of repeats(shape, x.shape, dim, ends, mode)) {
      const values = steps.temporary(piece);
      steps.add([out], [values], (program, place) =>
        program.copy(piece, place(out), from, strides.with(dim, step), place(values), 0, contiguousStrides(piece)),
      );
      steps.copy(values, slabOver(out, piece, strides, to));
    }
  }
  return out;
}

function cutSlab(x: Slab, ends: PadAttributes['ends']): Slab {
  const first = x.shape.length - ends.length;
  return ends.reduce((slab, [before, after], i) => {
    if (before >= 0 && after >= 0) return slab;
    const start = Math.max(-before, 0);
    const length = slab.shape[first + i]! - start - Math.max(-after, 0);
    const shape = slab.shape.with(first + i, length);
    return narrow.lower!({} as Steps, [slab], { dim: first + i, start, length }, [{ dtype: 'float32', shape }])[0]!;
  }, x);
}

function growsFirst(mode: PadMode): boolean {
  return mode === 'reflect' || mode === 'replicate';
}

function fill(out: Elements, value: number | bigint): void {
  (out as { fill(value: number | bigint): void }).fill(value);
}

/** Without what negative padding cuts off. */
function cut(view: View, ends: PadAttributes['ends']): View {
  const first = view.shape.length - ends.length;
  return ends.reduce((x, [before, after], i) => {
    if (before >= 0 && after >= 0) return x;
    const start = Math.max(-before, 0);
    const length = x.shape[first + i]! - start - Math.max(-after, 0);
    return runOperation(narrow, [x], { dim: first + i, start, length });
  }, view);
}

/** Fills both ends of a dimension of the result; the dimensions before it are not padded yet. */
function repeat(result: View, inner: readonly number[], dim: number, ends: PadAttributes['ends'], mode: PadMode): void {
  const { storage, shape } = result;
  const strides = contiguousStrides(shape);
  for (const { piece, from, step, to } of repeats(shape, inner, dim, ends, mode)) {
    // Read from a copy: the native side refuses to read what it writes.
    const source = { storage, offset: from, strides: strides.with(dim, step) };
    const values = allocateResult(result.dtype, numelOf(piece));
    const packed = { storage: values, offset: 0, strides: contiguousStrides(piece) };
    copy(piece, source, packed);
    copy(piece, packed, { storage, offset: to, strides });
  }
}

/** What is repeated at the ends of a dimension: pieces of a shape, from where and with which step, and to where. */
function repeats(
  shape: readonly number[],
  inner: readonly number[],
  dim: number,
  ends: PadAttributes['ends'],
  mode: PadMode,
): { piece: readonly number[]; from: number; step: number; to: number }[] {
  const strides = contiguousStrides(shape);
  const first = shape.length - ends.length;
  const before = (each: number) => Math.max(ends[each - first]?.[0] ?? 0, 0);
  const after = Math.max(ends[dim - first]![1], 0);
  const size = inner[dim]!;
  const stride = strides[dim]!;
  const base = shape.reduce((sum, _, each) => sum + (each < dim ? before(each) * strides[each]! : 0), 0);
  const stretch = shape.map((whole, each) => (each < dim ? inner[each]! : whole));
  const begin = before(dim);
  const step = mode === 'replicate' ? 0 : mode === 'reflect' ? -stride : stride;
  // Where the elements come from, counted along the dimension from the first one that is not padding.
  const sources = {
    constant: [0, 0],
    replicate: [0, size - 1],
    reflect: [begin, size - 2],
    circular: [size - begin, 0],
  }[mode];
  return [
    { count: begin, to: 0, from: begin + sources[0]! },
    { count: after, to: begin + size, from: begin + sources[1]! },
  ]
    .filter(({ count }) => count > 0)
    .map(({ count, to, from }) => ({
      piece: stretch.with(dim, count),
      from: base + from * stride,
      step,
      to: base + to * stride,
    }));
}

function checkEnds(shape: readonly number[], dim: number, before: number, after: number, mode: PadMode): void {
  const size = shape[dim]!;
  const widest = Math.max(before, after);
  const left = size + Math.min(before, 0) + Math.min(after, 0);
  if (left < 0 && !growsFirst(mode)) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `pad(): negative padding ${before} and ${after} cuts off more than the ${size} elements of dimension ${dim}`,
    );
  }
  if (mode === 'reflect' && widest >= size && widest > 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Argument #4: Padding size should be less than the corresponding input dimension, but got: padding (${before}, ${after}) at dimension ${dim} of input ${formatShape(shape)}`,
    );
  }
  if (mode === 'circular' && widest > left) {
    throw rangeError('ERR_CONV1D_SHAPE', 'Padding value causes wrapping around more than once.');
  }
  if (mode === 'replicate' && size === 0 && widest > 0) {
    throw rangeError(
      'ERR_CONV1D_SHAPE',
      `Expected 2D or 3D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: ${formatShape(shape)}`,
    );
  }
}
