import { readFileSync } from 'node:fs';
import { crc32, gunzipSync } from 'node:zlib';
import type { FloatArray } from '../../lib/tensor/dtype.ts';
import { rand } from '../../lib/tensor/factories.ts';
import { manualSeed } from '../../lib/tensor/random/random.ts';
import { type Operands, type Problem, shapesOf } from '../reference/problem.ts';

/** A problem whose inputs a seed makes. */
export interface SeededProblem extends Problem {
  readonly seed: number;
  readonly values: 'uniform' | 'integer';
}

/** A problem of generate_conv1d.py; PyTorch's output is stored beside it. */
export interface GoldenProblem extends SeededProblem {
  readonly inputCrc: number;
  readonly outLength: number;
}

/** A value that JSON has, or the name of one that it lacks. */
type Stored = number | 'nan' | 'inf' | '-inf';

/** A problem with NaN, infinities, signed zeros or subnormals; it carries its inputs. */
export interface Special extends Problem {
  readonly name: string;
  readonly input: readonly Stored[];
  readonly weight: readonly Stored[];
  readonly biasValues: readonly Stored[];
  readonly output: readonly Stored[];
}

function unpack(name: string): Buffer {
  return gunzipSync(readFileSync(new URL(name, import.meta.url)));
}

const document = JSON.parse(unpack('conv1d.json.gz').toString()) as { problems: GoldenProblem[]; specials: Special[] };
const outputs = new Float64Array(Uint8Array.from(unpack('conv1d.f64.gz')).buffer);

export const specials: readonly Special[] = document.specials;

/** Every problem with what PyTorch computed for it. */
export const goldens: readonly { problem: GoldenProblem; expected: Float64Array }[] = (() => {
  let start = 0;
  return document.problems.map((problem) => {
    const stop = start + (problem.batch ?? 1) * problem.outChannels * problem.outLength;
    const expected = outputs.subarray(start, stop);
    start = stop;
    return { problem, expected };
  });
})();

/** The inputs a problem's seed gives, by our own copy of torch's generator. */
export function operandsOf(p: SeededProblem, shapes: ReturnType<typeof shapesOf> = shapesOf(p)): Operands {
  const round = p.dtype === 'float32' ? Math.fround : (value: number) => value;
  const draw = (shape: readonly number[]): FloatArray => {
    const { data } = rand(...shape, { dtype: p.dtype });
    for (let i = 0; i < data.length; i++) {
      data[i] = p.values === 'uniform' ? data[i]! * 2 - 1 : Math.floor(round(data[i]! * 17)) - 8;
    }
    return data;
  };
  manualSeed(p.seed);
  const x = draw(shapes.x);
  const w = draw(shapes.w);
  return { x, w, b: p.bias ? draw(shapes.b) : null };
}

/** The CRC-32 of the bytes of the inputs, as in `inputCrc`. */
export function crcOf({ x, w, b }: Operands): number {
  const bytes = (array: FloatArray) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return [x, w, ...(b ? [b] : [])].reduce((crc, array) => crc32(bytes(array), crc), 0);
}

/** The inputs that a special carries. */
export function storedOperandsOf(special: Special): Operands {
  return {
    x: restored(special.input, special.dtype),
    w: restored(special.weight, special.dtype),
    b: restored(special.biasValues, special.dtype),
  };
}

/** Stored values as they were. */
export function restored(values: readonly Stored[], dtype: Problem['dtype']): FloatArray {
  const names = { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY };
  const numbers = values.map((value) => (typeof value === 'string' ? names[value] : value));
  return dtype === 'float32' ? Float32Array.from(numbers) : Float64Array.from(numbers);
}
