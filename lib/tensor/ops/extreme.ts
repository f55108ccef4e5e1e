import type { Meta, MultiOperation } from '../operation.ts';
import { runOperation } from '../operation.ts';
import { copyOfView } from '../view.ts';
import { converted } from './convert.ts';
import { gather } from './indexing.ts';
import { type ArgAttributes, argmax, argmin } from './reduce.ts';
import { squeeze } from './views.ts';

/** The extreme of a dimension, and where it lies. */
function extreme(name: string, place: typeof argmax): MultiOperation<ArgAttributes> {
  return {
    name,
    infer: ([x], attributes) => {
      const indices = place.infer([ranked(x!)], attributes);
      return [{ dtype: x!.dtype, shape: indices.shape }, indices];
    },
    run: ([x], { dim, keepdim }) => {
      const { dtype } = ranked(x!);
      const kept = x!.shape.length > 0;
      const indices = runOperation(place, [converted(x!, dtype)], { dim, keepdim: kept });
      const values = kept ? runOperation(gather, [x!, indices], { dim }) : copyOfView(x!);
      const dims = keepdim || !kept ? [] : [dim];
      return [runOperation(squeeze, [values], { dims }), runOperation(squeeze, [indices], { dims })];
    },
  };
}

/** Bools have places, too: those of their numbers. */
function ranked({ dtype, shape }: Meta): Meta {
  return { dtype: dtype === 'bool' ? 'int32' : dtype, shape };
}

export const max = extreme('max', argmax);
export const min = extreme('min', argmin);
