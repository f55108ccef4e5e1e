import type { Elements, FloatArray, FloatDtype } from '../tensor/dtype.ts';
import { type DecodeMemory, NEW_MEMORY } from './decodeMemory.ts';
import { type ByteOrder, byteWindows, reorder, widenBfloat16, widenFloat16 } from './elements.ts';
import type { ReadRequest } from './files.ts';

/** How a file stores numbers, by NumPy's names. */
export type Stored = 'float64' | 'float32' | 'float16' | 'bfloat16' | 'bool' | `${'int' | 'uint'}${8 | 16 | 32 | 64}`;

/**
 * Widens in place numbers that were read into the end of `floats`, each into the place that is its own. It goes from the first to the
 * last: what is written never reaches what is still to be read.
 *
 *     floats  |f0      |f1      |f2      |f3      |
 *     numbers                   |n0 |n1  |n2 |n3  |
 *
 * @returns  undefined, or what is wrong with a number that has no exact counterpart
 */
type Widen = (floats: FloatArray) => string | undefined;

type Kind = {
  /** Bytes of a number in the file. */
  readonly size: 1 | 2 | 4 | 8;
  /** The narrowest dtype that has all these numbers; for 64-bit integers, the one that has most. */
  readonly dtype: FloatDtype;
  readonly widen: Widen | undefined;
};

type Numbers = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

const KINDS: Readonly<Record<Stored, Kind>> = {
  float64: { size: 8, dtype: 'float64', widen: undefined },
  float32: { size: 4, dtype: 'float32', widen: undefined },
  float16: { size: 2, dtype: 'float32', widen: (floats) => widenFloat16(floats as Float32Array) },
  bfloat16: { size: 2, dtype: 'float32', widen: (floats) => widenBfloat16(floats as Float32Array) },
  bool: { size: 1, dtype: 'float32', widen: widenBool },
  int8: { size: 1, dtype: 'float32', widen: (floats) => widen(floats, new Int8Array(...lastOf(floats, 1))) },
  uint8: { size: 1, dtype: 'float32', widen: (floats) => widen(floats, new Uint8Array(...lastOf(floats, 1))) },
  int16: { size: 2, dtype: 'float32', widen: (floats) => widen(floats, new Int16Array(...lastOf(floats, 2))) },
  uint16: { size: 2, dtype: 'float32', widen: (floats) => widen(floats, new Uint16Array(...lastOf(floats, 2))) },
  int32: { size: 4, dtype: 'float64', widen: (floats) => widen(floats, new Int32Array(...lastOf(floats, 4))) },
  uint32: { size: 4, dtype: 'float64', widen: (floats) => widen(floats, new Uint32Array(...lastOf(floats, 4))) },
  int64: { size: 8, dtype: 'float64', widen: (floats) => widenBig(floats, new BigInt64Array(...lastOf(floats, 8))) },
  uint64: { size: 8, dtype: 'float64', widen: (floats) => widenBig(floats, new BigUint64Array(...lastOf(floats, 8))) },
};

/** Bytes of a number in a file. */
export function storedSize(stored: Stored): 1 | 2 | 4 | 8 {
  return KINDS[stored].size;
}

/** What numbers of this kind become. */
export function widenedDtype(stored: Stored): FloatDtype {
  return KINDS[stored].dtype;
}

/**
 * Reads `numel` numbers, straight into the memory of the tensor they become, and widens them there: float16, bfloat16, bool and integers
 * of 8 and 16 bits to float32, integers of 32 and 64 to float64. No number is rounded.
 *
 * @param start  where in the file they begin
 * @param order  the order of their bytes
 * @returns the elements, or as a string, what is wrong with a number that has no exact counterpart
 */
export function* readNumbers(
  stored: Stored,
  numel: number,
  start: number,
  order: ByteOrder,
  memory: DecodeMemory = NEW_MEMORY,
): Generator<ReadRequest, FloatArray | string, void> {
  const { size, dtype, widen } = KINDS[stored];
  const floats = memory.elements(dtype, numel);
  if (numel === 0) return floats;
  let position = start;
  const [buffer, byteOffset] = lastOf(floats, size);
  for (const target of byteWindows({ buffer, byteOffset, byteLength: size * numel })) {
    yield { target, position };
    if (size !== 1) reorder(target, size, order);
    position += target.byteLength;
  }
  return widen?.(floats) ?? floats;
}

/** Where as many numbers of `size` bytes lie at the end of `floats`: the arguments of a typed array over them. */
export function lastOf(
  elements: Elements,
  size: number,
): [buffer: ArrayBufferLike, byteOffset: number, length: number] {
  return [elements.buffer, elements.byteOffset + elements.byteLength - size * elements.length, elements.length];
}

function widen(floats: FloatArray, numbers: Numbers): undefined {
  for (let i = 0; i < floats.length; i++) floats[i] = numbers[i]!;
}

function widenBool(floats: FloatArray): string | undefined {
  const bytes = new Uint8Array(...lastOf(floats, 1));
  for (let i = 0; i < floats.length; i++) {
    const byte = bytes[i]!;
    if (byte > 1) return `element ${i} is ${byte}, and a bool is 0 or 1`;
    floats[i] = byte;
  }
  return undefined;
}

function widenBig(floats: FloatArray, integers: BigInt64Array | BigUint64Array): string | undefined {
  for (let i = 0; i < floats.length; i++) {
    const integer = integers[i]!;
    const value = Number(integer);
    if (!Number.isSafeInteger(value) && BigInt(value) !== integer)
      return `element ${i} is ${integer}, which float64 cannot hold`;
    floats[i] = value;
  }
  return undefined;
}
