import { rangeError, typeError } from '../../check/errors.ts';
import { reduce as compute, findExtreme, type Reduction, reductionIndex } from '../../native/reductions.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { reducedShape } from '../dimensions.ts';
import { type Dtype, isFloatDtype, torchName } from '../dtype.ts';
import { type Meta, type Operation, runOperation } from '../operation.ts';
import { numelOf } from '../shape.ts';
import { slabOver, stridesOfSlab } from '../slab.ts';
import { elementsOfView, viewOfAll } from '../view.ts';
import { around, gathered, orderedDimensions } from './around.ts';
import { converted } from './convert.ts';
import { NO_PARAMETERS, sqrt } from './unary.ts';

/** Over which dimensions, in ascending order, and whether they stay with size 1. */
export interface ReduceAttributes {
  readonly dims: readonly number[];
  readonly keepdim: boolean;
  /** Whether no dimension was named: torch has a gradient function for that. */
  readonly areAll?: boolean;
}

/** The same of the extremes. */
export interface ExtremeAttributes extends ReduceAttributes {
  /** Whether max() or min() was called, in place of amax() or amin(): torch has a gradient function for these. */
  readonly isExtreme?: boolean;
}

/** The same of variances: what is taken off the number of elements. */
export interface VarianceAttributes extends ReduceAttributes {
  readonly correction: number;
}

/** What some reductions ask for. */
interface ReductionNeeds<A> {
  /** What is taken off the number of elements; nothing by default. */
  readonly correctionOf?: (attributes: A) => number;
  /** Whether a dimension without elements is refused; not by default. */
  readonly needsElements?: boolean;
}

function reduction<A extends ReduceAttributes>(
  name: string,
  native: Reduction,
  dtypeOfResult: (x: Meta) => Dtype,
  { correctionOf = () => 0, needsElements = false }: ReductionNeeds<A> = {},
): Operation<A> {
  return {
    name,
    infer: ([x], { dims, keepdim }) => {
      if (needsElements) requireElementsAlong(x!, dims, name);
      return { dtype: dtypeOfResult(x!), shape: reducedShape(x!.shape, dims, keepdim) };
    },
    run: ([x], attributes, { dtype, shape }) => {
      // Integers are added up as they are; what gives floats takes floats.
      const source = isFloatDtype(dtype) || dtype === 'bool' ? converted(x!, dtype) : x!;
      const { view, ...sizes } = gathered(source, attributes.dims);
      const out = allocateResult(dtype, numelOf(shape));
      compute(native, sizes, elementsOfView(view), out, correctionOf(attributes));
      return viewOfAll(out, dtype, shape);
    },
    lower: (steps, [x], attributes) => {
      const { dims, outer, count, inner } = orderedDimensions(x!.shape, attributes.dims);
      const strides = stridesOfSlab(x!);
      const moved = slabOver(
        x!,
        dims.map((dim) => x!.shape[dim]!),
        dims.map((dim) => strides[dim]!),
      );
      const source = steps.contiguous(moved);
      const out = steps.result();
      steps.add([source], [out], (program, place) =>
        program.reduce(
          reductionIndex(native),
          outer,
          count,
          inner,
          correctionOf(attributes),
          place(source),
          place(out),
        ),
      );
      return [out];
    },
  };
}

function requireElementsAlong({ shape }: Meta, dims: readonly number[], name: string): void {
  const empty = dims.find((dim) => shape[dim] === 0);
  if (empty === undefined) return;
  throw rangeError('ERR_CONV1D_SHAPE', `${name}(): Expected reduction dim ${empty} to have non-zero size.`);
}

/** Sums of integers have 64 bits. */
function widened({ dtype }: Meta): Dtype {
  return isFloatDtype(dtype) ? dtype : 'int64';
}

function floatOnly(name: string) {
  return ({ dtype }: Meta): Dtype => {
    if (isFloatDtype(dtype)) return dtype;
    throw typeError(
      'ERR_CONV1D_DTYPE',
      name === 'mean'
        ? `mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. Got: ${torchName(dtype)}`
        : `${name} only support floating point and complex dtypes, but got ${dtype}`,
    );
  };
}

const same = ({ dtype }: Meta): Dtype => dtype;
const bool = (): Dtype => 'bool';

export const sum = reduction<ReduceAttributes>('sum', 'sum', widened);
export const prod = reduction<ReduceAttributes>('prod', 'product', widened);
export const mean = reduction<ReduceAttributes>('mean', 'mean', floatOnly('mean'));
export const variance = reduction<VarianceAttributes>('var', 'variance', floatOnly('std and var'), {
  correctionOf: ({ correction }) => correction,
});

/** The root of the variance. */
export const deviation: Operation<VarianceAttributes> = {
  name: 'std',
  infer: variance.infer,
  run: (inputs, attributes) => runOperation(sqrt, [runOperation(variance, inputs, attributes)], NO_PARAMETERS),
};

export const norm = reduction<ReduceAttributes>('norm', 'norm', floatOnly('norm'));
export const amax = reduction<ExtremeAttributes>('amax', 'maximum', same, { needsElements: true });
export const amin = reduction<ExtremeAttributes>('amin', 'minimum', same, { needsElements: true });
export const any = reduction<ReduceAttributes>('any', 'any', bool);
export const all = reduction<ReduceAttributes>('all', 'all', bool);

/** Over one dimension. */
export interface ArgAttributes {
  readonly dim: number;
  readonly keepdim: boolean;
}

function arg(name: string, which: 'largest' | 'smallest'): Operation<ArgAttributes> {
  return {
    name,
    infer: ([x], { dim, keepdim }) => {
      if (x!.dtype === 'bool') {
        throw typeError('ERR_CONV1D_DTYPE', `"${name}_cpu" not implemented for 'Bool'; convert it with to('int32')`);
      }
      requireElementsAlong(x!, [dim], name);
      return { dtype: 'int64', shape: reducedShape(x!.shape, [dim], keepdim) };
    },
    run: ([x], { dim }, { shape }) => {
      const out = allocateResult('int64', numelOf(shape));
      findExtreme(which, around(x!.shape, dim), elementsOfView(x!), out);
      return viewOfAll(out, 'int64', shape);
    },
  };
}

export const argmax = arg('argmax', 'largest');
export const argmin = arg('argmin', 'smallest');
