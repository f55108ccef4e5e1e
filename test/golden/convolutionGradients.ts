import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type FloatDtype, rand, type Tensor, tensor } from '../../lib/index.ts';
import { manualSeed } from '../../lib/tensor/random/random.ts';
import { type Problem, shapesOf } from '../reference/problem.ts';
import type { TransposedProblem } from './convTranspose1d.ts';

/** What every problem of generate_convolution_gradients.py has. */
export interface GradientProblem {
  readonly seed: number;
  readonly dtype: FloatDtype;
  readonly values: 'uniform' | 'integer';
  readonly bias: boolean;
  readonly outShape: readonly number[];
  /** torch's name of the output's grad_fn. */
  readonly gradFn: string;
  readonly gradX: readonly number[];
  readonly gradW: readonly number[];
  readonly gradB?: readonly number[];
}

export type ConvolutionProblem = Problem & GradientProblem;
export type TransposedGradientProblem = TransposedProblem & GradientProblem;
export interface LinearProblem extends GradientProblem {
  readonly rows: readonly number[];
  readonly inFeatures: number;
  readonly outFeatures: number;
}

export const document = JSON.parse(
  gunzipSync(readFileSync(new URL('convolution_gradients.json.gz', import.meta.url))).toString(),
) as {
  convolutions: ConvolutionProblem[];
  transposed: TransposedGradientProblem[];
  linear: LinearProblem[];
};

/** The tensors of a problem: input, weight, bias or null, and the gradient of the output. */
export interface Given {
  readonly x: Tensor;
  readonly w: Tensor;
  readonly b: Tensor | null;
  readonly g: Tensor;
}

/** The shapes of input, weight and bias. */
export function shapesOfProblem(
  p: ConvolutionProblem | TransposedGradientProblem | LinearProblem,
): Record<'x' | 'w' | 'b', readonly number[]> {
  if ('rows' in p) return { x: [...p.rows, p.inFeatures], w: [p.outFeatures, p.inFeatures], b: [p.outFeatures] };
  const shapes = shapesOf(p as unknown as Problem);
  return 'outputPadding' in p ? { ...shapes, w: [p.inChannels, p.outChannels / p.groups, p.kernelSize] } : shapes;
}

/** What the problem's seed gives, by our own copy of torch's generator. */
export function given(p: ConvolutionProblem | TransposedGradientProblem | LinearProblem): Given {
  const round = p.dtype === 'float32' ? Math.fround : (value: number) => value;
  const draw = (shape: readonly number[]): Tensor => {
    const drawn = rand(...shape, { dtype: p.dtype });
    const { data } = drawn;
    for (let i = 0; i < data.length; i++) {
      data[i] = p.values === 'uniform' ? data[i]! * 2 - 1 : Math.floor(round(data[i]! * 17)) - 8;
    }
    return tensor(data, shape);
  };
  const shapes = shapesOfProblem(p);
  manualSeed(p.seed);
  return { x: draw(shapes.x), w: draw(shapes.w), b: p.bias ? draw(shapes.b) : null, g: draw(p.outShape) };
}
