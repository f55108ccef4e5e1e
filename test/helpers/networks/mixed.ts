import { functional, Parameter, randn, stack, type Tensor, tensor, where } from '../../../lib/index.ts';
import type { Dice } from '../dice.ts';
import type { Maker } from './layers.ts';
import type { Sized } from './value.ts';

// Pieces without a native step, or with indices, masks and floats of another dtype.

// biome-ignore lint/suspicious/noExplicitAny: tensors of any dtype, with methods that their types refuse
type Loose = any;

const isFloat = (x: Sized) => ['float32', 'float64'].includes(x.first.dtype);
const isBool = (x: Sized) => (x.first.dtype as string) === 'bool';

function aDim(dice: Dice, x: Sized): number | undefined {
  return x.ndim === 0 ? undefined : dice.integer(0, x.ndim - 1);
}

const comparison: Maker = (dice, x) => {
  const name = dice.pick('gt', 'lt', 'ge', 'le', 'eq', 'ne');
  const dim = aDim(dice, x);
  if (dim !== undefined && isFloat(x) && dice.integer(0, 1) === 0) {
    return {
      text: `${name} of its mean over ${dim}`,
      compute: ([y]) => (y as Loose)[name](y!.mean([dim], { keepdim: true })),
    };
  }
  const value = dice.pick(0, 1, 2);
  return { text: `${name}(${value})`, compute: ([y]) => (y as Loose)[name](value) };
};

const choice: Maker = (dice, x) => {
  const [text, compute] = dice.pick<readonly [string, (y: Loose) => Tensor]>(
    ['where(y > 0, y, 0)', (y) => where(y.gt(0), y, 0)],
    ['where(y == 1, 2, y)', (y) => where(y.eq(1), 2, y) as Tensor],
    ['where(y < 0.5, -y, y / 2)', (y) => where(y.lt(0.5), y.mul(-1), y.div(2))],
    ['where of its own sign', (y) => where(y.ne(0), y.sign(), y) as Tensor],
  );
  return { text, jumps: true, compute: ([y]) => (isBool(x) ? (y as Loose).logicalNot() : compute(y)) };
};

const conversion: Maker = (dice) => {
  const dtype = dice.pick('int64', 'int32', 'bool', 'float32', 'float64');
  const times = dice.pick(1, 3);
  return { text: `times ${times}, to ${dtype}`, compute: ([y]) => (y as Loose).mul(times).to(dtype) };
};

const extreme: Maker = (dice, x) => {
  const dim = aDim(dice, x);
  if (dim === undefined) return undefined;
  const [name, keepdim] = [dice.pick('max', 'min'), dice.integer(0, 1) === 0];
  return {
    text: `${name}(${dim}, keepdim ${keepdim})`,
    compute: ([y]) => Object.values((y as Loose)[name](dim, { keepdim })) as Tensor[],
  };
};

const place: Maker = (dice, x) => {
  const dim = aDim(dice, x);
  if (dim === undefined) return undefined;
  const [name, keepdim] = [dice.pick('argmax', 'argmin'), dice.integer(0, 1) === 0];
  return { text: `${name}(${dim}, keepdim ${keepdim})`, compute: ([y]) => (y as Loose)[name](dim, { keepdim }) };
};

const ordered: Maker = (dice, x) => {
  const dim = aDim(dice, x);
  if (dim === undefined) return undefined;
  const k = dice.integer(1, 3);
  if (dice.integer(0, 1) === 0)
    return { text: `sort(${dim})`, compute: ([y]) => Object.values((y as Loose).sort(dim)) };
  return {
    text: `topk(${k}, ${dim})`,
    compute: ([y]) => Object.values((y as Loose).topk(k, dim)),
  };
};

const running: Maker = (dice, x) => {
  const dim = aDim(dice, x);
  return dim === undefined
    ? undefined
    : { text: `cumsum(${dim}) / 4`, compute: ([y]) => (y as Loose).cumsum(dim).div(4) };
};

const deviation: Maker = (dice, x) => {
  const dim = aDim(dice, x);
  if (dim === undefined || x.first.shape[dim]! < 2) return undefined;
  return { text: `std(${dim})`, compute: ([y]) => (y as Loose).std(dim, { keepdim: true }) };
};

const total: Maker = (dice, x) => {
  const dim = aDim(dice, x);
  if (dim === undefined) return undefined;
  const [name, keepdim] = [dice.pick('sum', 'any', 'all', 'prod'), dice.integer(0, 1) === 0];
  return { text: `${name}(${dim}, keepdim ${keepdim})`, compute: ([y]) => (y as Loose)[name](dim, { keepdim }) };
};

const gathered: Maker = (dice, x) => {
  const dim = aDim(dice, x);
  if (dim === undefined) return undefined;
  return dice.integer(0, 1) === 0
    ? { text: `gather(${dim}) by argsort`, compute: ([y]) => (y as Loose).gather(dim, (y as Loose).sort(dim).indices) }
    : {
        text: `indexSelect(${dim}) of the first twice`,
        compute: ([y]) => (y as Loose).indexSelect(dim, tensor([0, 0], { dtype: 'int64' })),
      };
};

const embedded: Maker = (dice, x) => {
  if (x.ndim > 3) return undefined;
  const width = dice.integer(1, 5);
  return {
    text: `embedding of abs, 4 at most, in ${width}, behind the batch`,
    parts: (dtype) => ({ table: new Parameter(randn(5, width, { dtype })) }),
    compute: ([y], { table }) => {
      const codes = (y as Loose).to('int64').abs().clamp(0, 4);
      const z = functional.embedding(codes, table) as Tensor;
      return z.ndim > 1 ? z.transpose(1, -1) : z;
    },
  };
};

const stacked: Maker = (dice, x) => {
  if (x.ndim > 3) return undefined;
  const dim = dice.integer(0, x.ndim);
  return {
    text: `stack with itself as int32, along ${dim}`,
    compute: ([y]) => stack([y!, (y as Loose).to('int32')], dim),
  };
};

/** Back to what layers take. */
const toFloats: Maker = (dice, x) => {
  const dtype = dice.pick('float32', 'float32', 'float64');
  return isFloat(x) ? undefined : { text: `to ${dtype}`, compute: ([y]) => (y as Loose).to(dtype) };
};

export const MIXED: readonly Maker[] = [
  comparison,
  choice,
  choice,
  conversion,
  extreme,
  place,
  ordered,
  running,
  deviation,
  total,
  gathered,
  embedded,
  embedded,
  stacked,
  toFloats,
  toFloats,
  toFloats,
];
