import { addon } from './addon.ts';

/** `to[i] = from[first + i * step] * unit`: one channel of interleaved 16-bit samples, in an eighth of JavaScript's time. */
export function scaleSamples(from: Int16Array, first: number, step: number, unit: number, to: Float32Array): void {
  addon.scaleSamples(from, first, step, unit, to);
}
