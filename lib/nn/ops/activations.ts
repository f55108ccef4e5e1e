import { rangeError } from '../../check/errors.ts';
import { floatDtypeOf } from '../../tensor/arguments.ts';
import { isFloatDtype } from '../../tensor/dtype.ts';
import { type Operation, runOperation } from '../../tensor/operation.ts';
import { clamp, floatFunction, type UnaryAttributes } from '../../tensor/ops/unary.ts';

// The activations that are functions of nn.functional only. `a` and `b` are their parameters, as native/kernels/kernel_table.h has them.

/** Of integers there is none, as in torch. */
function activation(...[name, called]: Parameters<typeof floatFunction>): Operation<UnaryAttributes> {
  const operation = floatFunction(name, called);
  return {
    ...operation,
    infer: ([x]) => ({ dtype: floatDtypeOf(x!.dtype, operation.name, 'the input'), shape: x!.shape }),
  };
}

export const leakyRelu = activation('leakyRelu');
export const elu = activation('elu');
export const gelu = activation('gelu');
export const geluTanh = activation('geluTanh', 'gelu');
export const silu = activation('silu');
export const softplus = activation('softplus');

const hardtanhOfFloats = floatFunction('clamp', 'hardtanh');

/** Of integers an integer: the bounds lose their fraction, as in torch. */
export const hardtanh: Operation<UnaryAttributes> = {
  name: hardtanhOfFloats.name,
  infer: ([x]) => {
    if (x!.dtype === 'bool') throw rangeError('ERR_CONV1D_VALUE', 'Bool inputs not supported for hardtanh');
    return { dtype: x!.dtype, shape: x!.shape };
  },
  run: ([x], { a, b }, result) =>
    isFloatDtype(x!.dtype)
      ? hardtanhOfFloats.run([x!], { a, b }, result)
      : runOperation(clamp, [x!], { min: Math.trunc(a), max: Math.trunc(b) }),
  elementFunction: ({ a, b }) => ({ kind: 'unary', name: 'clamp', a, b }),
};
