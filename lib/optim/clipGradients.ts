import { rangeError, typeError } from '../check/errors.ts';
import { readList } from '../check/list.ts';
import { refuseUnknownOptions } from '../check/unknownOption.ts';
import { boolean, describe } from '../check/validate.ts';
import { unary } from '../native/pointwise.ts';
import { type FloatArray, type FloatDtype, promote } from '../tensor/dtype.ts';
import { runOperation } from '../tensor/operation.ts';
import { ne } from '../tensor/ops/compare.ts';
import { converted } from '../tensor/ops/convert.ts';
import { pow } from '../tensor/ops/pow.ts';
import { amax, amin, norm, sum } from '../tensor/ops/reduce.ts';
import { scalarView } from '../tensor/ops/scalar.ts';
import { abs, NO_PARAMETERS } from '../tensor/ops/unary.ts';
import { tensorAdvice } from '../tensor/record.ts';
import { type Tensor, tensorOf, viewOf } from '../tensor/tensor.ts';
import { floatsOfView, type View, viewOfAll } from '../tensor/view.ts';
import { readNumber } from './fields.ts';
import { gradientOf, writeGradient } from './parameters.ts';

/**
 * The options of `optim.clipGradNorm`.
 *
 * @category Gradients
 */
export interface ClipGradNormOptions {
  /** The p of the p-norm: 2 by default; Infinity for the largest magnitude. */
  readonly normType?: number | undefined;
  /** Whether a norm that is NaN or infinite is an error. Default false. */
  readonly errorIfNonfinite?: boolean | undefined;
}

/** A gradient, and whose it is. */
interface Held {
  readonly view: View;
  readonly gradient: View;
  readonly elements: FloatArray;
}

const VECTOR = { dims: [0], keepdim: false };

/**
 * Scales all gradients by one number so that their norm, as if they were one vector, is at most `maxNorm`: PyTorch's
 * `torch.nn.utils.clip_grad_norm_`. Tensors without a gradient are left out.
 *
 * @param parameters  a tensor or an array of them
 * @param maxNorm     the norm that they may have
 * @param options     `normType`: 2 by default; `errorIfNonfinite`: false by default
 * @returns           the norm before, a tensor without dimensions
 * @throws TypeError ERR_CONV1D_TYPE, ERR_CONV1D_OPTION  when an argument is of the wrong kind
 * @throws RangeError ERR_CONV1D_VALUE    when the norm is NaN or infinite and `errorIfNonfinite` is set: nothing was scaled
 * @throws TypeError ERR_CONV1D_DETACHED  when the memory of a gradient was transferred to another thread
 * @example
 * const w = tensor([1, 2], { requiresGrad: true });
 * w.grad = tensor([3, 4]);
 * optim.clipGradNorm([w], 1);   // tensor(5.)
 * w.grad;                       // tensor([0.6000, 0.8000])
 * @category Gradients
 */
export function clipGradNorm(
  parameters: Tensor | readonly Tensor[],
  maxNorm: number,
  options?: ClipGradNormOptions,
): Tensor {
  const { normType, errorIfNonfinite } = readOptions(options);
  const most = readNumber(maxNorm, "clipGradNorm(): argument 'maxNorm'");
  const held = gradientsOf(parameters, 'clipGradNorm');
  if (held.length === 0) return tensorOf(scalarView(0, 'float32')) as Tensor;
  const total = normOfAll(held, normType);
  const value = floatsOfView(total)[0]!;
  if (errorIfNonfinite && !Number.isFinite(value)) {
    throw rangeError(
      'ERR_CONV1D_VALUE',
      `The total norm of order ${normType} for gradients from \`parameters\` is non-finite, so it cannot be clipped. To disable this error and scale the gradients by the non-finite norm anyway, set \`errorIfNonfinite: false\``,
    );
  }
  const factor = factorFor(value, most, total.dtype as FloatDtype);
  for (const { view, gradient, elements } of factor === 1 ? [] : held) {
    unary('affine', elements, factor, 0, elements);
    writeGradient(view, gradient, elements);
  }
  return tensorOf(total) as Tensor;
}

/**
 * Puts each element of all gradients between `-clipValue` and `clipValue`: PyTorch's `torch.nn.utils.clip_grad_value_`.
 *
 * @param parameters  a tensor or an array of them
 * @param clipValue   the largest magnitude
 * @throws TypeError ERR_CONV1D_TYPE      when an argument is of the wrong kind
 * @throws TypeError ERR_CONV1D_DETACHED  when the memory of a gradient was transferred to another thread
 * @example
 * const w = tensor([1, 2], { requiresGrad: true });
 * w.grad = tensor([3, -0.5]);
 * optim.clipGradValue([w], 1);
 * w.grad;   // tensor([ 1.0000, -0.5000])
 * @category Gradients
 */
export function clipGradValue(parameters: Tensor | readonly Tensor[], clipValue: number): void {
  const most = readNumber(clipValue, "clipGradValue(): argument 'clipValue'");
  for (const { view, gradient, elements } of gradientsOf(parameters, 'clipGradValue')) {
    unary('clamp', elements, -most, most, elements);
    writeGradient(view, gradient, elements);
  }
}

function readOptions(options: unknown): { normType: number; errorIfNonfinite: boolean } {
  if (options === undefined) return { normType: 2, errorIfNonfinite: false };
  refuseUnknownOptions(options as object, ['normType', 'errorIfNonfinite'], 'optim.clipGradNorm');
  const { normType = 2, errorIfNonfinite = false } = options as Record<string, unknown>;
  return {
    normType: readNumber(normType, 'the option normType'),
    errorIfNonfinite: boolean(errorIfNonfinite, 'errorIfNonfinite'),
  };
}

function gradientsOf(parameters: unknown, what: string): Held[] {
  const list =
    viewOf(parameters) === undefined ? readList(parameters, `${what}(): parameters`, 'Tensors') : [parameters];
  return list.flatMap((parameter) => {
    const view = viewOf(parameter);
    if (view === undefined) {
      throw typeError(
        'ERR_CONV1D_TYPE',
        `${what}(): parameters must be Tensors, but one is ${describe(parameter)}; ${tensorAdvice(parameter)}`,
      );
    }
    const gradient = gradientOf(view);
    return gradient === null ? [] : [{ view, gradient, elements: floatsOfView(gradient) }];
  });
}

/** The norm of the norms of all gradients, as torch has it. */
function normOfAll(held: readonly Held[], p: number): View {
  const norms = held.map(({ elements, gradient }) =>
    normOf(viewOfAll(elements, gradient.dtype, Object.freeze([elements.length])), p),
  );
  if (norms.length === 1 && p === Number.POSITIVE_INFINITY) return norms[0]!;
  const dtype = norms.map((each) => each.dtype).reduce(promote) as FloatDtype;
  const all = Float64Array.from(norms, (each) => floatsOfView(each)[0]!);
  return normOf(converted(viewOfAll(all, 'float64', Object.freeze([all.length])), dtype), p);
}

/** The p-norm of a vector. */
function normOf(x: View, p: number): View {
  if (p === 2) return runOperation(norm, [x], VECTOR);
  const magnitudes = runOperation(abs, [x], NO_PARAMETERS);
  if (Math.abs(p) === Number.POSITIVE_INFINITY && x.numel > 0) {
    return runOperation(p > 0 ? amax : amin, [magnitudes], VECTOR);
  }
  if (p === 0) return converted(runOperation(sum, [runOperation(ne, [x], { other: 0 })], VECTOR), x.dtype);
  if (p === 1) return runOperation(sum, [magnitudes], VECTOR);
  const powers = runOperation(pow, [magnitudes], { other: p });
  return runOperation(pow, [runOperation(sum, [powers], VECTOR)], { other: 1 / p });
}

/** What gradients are multiplied by, at most 1, in torch's steps of their dtype. */
function factorFor(total: number, most: number, dtype: FloatDtype): number {
  const round = dtype === 'float32' ? Math.fround : (value: number) => value;
  const factor = round(round(1 / round(total + round(1e-6))) * round(most));
  return factor > 1 ? 1 : factor;
}
