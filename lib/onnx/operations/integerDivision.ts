import { allocateResult } from '../../native/resultMemory.ts';
import { type Dtype, isFloatDtype, promoteByRank } from '../../tensor/dtype.ts';
import type { Meta, Operation } from '../../tensor/operation.ts';
import { converted } from '../../tensor/ops/convert.ts';
import { broadcastShape, numelOf } from '../../tensor/shape.ts';
import { broadcastTo, elementsOfView, viewOfAll } from '../../tensor/view.ts';

type Numbers = number[] & bigint[];

/** Quotients and remainders with several kinds of rounding. Dividing integers by zero gives 0. */
function division(
  name: string,
  ofFloats: (x: number, y: number) => number,
  ofIntegers: (x: bigint, y: bigint) => bigint,
): Operation {
  return {
    name,
    infer: ([x, y]) => ({ dtype: commonDtype(x!, y!), shape: Object.freeze(broadcastShape(x!.shape, y!.shape)) }),
    run: ([x, y], _, { dtype, shape }) => {
      const [left, right] = [x!, y!].map(
        (side) => elementsOfView(broadcastTo(converted(side, dtype), shape)) as ArrayLike<number | bigint> as Numbers,
      ) as [Numbers, Numbers];
      const out = allocateResult(dtype, numelOf(shape)) as ArrayLike<number | bigint> as Numbers;
      for (let i = 0; i < out.length; i++) {
        if (isFloatDtype(dtype)) out[i] = ofFloats(left[i]!, right[i]!) as never;
        else if (Number(right[i]) === 0) out[i] = (dtype === 'int64' ? 0n : 0) as never;
        else {
          const quotient = ofIntegers(BigInt(left[i]!), BigInt(right[i]!));
          out[i] = (dtype === 'int64' ? BigInt.asIntN(64, quotient) : Number(BigInt.asIntN(32, quotient))) as never;
        }
      }
      return viewOfAll(out as never, dtype, shape);
    },
  };
}

function commonDtype(x: Meta, y: Meta): Dtype {
  const dtype = promoteByRank(x.dtype, x.shape.length > 0, y.dtype, y.shape.length > 0);
  return dtype === 'bool' ? 'int64' : dtype;
}

/** Rounded towards zero. */
export const truncatedQuotient = division(
  'div_trunc',
  (x, y) => Math.trunc(x / y),
  (x, y) => x / y,
);

/** The remainder of a quotient rounded towards zero, with the sign of the first operand, as C's fmod. */
export const fmod = division(
  'fmod',
  (x, y) => x % y,
  (x, y) => x % y,
);

/** The remainder of a quotient rounded down, with the sign of the second operand, as Python's %. */
export const remainder = division(
  'remainder',
  (x, y) => {
    const rest = x % y;
    return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
  },
  (x, y) => {
    const rest = x % y;
    return rest !== 0n && rest < 0n !== y < 0n ? rest + y : rest;
  },
);
