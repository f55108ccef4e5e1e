import type { Call } from '../call.ts';
import { onnxError } from '../onnxError.ts';
import { type Any, moved, narrowed, reshaped, strided } from './tensors.ts';

// Convolutions and pools over one dimension, also where a file has it as one of two or three.

/** How windows go over one dimension. */
export interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
}

export const WINDOW_ATTRIBUTES = ['auto_pad', 'dilations', 'kernel_shape', 'pads', 'strides'] as const;

/** The windows of each of the dimensions behind batch and channels. */
export function windowsOf(call: Call, kernels: readonly number[], lengths: readonly number[]): Window[] {
  const count = lengths.length;
  const list = (name: string, otherwise: number, each = 1) => {
    const values = call.attributeIntegers(name) ?? new Array<number>(each * count).fill(otherwise);
    if (values.length !== each * count) throw onnxError(`${name} has ${values.length} numbers for ${count} dimensions`);
    return values;
  };
  if (kernels.length !== count) throw onnxError(`the kernel has ${kernels.length} dimensions, and the input ${count}`);
  const given = call.attributeIntegers('kernel_shape');
  if (given !== null && given.join() !== kernels.join())
    throw onnxError(`kernel_shape is ${given.join(', ')}, but the weight's ${kernels.join(', ')}`);
  const [strides, dilations] = [list('strides', 1), list('dilations', 1)];
  const pads = list('pads', 0, 2);
  if ([...strides, ...dilations].some((each) => each < 1)) throw onnxError('strides and dilations must be 1 or more');
  const auto = call.oneOf('auto_pad', ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'], 'NOTSET');
  return lengths.map((length, i): Window => {
    const [kernel, stride, dilation] = [kernels[i]!, strides[i]!, dilations[i]!];
    const window = { kernel, stride, dilation };
    if (auto === 'VALID') return { ...window, before: 0, after: 0 };
    if (auto === 'NOTSET') return { ...window, before: pads[i]!, after: pads[count + i]! };
    const reach = dilation * (kernel - 1) + 1;
    // With a stride of 1 it is the reach, whatever the length.
    const total = stride === 1 ? reach - 1 : Math.max((Math.ceil(length / stride) - 1) * stride + reach - length, 0);
    const small = Math.floor(total / 2);
    return {
      ...window,
      before: auto === 'SAME_UPPER' ? small : total - small,
      after: auto === 'SAME_UPPER' ? total - small : small,
    };
  });
}

/** Whether the padding may differ from call to call: with a stride, the padding of SAME depends on the length. */
export function isPaddedByLength(call: Call, { stride }: Window): boolean {
  return !call.isOfOneSize && stride > 1 && call.text('auto_pad', 'NOTSET').startsWith('SAME');
}

/** Whether windows along a dimension only pick elements. */
function isPicking({ kernel, before, after }: Window): boolean {
  return kernel === 1 && before === 0 && after === 0;
}

/** A convolution over fewer dimensions, with the way back to the file's form. */
interface Narrower {
  readonly x: Any;
  readonly weight: Any;
  readonly windows: readonly Window[];
  restore(y: Any): Any;
}

/** A window as wide as a dimension has one place in it, so the positions of that dimension become channels: those of a spectrum, for example. */
export function withoutWholeDimensions(x: Any, weight: Any, windows: readonly Window[]): Narrower {
  const isWhole = ({ kernel, dilation, before, after }: Window, i: number) =>
    kernel > 1 && kernel === x.shape[2 + i] && dilation === 1 && before === 0 && after === 0;
  const isOfSeveral = windows.filter((window) => !isPicking(window)).length > 1;
  const whole = isOfSeveral ? windows.findIndex(isWhole) : -1;
  if (whole < 0) return { x, weight, windows, restore: (y) => y };
  // (A, B, ..., F, ...) -> (A, B F, ...).
  const asChannels = (values: Any) => {
    const behind = moved(values, 2 + whole, 2);
    const [a, b, f, ...rest] = behind.shape as [number, number, number, ...number[]];
    return reshaped(behind, [a, b * f, ...rest]);
  };
  const inner = withoutWholeDimensions(asChannels(x), asChannels(weight), windows.toSpliced(whole, 1));
  return {
    ...inner,
    restore: (y) => {
      const result = inner.restore(y);
      return reshaped(result, result.shape.toSpliced(2 + whole, 0, 1));
    },
  };
}

/** A signal with one length, and how its result becomes one of the file's form. */
export interface Signal {
  /** (N, C, L). */
  readonly x: Any;
  readonly window: Window;
  /** The result, (N, C, L), in the form of the input. */
  restore(y: Any): Any;
}

/** x (N, C, ...) as signals of one length: other dimensions, whose windows only pick elements, go to the batch. */
export function asSignal(call: Call, x: Any, windows: readonly Window[], what: string): Signal {
  const count = windows.length;
  if (count === 1) return { x, window: windows[0]!, restore: (y) => y };
  const real = windows.flatMap((window, i) => (isPicking(window) ? [] : [i]));
  if (real.length > 1) {
    throw onnxError(
      `${what} over ${real.length} dimensions, [${windows.map(({ kernel }) => kernel).join(', ')}], is not computed: signals have one`,
    );
  }
  const signal = real[0] ?? windows.findLastIndex((_, i) => x.shape[2 + i] !== 1);
  const dim = 2 + (signal < 0 ? count - 1 : signal);
  let picked = x;
  for (const [i, { stride }] of windows.entries()) {
    if (2 + i !== dim) picked = strided(call, picked, 2 + i, 0, stride, Math.ceil(picked.shape[2 + i]! / stride));
  }
  const window = windows[dim - 2]!;
  const others = picked.shape.filter((_, each) => each >= 2 && each !== dim);
  const [n, c] = picked.shape as [number, number];
  const length = picked.shape[dim]!;
  if (others.every((size) => size === 1)) {
    return {
      x: reshaped(picked, [n, c, length]),
      window,
      restore: (y) => reshaped(y, [n, y.shape[1]!, ...picked.shape.slice(2).with(dim - 2, y.shape[2]!)]),
    };
  }
  // (N, C, others, L) -> (N, others, C, L) -> (N others, C, L).
  const behind = moved(moved(picked, dim, picked.shape.length - 1), 1, picked.shape.length - 2);
  const items = [n, ...others];
  return {
    x: reshaped(behind, [items.reduce((product, size) => product * size, 1), c, length]),
    window,
    restore: (y) => {
      const apart = reshaped(y, [...items, y.shape[1]!, y.shape[2]!]);
      return moved(moved(apart, items.length, 1), items.length + 1, dim);
    },
  };
}

/** What remains of a signal where windows shall begin behind its start, or end before its end. */
export function cutEnds(x: Any, { before, after }: Window): Any {
  const dim = x.shape.length - 1;
  const [front, back] = [Math.max(-before, 0), Math.max(-after, 0)];
  return front + back === 0 ? x : narrowed(x, dim, front, x.shape[dim]! - front - back);
}
