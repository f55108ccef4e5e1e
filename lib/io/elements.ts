import { endianness } from 'node:os';
import type { Elements } from '../tensor/dtype.ts';

/** The order of the bytes in an element: little or big endian. */
export type ByteOrder = 'LE' | 'BE';

export const HOST_ORDER: ByteOrder = endianness();

// A Uint8Array ends at 4 GiB and one read or write at 2 GiB (Node 20); a tensor may be larger than both.
const WINDOW_BYTES = 2 ** 30;

/** A stretch of memory: what every typed array says of itself. */
export type Stretch = Pick<ArrayBufferView, 'buffer' | 'byteOffset' | 'byteLength'>;

/** A stretch of memory as views of at most 1 GiB, first to last. */
export function* byteWindows(array: Stretch): Generator<Uint8Array> {
  for (let start = 0; start < array.byteLength; start += WINDOW_BYTES) {
    const length = Math.min(WINDOW_BYTES, array.byteLength - start);
    yield new Uint8Array(array.buffer, array.byteOffset + start, length);
  }
}

/** Turns elements of `elementSize` bytes, in place, from `order` to the machine's order or back. */
export function reorder(bytes: Uint8Array, elementSize: 2 | 4 | 8, order: ByteOrder): void {
  if (order === HOST_ORDER) return;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (elementSize === 2) buffer.swap16();
  else if (elementSize === 4) buffer.swap32();
  else buffer.swap64();
}

/** The elements of `array` as little-endian bytes: its own memory where the machine is little endian, else a copy. */
export function littleEndianBytes(array: Elements): Uint8Array[] {
  if (HOST_ORDER === 'LE') return [...byteWindows(array)];
  return Array.from(byteWindows(array), (window) => {
    const copy = window.slice();
    if (array.BYTES_PER_ELEMENT !== 1) reorder(copy, array.BYTES_PER_ELEMENT as 4 | 8, 'LE');
    return copy;
  });
}

/**
 * Where to put 16-bit numbers so that `widenFloat16` and `widenBfloat16` can widen them without further memory: in the
 * upper half of the float32 array that they become.
 *
 *     floats  |f0      |f1      |f2      |f3      |
 *     halves                    |h0 |h1  |h2 |h3  |     writing f(i) never touches an h(j) with j > i
 */
function upperHalf(floats: Float32Array): Uint16Array {
  return new Uint16Array(floats.buffer, floats.byteOffset + 2 * floats.length, floats.length);
}

/** Widens the IEEE half-precision numbers in the upper half of `floats`; exact for every number, infinity and NaN. */
export function widenFloat16(floats: Float32Array): undefined {
  const halves = upperHalf(floats);
  const words = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    // Exponent and mantissa moved to float32's places: right but for the exponent's bias, 15 where float32 has 127.
    words[i] = (half & 0x7fff) << 13;
    if ((half & 0x7c00) === 0x7c00) words[i]! |= 0x7f800000;
    else floats[i]! *= 2 ** (127 - 15);
    words[i]! |= (half & 0x8000) << 16;
  }
}

/** Widens the bfloat16 numbers in the upper half of `floats`: they are the upper halves of float32 numbers. */
export function widenBfloat16(floats: Float32Array): undefined {
  const halves = upperHalf(floats);
  const words = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  for (let i = 0; i < halves.length; i++) words[i] = halves[i]! << 16;
}
