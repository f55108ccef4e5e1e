import { type Problem, sizes } from './problems.ts';

/** The values of a problem, the same for every peer; peers/pytorch.py makes them by the same arithmetic. */
export interface Values {
  readonly input: Float32Array;
  readonly weight: Float32Array;
  readonly bias: Float32Array;
}

export function makeValues(problem: Problem): Values {
  const { input, weight, bias } = sizes(problem);
  return {
    input: noise(input, 1),
    weight: problem.weights === 'dft' ? windowedDft(problem) : noise(weight, 2),
    bias: noise(bias, 3),
  };
}

/** `count` numbers in [-1, 1), multiples of 2^-23: every float32 holds them, whoever computes them. */
export function noise(count: number, seed: number): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = (hash(i, seed) >>> 8) / 2 ** 23 - 1;
  return values;
}

/** 32 bits that look random: the finalizer of MurmurHash3 over a counter. */
export function hash(i: number, seed: number): number {
  let h = (i + Math.imul(seed, 0x9e3779b9)) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A Hann window times the cosines of the frequencies 0, 1, ..., a row each, then times the negative sines: what torch.stft computes. */
function windowedDft({ outChannels, kernelSize }: Problem): Float32Array {
  const rows = outChannels / 2;
  const weight = new Float32Array(outChannels * kernelSize);
  for (let n = 0; n < kernelSize; n++) {
    const window = 0.5 - 0.5 * cosine(n, kernelSize);
    for (let k = 0; k < rows; k++) {
      weight[k * kernelSize + n] = window * cosine(k * n, kernelSize);
      weight[(rows + k) * kernelSize + n] = -window * sine(k * n, kernelSize);
    }
  }
  return weight;
}

/** cos(2 pi i / size), from angles of the first quarter turn only: exactly 0, 1 and -1 where it should be. */
function cosine(i: number, size: number): number {
  const turn = i % size;
  const half = Math.min(turn, size - turn);
  const quarter = Math.min(half, size / 2 - half);
  const value = 4 * quarter === size ? 0 : Math.cos((2 * Math.PI * quarter) / size);
  return half === quarter ? value : -value;
}

/** sin is cos a quarter turn later. */
const sine = (i: number, size: number): number => cosine(i + (3 * size) / 4, size);

/** Which outputs to compare: `count` of them, spread evenly, each at a random place of its stretch; all when they are few. */
export function samplePositions(numel: number, count: number): number[] {
  if (numel <= count) return Array.from({ length: numel }, (_, i) => i);
  const width = Math.floor(numel / count);
  return Array.from({ length: count }, (_, i) => Math.floor((i * numel) / count) + (hash(i, 4) % width));
}
