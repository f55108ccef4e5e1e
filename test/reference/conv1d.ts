import { type Operands, outLengthOf, type Problem, padsOf, sampleAt } from './problem.ts';

/** One output: its value, and what its rounding error depends on. */
export interface ReferenceOutput {
  readonly y: number;
  /** The sum of |bias| and of all |weight * sample|. */
  readonly magnitude: number;
  /** How many products meet a sample, padding by zeros left out. */
  readonly products: number;
}

/** The convolution by its definition, in float64: outputs (N, O, outLength) one after the other. */
export function conv1dReference(p: Problem, { x, w, b }: Operands): ReferenceOutput[] {
  const [padLeft] = padsOf(p);
  const outLength = outLengthOf(p);
  const groupIn = p.inChannels / p.groups;
  const groupOut = p.outChannels / p.groups;
  const outputs: ReferenceOutput[] = [];
  for (let n = 0; n < (p.batch ?? 1); n++) {
    for (let o = 0; o < p.outChannels; o++) {
      const firstChannel = Math.floor(o / groupOut) * groupIn;
      for (let t = 0; t < outLength; t++) {
        let y = b ? b[o]! : 0;
        let magnitude = Math.abs(y);
        let products = 0;
        for (let c = 0; c < groupIn; c++) {
          for (let k = 0; k < p.kernelSize; k++) {
            const weight = w[(o * groupIn + c) * p.kernelSize + k]!;
            const sample = sampleAt(t * p.stride + k * p.dilation - padLeft, p);
            // A padded zero is multiplied too: times an infinite weight it is NaN.
            const product = weight * (sample < 0 ? 0 : x[(n * p.inChannels + firstChannel + c) * p.length + sample]!);
            y += product;
            magnitude += Math.abs(product);
            if (sample >= 0) products++;
          }
        }
        outputs.push({ y, magnitude, products });
      }
    }
  }
  return outputs;
}

/** The distance from 1 to the next number. */
export const EPSILON = { float32: 2 ** -23, float64: 2 ** -52 } as const;

/**
 * Whether a computed output is as near to the true one as its rounding errors allow. Each of the n steps of a sum is wrong
 * by at most eps / 2 times the sum so far; the errors are as often up as down, so that they grow as the root of n.
 */
export function withinBound(actual: number, { y, magnitude, products }: ReferenceOutput, eps: number): boolean {
  if (!Number.isFinite(y)) return Object.is(actual, y);
  return Math.abs(actual - y) <= Math.sqrt(products) * eps * magnitude + eps * Math.abs(y);
}
