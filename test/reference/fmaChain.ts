import type { FloatArray } from '../../lib/tensor/dtype.ts';
import { fma, fmaf } from './fma.ts';
import { type Operands, outLengthOf, type Problem, padsOf, sampleAt } from './problem.ts';

/**
 * The output at a flat index of (N, O, outLength), to the bit: the chain that the library promises on every machine.
 *
 *     acc = bias, or 0;   for each channel c, for each tap k:   acc = fma(weight[o][c][k], sample or padded 0, acc)
 *
 * A negative zero becomes a positive one at the end.
 */
export function fmaChain(p: Problem, { x, w, b }: Operands, index: number): number {
  const multiplyAdd = p.dtype === 'float32' ? fmaf : fma;
  const [padLeft] = padsOf(p);
  const outLength = outLengthOf(p);
  const groupIn = p.inChannels / p.groups;
  const t = index % outLength;
  const o = Math.floor(index / outLength) % p.outChannels;
  const n = Math.floor(index / outLength / p.outChannels);
  const firstRow = n * p.inChannels + Math.floor(o / (p.outChannels / p.groups)) * groupIn;

  let acc = b ? b[o]! : 0;
  for (let c = 0; c < groupIn; c++) {
    for (let k = 0; k < p.kernelSize; k++) {
      const sample = sampleAt(t * p.stride + k * p.dilation - padLeft, p);
      const value = sample < 0 ? 0 : x[(firstRow + c) * p.length + sample]!;
      acc = multiplyAdd(w[(o * groupIn + c) * p.kernelSize + k]!, value, acc);
    }
  }
  return acc + 0;
}

/** The bits of a computed element as they lie in memory. */
export function bitsAt(array: FloatArray, index: number): bigint {
  return array instanceof Float32Array
    ? BigInt(new Uint32Array(array.buffer, array.byteOffset, array.length)[index]!)
    : new BigUint64Array(array.buffer, array.byteOffset, array.length)[index]!;
}

/** The bits a value has in a float32 or float64 output; every NaN is the quiet one without a sign or a payload. */
export function bitsOf(value: number, dtype: Problem['dtype']): bigint {
  if (Number.isNaN(value)) return dtype === 'float32' ? 0x7fc00000n : 0x7ff8000000000000n;
  return bitsAt(dtype === 'float32' ? Float32Array.of(value) : Float64Array.of(value), 0);
}
