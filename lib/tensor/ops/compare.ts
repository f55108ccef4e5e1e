import { type Comparison, compare as compute } from '../../native/pointwise.ts';
import { allocateResult } from '../../native/resultMemory.ts';
import { promoteByRank } from '../dtype.ts';
import type { Operation } from '../operation.ts';
import { broadcastShape, numelOf } from '../shape.ts';
import { viewOfAll } from '../view.ts';
import type { ElementwiseAttributes } from './elementwise.ts';
import { operand } from './operand.ts';
import { dtypeOfScalar, scalarView } from './scalar.ts';

/** A comparison of all pairs of elements, as bools. A number is compared as what the tensor's dtype and it have in common. */
function comparison(name: Comparison): Operation<ElementwiseAttributes> {
  return {
    name,
    infer: ([x, y]) => ({
      dtype: 'bool',
      shape: y === undefined ? x!.shape : Object.freeze(broadcastShape(x!.shape, y.shape)),
    }),
    run: ([x, given], { other }, { shape }) => {
      const y = given ?? scalarView(other!, dtypeOfScalar(other!, x!.dtype));
      const dtype = promoteByRank(x!.dtype, x!.shape.length > 0, y.dtype, y.shape.length > 0);
      const numel = numelOf(shape);
      const [left, right] = [operand(x!, dtype, shape), operand(y, dtype, shape)];
      const out = allocateResult('bool', numel);
      if (numel > 0) compute(name, shape, left, right, out);
      return viewOfAll(out, 'bool', shape);
    },
  };
}

export const eq = comparison('eq');
export const ne = comparison('ne');
export const lt = comparison('lt');
export const le = comparison('le');
export const gt = comparison('gt');
export const ge = comparison('ge');
