import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { ConvTranspose1dOptions } from '../../lib/index.ts';
import type { FloatArray } from '../../lib/tensor/dtype.ts';
import type { Operands } from '../reference/problem.ts';
import { operandsOf as operandsOfConvolution, restored, type SeededProblem } from './conv1d.ts';

/** A problem of generate_conv_transpose1d.py. */
export interface TransposedProblem {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride: number;
  readonly padding: number;
  readonly outputPadding: number;
  readonly groups: number;
  readonly dilation: number;
  readonly bias: boolean;
  readonly batch: number | null;
  readonly length: number;
  readonly dtype: 'float32' | 'float64';
  readonly values: 'uniform' | 'integer';
  readonly outputSize: readonly number[] | null;
  readonly seed: number;
  readonly outShape: readonly number[];
}

type Stored = Parameters<typeof restored>[0];

/** A problem that carries its inputs. */
export interface TransposedSpecial extends TransposedProblem {
  readonly name: string;
  readonly input: Stored;
  readonly weight: Stored;
  readonly biasValues: Stored;
  readonly output: Stored;
}

/** A call that PyTorch refuses: of a layer where it has arguments, of the function otherwise. */
export interface RefusedCall {
  readonly name: string;
  readonly arguments?: readonly [number, number, number];
  readonly options: ConvTranspose1dOptions;
  readonly input: readonly number[];
  readonly outputSize?: readonly number[] | null;
  readonly weight?: readonly number[];
  readonly bias?: readonly number[] | null;
  readonly doubles?: readonly ('input' | 'weight' | 'bias')[];
  readonly error: { readonly message: string };
}

interface Document {
  readonly problems: readonly TransposedProblem[];
  readonly specials: readonly TransposedSpecial[];
  readonly calls: readonly RefusedCall[];
  readonly layers: readonly {
    arguments: [number, number, number];
    options: ConvTranspose1dOptions;
    text: string;
  }[];
  readonly drawn: readonly {
    seed: number;
    arguments: [number, number, number];
    options: ConvTranspose1dOptions;
    weight: string;
    bias: string | null;
    keys: string[];
  }[];
}

const unpack = (name: string): Buffer => gunzipSync(readFileSync(new URL(name, import.meta.url)));

const outputs = new Float64Array(Uint8Array.from(unpack('conv_transpose1d.f64.gz')).buffer);

export const document = JSON.parse(unpack('conv_transpose1d.json.gz').toString()) as Document;

/** Every problem with what PyTorch computed for it. */
export const goldens: readonly { problem: TransposedProblem; expected: Float64Array }[] = (() => {
  let start = 0;
  return document.problems.map((problem) => {
    const stop = start + problem.outShape.reduce((product, size) => product * size, 1);
    const expected = outputs.subarray(start, stop);
    start = stop;
    return { problem, expected };
  });
})();

/** The inputs a problem's seed gives: drawn as those of a convolution whose channels have changed places. */
export function operandsOf(p: TransposedProblem): Operands {
  const { inChannels, outChannels, groups } = p;
  const shapes = {
    x: [...(p.batch === null ? [] : [p.batch]), inChannels, p.length],
    w: [inChannels, outChannels / groups, p.kernelSize],
    b: [outChannels],
  };
  return operandsOfConvolution(p as unknown as SeededProblem, shapes);
}

/** The inputs that a special carries. */
export function storedOperandsOf(special: TransposedSpecial): Operands {
  const of = (values: Stored): FloatArray => restored(values, special.dtype);
  return { x: of(special.input), w: of(special.weight), b: of(special.biasValues) };
}
