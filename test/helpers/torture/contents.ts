import { Buffer } from 'node:buffer';
import type { Dtype, FloatArray } from '../../../lib/index.ts';

/** A prime below a page's number of elements, so that steps of it meet every page. */
const STRIDE = 509;

/** Below this every look is at every element. */
const SMALL_BYTES = 2 ** 18;

/**
 * What is wrong with an array that should hold `id` everywhere, or undefined.
 *
 * @param everyElement  false: of large arrays only the ends and one element of each page
 */
export function whatIsWrong(array: FloatArray, id: number, everyElement: boolean): string | undefined {
  const { length } = array;
  if (length === 0) return 'is detached';
  if (array[0] !== id) return `has ${array[0]} at element 0`;
  if (array[length - 1] !== id) return `has ${array[length - 1]} at its last element ${length - 1}`;
  if (everyElement || array.byteLength < SMALL_BYTES) {
    if (equalsItsNext(array)) return undefined;
    const at = array.findIndex((element) => element !== id);
    return `has ${array[at]} at element ${at}`;
  }
  for (let at = 0; at < length; at += STRIDE) {
    if (array[at] !== id) return `has ${array[at]} at element ${at}`;
  }
  return undefined;
}

/** Whether each element has the bytes of the next one: as fast as the memory. */
function equalsItsNext(array: FloatArray): boolean {
  const { byteOffset, byteLength, BYTES_PER_ELEMENT: size } = array;
  const buffer = array.buffer as ArrayBuffer;
  const from = (start: number): Buffer => Buffer.from(buffer, byteOffset + start, byteLength - size);
  return from(0).equals(from(size));
}

/** The elements of some bytes. */
export function elementsIn(dtype: Dtype, bytes: Uint8Array | ArrayBuffer): FloatArray {
  const Kind = dtype === 'float32' ? Float32Array : Float64Array;
  if (!(bytes instanceof Uint8Array)) return new Kind(bytes);
  return new Kind(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength / Kind.BYTES_PER_ELEMENT);
}
