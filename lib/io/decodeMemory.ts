import { allocate } from '../tensor/allocate.ts';
import type { FloatArray, FloatDtype } from '../tensor/dtype.ts';

/** Where the memory comes from that a file is decoded in. What it holds before does not matter: the decoder writes all of it. */
export interface DecodeMemory {
  /** For the bytes of a whole file, until it is decoded. Not shared: hashes take no other. */
  file(bytes: number): Uint8Array;
  /** For one block of samples at a time, until it is decoded. */
  block(bytes: number): Uint8Array;
  /** For the elements of the tensor. */
  elements(dtype: FloatDtype, length: number): FloatArray;
}

/** New memory for each file. */
export const NEW_MEMORY: DecodeMemory = {
  file: (bytes) => Buffer.allocUnsafeSlow(bytes),
  block: (bytes) => new Uint8Array(bytes),
  elements: allocate,
};
