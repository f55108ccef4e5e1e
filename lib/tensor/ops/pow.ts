import { rangeError } from '../../check/errors.ts';
import { powerFunction, powScalar } from '../../native/channelwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { type FloatDtype, isFloatDtype } from '../dtype.ts';
import type { Operation } from '../operation.ts';
import { floatsOfView, viewOfAll } from '../view.ts';
import { converted } from './convert.ts';
import { type ElementwiseAttributes, elementwise } from './elementwise.ts';

const power = elementwise('pow');

/** x to the power of a tensor or a number. Of integers, an integer, which may wrap around. */
export const pow: Operation<ElementwiseAttributes> = {
  name: 'pow',
  infer: (inputs, attributes) => {
    const result = power.infer(inputs, attributes);
    if (result.dtype === 'bool') {
      throw rangeError('ERR_CONV1D_VALUE', "pow(): it is not implemented for 'Bool'; convert it with to('int64')");
    }
    if (attributes.other !== undefined && !isFloatDtype(result.dtype) && Number(attributes.other) < 0) {
      throw rangeError('ERR_CONV1D_VALUE', 'Integers to negative integer powers are not allowed.');
    }
    return result;
  },
  run: (inputs, attributes, result) => {
    const { dtype, shape } = result;
    if (attributes.other === undefined || !isFloatDtype(dtype)) return power.run(inputs, attributes, result);
    // Squares, roots and their like by the functions that torch takes.
    const x = converted(inputs[0]!, dtype);
    const out = allocateResult(dtype as FloatDtype, x.numel);
    powScalar(floatsOfView(x), Number(attributes.other), out);
    return viewOfAll(out, dtype, shape);
  },
  elementFunction: ({ other }) => {
    const name = other === undefined ? undefined : powerFunction(Number(other));
    if (name !== undefined) return { kind: 'unary', name, a: 0, b: 0 };
    return { kind: 'binary', name: 'pow', other: other === undefined ? undefined : Number(other) };
  },
  lower: power.lower!,
};
