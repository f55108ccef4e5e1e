import { type Problem, sizes } from './problems.ts';

/** The values of a problem, the same for every peer; peers/pytorch.py makes them by the same arithmetic. */
export interface Values {
  readonly input: Float32Array;
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

export function makeValues(problem: Problem): Values {
  const { input, weight, bias } = sizes(problem);
  return { input: noise(input, 1), weight: noise(weight, 2), bias: noise(bias, 3) };
}

/** `count` numbers in [-1, 1), multiples of 2^-23: every float32 holds them, whoever computes them. */
export function noise(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => (hash(i, seed) >>> 8) / 2 ** 23 - 1);
}

/** 32 bits that look random: the finalizer of MurmurHash3 over a counter. */
export function hash(i: number, seed: number): number {
  let h = (i + Math.imul(seed, 0x9e3779b9)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Which outputs to compare: `count` of them, spread evenly, each at a random place of its stretch; all when they are few. */
export function samplePositions(numel: number, count: number): number[] {
  if (numel <= count) return Array.from({ length: numel }, (_, i) => i);
  const width = Math.floor(numel / count);
  return Array.from({ length: count }, (_, i) => Math.floor((i * numel) / count) + (hash(i, 4) % width));
}
