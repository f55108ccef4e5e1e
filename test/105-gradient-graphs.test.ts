import { describe, expect, test } from 'vitest';
import { cat, functional, noGrad, stack, type Tensor, tensor, where } from '../lib/index.ts';
import { Dice } from './helpers/dice.ts';

type X = Tensor<'float64'>;

/** A step of a graph: of one value, or of one and others; undefined where it does not take such values. */
type Maker = (dice: Dice, x: X, others: readonly X[]) => ((x: X, others: readonly X[]) => X) | undefined;

/** Far enough from a kink for the difference of two neighbours. */
const CLEARANCE = 1e-3;

function numbers(x: X): Float64Array {
  return x.data as Float64Array;
}

/** A step that is smooth but near some places: taken where no element lies there. */
function awayFrom(places: readonly number[], step: (x: X) => X): Maker {
  return (_, x) =>
    numbers(x).every((value) => places.every((place) => Math.abs(value - place) > CLEARANCE)) ? step : undefined;
}

/** A step in which elements compete: taken where no two are nearly equal. */
function amongDifferent(step: (dice: Dice, x: X) => ((x: X) => X) | undefined): Maker {
  return (dice, x) => {
    const sorted = [...numbers(x)].sort((a, b) => a - b);
    return sorted.every((value, i) => i === 0 || value - sorted[i - 1]! > CLEARANCE) ? step(dice, x) : undefined;
  };
}

function ofDimension(step: (dice: Dice, dim: number, size: number) => (x: X) => X): Maker {
  return (dice, x) => {
    if (x.ndim === 0) return undefined;
    const dim = dice.integer(0, x.ndim - 1);
    return step(dice, dim, x.shape[dim]!);
  };
}

/** Of a signal (N, C, L). */
function ofSignal(step: (dice: Dice, length: number) => (x: X) => X): Maker {
  return (dice, x) => (x.ndim === 3 ? step(dice, x.shape[2]!) : undefined);
}

function indices(dice: Dice, count: number, size: number): Tensor<'int64'> {
  return tensor(
    Array.from({ length: count }, () => dice.integer(0, size - 1)),
    { dtype: 'int64' },
  );
}

/** Of this one and another value, which is made to fit. */
function withOther(step: (x: X, y: X) => X): Maker {
  return (dice, _, others) => {
    const which = dice.integer(0, others.length - 1);
    return (x, all) => step(x, all[which]!.mean() as X);
  };
}

const positive = (x: X): X => x.mul(x).add(0.5) as X;

const MAKERS: Readonly<Record<string, Maker>> = {
  add: withOther((x, y) => x.add(y)),
  sub: withOther((x, y) => y.sub(x) as X),
  mul: withOther((x, y) => x.mul(y)),
  div: withOther((x, y) => x.div(positive(y)) as X),
  itself: () => (x) => x.mul(x),
  number: () => (x) => x.mul(1.5).sub(0.25).div(2) as X,
  neg: () => (x) => x.neg(),
  sin: () => (x) => x.sin() as X,
  cos: () => (x) => x.cos() as X,
  tanh: () => (x) => x.tanh() as X,
  sigmoid: () => (x) => x.sigmoid() as X,
  erf: () => (x) => x.erf() as X,
  exp: () => (x) => x.tanh().exp() as X,
  expm1: () => (x) => x.tanh().expm1() as X,
  log: () => (x) => positive(x).log() as X,
  log1p: () => (x) => x.mul(x).log1p() as X,
  sqrt: () => (x) => positive(x).sqrt() as X,
  rsqrt: () => (x) => positive(x).rsqrt() as X,
  square: () => (x) => x.square() as X,
  reciprocal: () => (x) => positive(x).reciprocal() as X,
  'pow of a number': () => (x) => positive(x).pow(1.7) as X,
  pow: withOther((x, y) => positive(x).pow(y)),
  abs: awayFrom([0], (x) => x.abs()),
  relu: awayFrom([0], (x) => x.relu()),
  clamp: awayFrom([-0.5, 0.75], (x) => x.clamp(-0.5, 0.75) as X),
  leakyRelu: awayFrom([0], (x) => functional.leakyRelu(x, 0.2)),
  elu: awayFrom([0], (x) => functional.elu(x, 1.5)),
  hardtanh: awayFrom([-1, 1], (x) => functional.hardtanh(x)),
  gelu: () => (x) => functional.gelu(x),
  'gelu by tanh': () => (x) => functional.gelu(x, { approximate: 'tanh' }),
  silu: () => (x) => functional.silu(x),
  softplus: () => (x) => functional.softplus(x, 2),
  floor: awayFrom([-2, -1, 0, 1, 2], (x) => x.floor().add(x)),
  maximum: awayFrom([0.3], (x) => x.maximum(x.mul(0).add(0.3))),
  minimum: awayFrom([-0.2], (x) => x.minimum(x.mul(0).sub(0.2))),
  where: (_, x) => {
    const mask = x.gt(0);
    return (value) => where(mask, value, value.mul(3)) as X;
  },
  softmax: ofDimension((_, dim) => (x) => x.softmax(dim) as X),
  logSoftmax: ofDimension((_, dim) => (x) => x.logSoftmax(dim) as X),
  sum: ofDimension((dice, dim) => {
    const keepdim = dice.pick(true, false);
    return (x) => x.sum(dim, { keepdim }) as X;
  }),
  mean: ofDimension((_, dim) => (x) => x.sub(x.mean(dim, { keepdim: true })) as X),
  var: ofDimension((_, dim, size) => (x) => (size > 1 ? x.var(dim) : x.mean(dim)) as X),
  std: ofDimension((_, dim) => (x) => x.mul(x).add(x.std(dim, { correction: 0, keepdim: true }).square()) as X),
  norm: () => (x) => x.div(x.norm().add(1)) as X,
  prod: ofDimension((_, dim) => (x) => x.prod(dim) as X),
  amax: amongDifferent(() => (x) => x.sub(x.amax()) as X),
  max: amongDifferent((dice, x) => {
    if (x.ndim === 0) return undefined;
    const dim = dice.integer(0, x.ndim - 1);
    return (value) => value.max(dim).values as X;
  }),
  sort: amongDifferent((dice, x) => {
    if (x.ndim === 0) return undefined;
    const dim = dice.integer(0, x.ndim - 1);
    return (value) => value.sort(dim).values as X;
  }),
  topk: amongDifferent((_, x) => (x.ndim === 0 ? undefined : (value) => value.topk(1, 0).values as X)),
  cumsum: ofDimension((_, dim) => (x) => x.cumsum(dim).mul(0.5) as X),
  indexSelect: ofDimension((dice, dim, size) => {
    const index = indices(dice, 3, size);
    return (x) => x.indexSelect(dim, index);
  }),
  gather: (dice, x) => {
    if (x.ndim === 0) return undefined;
    const index = indices(dice, x.numel, x.shape[0]!).reshape(...x.shape) as Tensor<'int64'>;
    return (value) => value.gather(0, index);
  },
  flip: ofDimension((_, dim) => (x) => x.flip(dim)),
  transpose: (_, x) => (x.ndim < 2 ? undefined : (value) => value.transpose(0, -1)),
  permute: (_, x) => (x.ndim === 3 ? (value) => value.permute(2, 0, 1) : undefined),
  reshape: () => (x) => x.reshape(-1) as X,
  unsqueeze: (_, x) => (x.ndim < 3 ? (value) => value.unsqueeze(0) as X : undefined),
  squeeze: () => (x) => x.squeeze() as X,
  expand: (_, x) => (x.ndim < 3 && x.numel < 9 ? (value) => value.expand(2, ...x.shape) as X : undefined),
  repeatInterleave: ofDimension((_, dim) => (x) => x.repeatInterleave(2, dim)),
  narrow: ofDimension((_, dim, size) => (x) => x.narrow(dim, size >> 1, size - (size >> 1))),
  at: (_, x) => (x.ndim === 0 ? undefined : (value) => value.at(-1) as X),
  split: ofDimension((_, dim, size) => (x) => {
    const [first, second] = x.split([size >> 1, size - (size >> 1)], dim) as [X, X];
    return cat([second.mul(2), first.sin() as X], dim);
  }),
  'one of the pieces': ofDimension((_, dim) => (x) => x.chunk(2, dim).at(-1) as X),
  cat: ofDimension((_, dim) => (x) => cat([x, x.neg()], dim)),
  stack: (_, x) => (x.ndim < 3 ? (value) => stack([value, value.mul(2)], 0) as X : undefined),
  clone: () => (x) => x.clone(),
  matmul: (_, x) => (x.ndim < 2 ? undefined : (value) => value.matmul(value.transpose(-1, -2)).mul(0.3) as X),
  'matmul with a vector': (_, x) => {
    if (x.ndim === 0) return undefined;
    const vector = tensor(
      Array.from({ length: x.shape.at(-1)! }, (_each, i) => 0.5 - 0.3 * i),
      { dtype: 'float64' },
    ) as X;
    return (value) => value.matmul(vector) as X;
  },
  dot: (_, x) => (x.ndim === 1 ? (value) => value.dot(value.sin()) as X : undefined),
  glu: ofDimension((_, dim, size) => (x) => (size % 2 === 0 ? functional.glu(x, dim) : x)),
  avgPool1d: ofSignal((_, length) => (x) => (length > 1 ? functional.avgPool1d(x, 2, { stride: 1, padding: 1 }) : x)),
  maxPool1d: amongDifferent((_, x) =>
    x.ndim === 3 && x.shape[2]! > 1 ? (value) => functional.maxPool1d(value, 2, { stride: 1 }) : undefined,
  ),
  adaptiveAvgPool1d: ofSignal(() => (x) => functional.adaptiveAvgPool1d(x, 3)),
  interpolate: ofSignal((dice) => {
    const mode = dice.pick('nearest', 'linear');
    return (x) => functional.interpolate(x, { scaleFactor: 1.5, mode });
  }),
  pad: ofSignal((dice, length) => {
    const mode = length > 1 ? dice.pick('constant', 'replicate', 'circular', 'reflect') : 'constant';
    return (x) => functional.pad(x, [1, 1], { mode });
  }),
};

const NAMES = Object.keys(MAKERS);

/** Values that a loss is computed from, and how. */
interface Graph {
  readonly steps: readonly string[];
  readonly leaves: readonly X[];
  loss(leaves: readonly X[]): X;
}

const MOST_ELEMENTS = 36;

/** Steps that are drawn one after the other, looking at what has come out so far. */
function drawGraph(dice: Dice): Graph {
  const leaves = Array.from({ length: dice.integer(1, 2) }, () => {
    const shape = dice.pick([3], [2, 3], [2, 1, 4], [1, 2, 3]);
    const count = shape.reduce<number>((product, size) => product * size, 1);
    const values = Array.from({ length: count }, () => 3 * dice.fraction() - 1.5);
    return tensor(values, shape, { dtype: 'float64' }) as X;
  });
  const steps: { name: string; from: number; step: (x: X, others: readonly X[]) => X }[] = [];
  const values = [...leaves];
  const wanted = dice.integer(3, 7);
  while (steps.length < wanted) {
    const name = dice.pick(...NAMES);
    const from = dice.integer(0, 2) === 0 ? dice.integer(0, values.length - 1) : values.length - 1;
    const step = MAKERS[name]!(dice, values[from]!, values);
    if (step === undefined) continue;
    const value = step(values[from]!, values);
    if (value.numel === 0 || value.numel > MOST_ELEMENTS || numbers(value).some((each) => !(Math.abs(each) < 8)))
      continue;
    steps.push({ name, from, step });
    values.push(value);
  }
  return {
    steps: steps.map(({ name }) => name),
    leaves,
    loss(given) {
      const all = [...given];
      for (const { from, step } of steps) all.push(step(all[from]!, all));
      // Every value counts, with weights of its own.
      return all
        .map((value, i) =>
          value
            .sin()
            .mul(value.add(i + 1))
            .mean(),
        )
        .reduce((sum, each) => sum.add(each)) as X;
    },
  };
}

/** The slope of the loss along one element, by the losses on both sides. */
function difference(graph: Graph, leaf: number, element: number): number {
  const step = 2 ** -18;
  const at = (offset: number): number => {
    const moved = graph.leaves.map((each, i) => {
      const copy = each.clone() as X;
      if (i === leaf) numbers(copy)[element]! += offset;
      return copy;
    });
    return noGrad(() => graph.loss(moved)).item() as number;
  };
  return (at(step) - at(-step)) / (2 * step);
}

describe('gradients are the slopes of small graphs', () => {
  const used = new Set<string>();

  test.each(Array.from({ length: 10 }, (_, i) => i))('of 50 graphs, number %i', (number) => {
    const dice = new Dice(number);
    for (let i = 0; i < 50; i++) {
      const graph = drawGraph(dice);
      for (const name of graph.steps) used.add(name);
      for (const leaf of graph.leaves) leaf.requiresGrad = true;
      graph.loss(graph.leaves).backward();
      for (const [index, leaf] of graph.leaves.entries()) {
        for (const [element, slope] of numbers(leaf.grad as X).entries()) {
          const right = difference(graph, index, element);
          const distance = Math.abs(slope - right) / (1 + Math.abs(right));
          expect(distance, `graph ${i} of ${number}, ${graph.steps.join(', ')}: ${slope} is not ${right}`).toBeLessThan(
            1e-6,
          );
        }
      }
    }
  });

  test('in which every step occurs', () => {
    expect(NAMES.filter((name) => !used.has(name))).toEqual([]);
  });
});
