import { expect } from 'vitest';
import { Conv1d, type Conv1dOptions, rand, type Tensor, tensor } from '../../lib/index.ts';
import type { Conv1dStream } from '../../lib/streaming/stream.ts';
import type { FloatArray } from '../../lib/tensor/dtype.ts';
import { Dice } from './dice.ts';

/** The elements as integers: equal only where every bit is. */
export function bits(array: FloatArray): Uint32Array | BigUint64Array {
  const { buffer, byteOffset, length } = array;
  return array instanceof Float32Array
    ? new Uint32Array(buffer, byteOffset, length)
    : new BigUint64Array(buffer, byteOffset, length);
}

function arrayOf(like: Tensor, length: number): FloatArray {
  return like.dtype === 'float32' ? new Float32Array(length) : new Float64Array(length);
}

/** Inputs [from, to) of a signal, in memory of their own. */
export function cut(x: Tensor, from: number, to: number): Tensor {
  return (
    x.ndim === 3 ? x.at([0, x.shape[0]!], [0, x.shape[1]!], [from, to]) : x.at([0, x.shape[0]!], [from, to])
  ).clone();
}

/** Tensors side by side along the last dimension. */
export function joined(parts: readonly Tensor[]): Tensor {
  const shape = parts[0]!.shape.slice(0, -1);
  const rows = shape.reduce((product, size) => product * size, 1);
  const length = parts.reduce((sum, part) => sum + part.shape.at(-1)!, 0);
  const whole = arrayOf(parts[0]!, rows * length);
  let at = 0;
  for (const part of parts) {
    const { data } = part;
    const n = part.shape.at(-1)!;
    for (let row = 0; row < rows; row++) whole.set(data.subarray(row * n, (row + 1) * n), row * length + at);
    at += n;
  }
  return tensor(whole, [...shape, length]);
}

/** All outputs of a signal that is pushed in chunks of these lengths. */
export function streamed(stream: Conv1dStream, x: Tensor, lengths: Iterable<number>): Tensor {
  const parts: Tensor[] = [];
  let from = 0;
  for (const length of lengths) {
    parts.push(stream.push(cut(x, from, from + length)));
    from += length;
  }
  parts.push(stream.flush());
  return joined(parts);
}

export function expectSame(actual: Tensor, expected: Tensor, line = ''): void {
  expect(actual.shape, line).toEqual(expected.shape);
  expect(Buffer.from(actual.data.buffer).equals(Buffer.from(expected.data.buffer)) || line).toBe(true);
}

/** Replaces an element by one that does not behave like a number. */
export function salt(dice: Dice, array: FloatArray): void {
  array[dice.integer(0, array.length - 1)] = dice.pick(
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    -0,
  );
}

/** Lengths of chunks, 0 among them, that make up `length`. */
export function* chunking(dice: Dice, length: number): Generator<number> {
  const longest = dice.pick(1, 1, 3, 10, length);
  for (let left = length; left > 0; ) {
    const next = Math.min(left, dice.integer(0, longest));
    left -= next;
    yield next;
  }
  if (dice.fraction() < 0.2) yield 0;
}

/** A layer to stream, and the signals that it gets. */
export interface StreamedLayer {
  readonly channels: readonly [inChannels: number, outChannels: number, kernelSize: number];
  readonly options: Conv1dOptions;
  readonly batch: number | null;
  readonly length: number;
}

/** Streams random layers in random chunks beside `forward`; a complaint is a line that repeats it. */
export function streamRandomLayers(
  layers: number,
  chunkings: number,
  randomLayer: (dice: Dice) => StreamedLayer,
): { complaints: string[]; compared: number } {
  const complaints: string[] = [];
  let compared = 0;
  for (let seed = 0; seed < layers; seed++) {
    const dice = new Dice(seed);
    const { channels, options, batch, length } = randomLayer(dice);
    const line = JSON.stringify({ seed, channels, options, batch, length });
    const conv = new Conv1d(...channels, options);
    const shape = batch === null ? [channels[0], length] : [batch, channels[0], length];
    const x = rand(shape, { dtype: conv.dtype }).sub(0.5);
    if (seed % 4 === 0) salt(dice, x.data);
    if (seed % 7 === 0) salt(dice, conv.weight.data);
    const whole = bits(conv.forward(x).data);
    if (seed % 3 !== 0) conv.eval();
    const stream = conv.stream({ batch: batch ?? 1 });
    for (let i = 0; i < chunkings; i++) {
      const lengths = [...chunking(dice, length)];
      const y = bits(streamed(stream, x, lengths).data);
      if (y.length !== whole.length || y.some((value, at) => value !== whole[at])) {
        complaints.push(`${line} in chunks of ${lengths}`);
      }
      compared += 1;
      stream.reset();
    }
  }
  return { complaints, compared };
}
