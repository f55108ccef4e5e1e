import { rangeError } from '../../check/errors.ts';
import { unary as compute, type UnaryFunction } from '../../native/pointwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { isFloatDtype } from '../dtype.ts';
import { type Meta, type Operation, runOperation } from '../operation.ts';
import { copyOfView, floatsOfView, type View, viewOfAll } from '../view.ts';
import { converted } from './convert.ts';
import { maximum, minimum, mul } from './elementwise.ts';

/** The parameters of a function of one element. */
export interface UnaryAttributes {
  readonly a: number;
  readonly b: number;
}

/** The attributes of the functions that have no parameters. */
export const NO_PARAMETERS: UnaryAttributes = { a: 0, b: 0 };

/** A function of each element; of integers it gives floats, as in torch. */
export function floatFunction(name: UnaryFunction, called: string = name): Operation<UnaryAttributes> {
  return {
    name: called,
    infer: ([x]) => ({ dtype: isFloatDtype(x!.dtype) ? x!.dtype : 'float32', shape: x!.shape }),
    run: ([x], attributes, { dtype }) => run(name, converted(x!, dtype), attributes),
    elementFunction: ({ a, b }) => ({ kind: 'unary', name, a, b }),
  };
}

function run(name: UnaryFunction, view: View, { a, b }: UnaryAttributes): View {
  const x = floatsOfView(view);
  // What was gathered from a view with gaps is a copy already.
  const out = view.strides === null ? allocateResult(view.dtype as 'float32' | 'float64', view.numel) : x;
  compute(name, x, a, b, out);
  return viewOfAll(out, view.dtype, view.shape);
}

/** A function that integers have as well: `ofIntegers` computes it. */
function anyFunction(
  name: UnaryFunction,
  ofIntegers: (x: View) => View,
  torchsName = name,
): Operation<UnaryAttributes> {
  return {
    name,
    infer: ([x]) => refuseBools(x!, torchsName),
    run: ([x], attributes) => (isFloatDtype(x!.dtype) ? run(name, x!, attributes) : ofIntegers(x!)),
    elementFunction: ({ a, b }) => ({ kind: 'unary', name, a, b }),
  };
}

function refuseBools(x: Meta, name: string): Meta {
  if (x.dtype === 'bool') {
    const sentence =
      name === 'neg'
        ? 'Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` or `logical_not()` operator instead.'
        : `"${name}" not implemented for 'Bool'`;
    throw rangeError('ERR_CONV1D_VALUE', `${sentence}; logicalNot() inverts a mask, to('float32') makes numbers of it`);
  }
  return { dtype: x.dtype, shape: x.shape };
}

export const neg = anyFunction('neg', negative);
export const abs = anyFunction('abs', (x) => runOperation(maximum, [x, negative(x)], {}));
export const relu = anyFunction('relu', (x) => runOperation(maximum, [x, zero(x)], {}));

function negative(x: View): View {
  return runOperation(mul, [x], { other: -1 });
}

function zero(x: View): View {
  return runOperation(mul, [x], { other: 0 });
}

/** The bounds of `clamp`; an infinite one is none. */
export interface ClampAttributes {
  readonly min: number;
  readonly max: number;
}

/** As torch's: NaN where a bound is. */
export const clamp: Operation<ClampAttributes> = {
  name: 'clamp',
  infer: ([x], { min, max }) => {
    const { dtype, shape } = refuseBools(x!, 'clamp');
    const hasFraction = [min, max].some((bound) => Number.isFinite(bound) && !Number.isInteger(bound));
    return { dtype: hasFraction && !isFloatDtype(dtype) ? 'float32' : dtype, shape };
  },
  run: ([given], { min, max }, { dtype }) => {
    const x = converted(given!, dtype);
    if (isFloatDtype(dtype)) return run('clamp', x, { a: min, b: max });
    const raised = min === Number.NEGATIVE_INFINITY ? copyOfView(x) : runOperation(maximum, [x], { other: min });
    return max === Number.POSITIVE_INFINITY ? raised : runOperation(minimum, [raised], { other: max });
  },
  elementFunction: ({ min, max }) => ({ kind: 'unary', name: 'clamp', a: min, b: max }),
};

export const square = floatFunction('square');
export const reciprocal = floatFunction('reciprocal');
export const rsqrt = floatFunction('rsqrt');
export const floor = anyFunction('floor', copyOfView);
export const ceil = anyFunction('ceil', copyOfView);
export const round = anyFunction('round', copyOfView);
export const sign = anyFunction('sign', (x) =>
  runOperation(minimum, [runOperation(maximum, [x], { other: -1 })], { other: 1 }),
);
export const log1p = floatFunction('log1p');
export const expm1 = floatFunction('expm1');
export const sqrt = floatFunction('sqrt');
export const exp = floatFunction('exp');
export const log = floatFunction('log');
export const sin = floatFunction('sin');
export const cos = floatFunction('cos');
export const tanh = floatFunction('tanh');
export const sigmoid = floatFunction('sigmoid');
export const erf = floatFunction('erf');
