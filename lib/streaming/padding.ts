import type { Conv1dParameters } from '../convolution/parameters.ts';
import { allocate } from '../tensor/allocate.ts';
import type { FloatArray } from '../tensor/dtype.ts';
import { numelOf } from '../tensor/shape.ts';
import type { Recent } from './recent.ts';

/**
 * The beginning of a signal whose padding repeats inputs: (rows, padLeft + kept + length), the padding on the left, the inputs that
 * waited for it and the chunk that completes it.
 */
export function beginning(
  { dtype, padLeft, paddingMode }: Conv1dParameters,
  rows: number,
  recent: Recent,
  kept: number,
  chunk: FloatArray,
  length: number,
): FloatArray {
  const width = padLeft + kept + length;
  const joined = allocate(dtype, numelOf([rows, width]));
  for (let row = 0; row < rows; row++) {
    const begin = row * width;
    const first = begin + padLeft;
    recent.copy(row, kept, joined, first);
    joined.set(chunk.subarray(row * length, (row + 1) * length), first + kept);
    if (paddingMode === 'replicate') joined.fill(joined[first]!, begin, first);
    else for (let i = 1; i <= padLeft; i++) joined[first - i] = joined[first + i]!;
  }
  return joined;
}

/** The padding on the right, (rows, padRight), made of the last inputs. */
export function ending(
  { dtype, padRight, paddingMode }: Conv1dParameters,
  rows: number,
  recent: Recent,
  kept: number,
): FloatArray {
  const padding = allocate(dtype, numelOf([rows, padRight]));
  const last = allocate(dtype, kept);
  for (let row = 0; row < rows; row++) {
    recent.copy(row, kept, last, 0);
    const begin = row * padRight;
    if (paddingMode === 'replicate') padding.fill(last[kept - 1]!, begin, begin + padRight);
    else for (let i = 0; i < padRight; i++) padding[begin + i] = last[kept - 2 - i]!;
  }
  return padding;
}
