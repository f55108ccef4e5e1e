import { allocateResult } from '../../native/resultMemory.ts';
import { type FloatDtype, isFloatDtype } from '../../tensor/dtype.ts';
import type { Operation } from '../../tensor/operation.ts';
import { converted } from '../../tensor/ops/convert.ts';
import { floatsOfView, viewOfAll } from '../../tensor/view.ts';

// Functions that networks seldom have. They are V8's own, the same on every machine, and run element by element without a kernel.

function mathFunction(name: string, compute: (x: number) => number): Operation {
  return {
    name,
    infer: ([x]) => ({ dtype: isFloatDtype(x!.dtype) ? x!.dtype : 'float32', shape: x!.shape }),
    run: ([x], _, { dtype, shape }) => {
      const from = floatsOfView(converted(x!, dtype));
      const out = allocateResult(dtype as FloatDtype, from.length);
      for (let i = 0; i < from.length; i++) out[i] = compute(from[i]!);
      return viewOfAll(out, dtype, shape);
    },
  };
}

export const tan = mathFunction('tan', Math.tan);
export const asin = mathFunction('asin', Math.asin);
export const acos = mathFunction('acos', Math.acos);
export const atan = mathFunction('atan', Math.atan);
export const sinh = mathFunction('sinh', Math.sinh);
export const cosh = mathFunction('cosh', Math.cosh);
export const asinh = mathFunction('asinh', Math.asinh);
export const acosh = mathFunction('acosh', Math.acosh);
export const atanh = mathFunction('atanh', Math.atanh);
