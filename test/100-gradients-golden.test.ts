import { describe, expect, test } from 'vitest';
import { manualSeed, rand, type Tensor } from '../lib/index.ts';
import {
  type Call,
  elementsOf,
  largestDistance,
  makeCall,
  makeInput,
  type Packed,
  readGolden,
  without,
} from './golden/calls.ts';

/** From generate_gradients.py. */
interface Case extends Call {
  readonly cotangentSeed: number;
  /** Of the gradient functions of the results; null of one without. */
  readonly names: readonly (string | null)[];
  /** Of the inputs that are floats. */
  readonly gradients: readonly (Packed | null)[];
}

const golden = readGolden<Case>('gradients.json.gz');

/** Where we compose what PyTorch has as one. And our sort() is its sort(stable=True), and says what its sort() does. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  sort: ['SortBackward0'],
  repeatInterleave: ['UnsafeViewBackward0', 'ReshapeAliasBackward0'],
};

/** What errors are measured by: each element itself, or where terms cancel, the largest element of the gradient, or cotangents, which are up to 1. */
type Least = 'element' | 'largest' | 'cotangent';

// In units in the last place. What is not here has PyTorch's bits.
const UNITS: Readonly<Record<string, readonly [units: number, least: Least]>> = {
  // Sums of the same terms, some in another order.
  add: [2, 'largest'],
  sub: [2, 'largest'],
  mul: [2, 'largest'],
  div: [16, 'largest'],
  pow: [4, 'largest'],
  minimum: [2, 'largest'],
  maximum: [2, 'largest'],
  expand: [2, 'largest'],
  mean: [2, 'largest'],
  var: [2, 'largest'],
  std: [4, 'largest'],
  norm: [2, 'largest'],
  prod: [4, 'largest'],
  matmul: [4, 'largest'],
  pad: [2, 'largest'],
  avgPool1d: [2, 'largest'],
  adaptiveAvgPool1d: [2, 'largest'],
  interpolate: [8, 'largest'],
  // Functions that are within 2 units on both sides.
  exp: [2, 'element'],
  expm1: [2, 'element'],
  sin: [2, 'element'],
  cos: [2, 'element'],
  sigmoid: [2, 'element'],
  erf: [4, 'element'],
  elu: [2, 'element'],
  softplus: [2, 'element'],
  // Where the slope is small, it is a difference of larger numbers, which both sides round.
  tanh: [2, 'cotangent'],
  gelu: [2, 'cotangent'],
  silu: [2, 'cotangent'],
  glu: [2, 'cotangent'],
  softmax: [2, 'cotangent'],
  logSoftmax: [2, 'cotangent'],
};

/** Of float32 in float64: how many units of float64 one has. */
const UNITS_OF_SINGLE = 2 ** 29;

function tensorsOf(result: unknown): Tensor[] {
  const all = result as Tensor | Tensor[] | { values: Tensor; indices: Tensor };
  if (Array.isArray(all)) return all;
  return 'values' in all ? [all.values, all.indices] : [all];
}

function check(drawn: Case): void {
  const record = without(drawn, 'gradients');
  const inputs = drawn.inputs.map(makeInput);
  const leaves = inputs.filter(({ dtype }) => dtype === 'float32' || dtype === 'float64');
  for (const leaf of leaves) leaf.requiresGrad = true;
  const results = tensorsOf(makeCall(drawn, inputs));
  const names = results.map(({ gradFn }) => gradFn?.name ?? null);
  const others = OTHER_NAMES[drawn.call];
  if (others === undefined) expect(names, record).toEqual(drawn.names);
  else expect(others, record).toContain(names[0]);
  const roots = results.filter(({ gradFn }) => gradFn !== null);
  manualSeed(drawn.cotangentSeed);
  const cotangents = roots.map(({ shape, dtype }) =>
    rand(shape, { dtype: dtype as 'float32' })
      .sub(0.5)
      .mul(2),
  );
  for (const [i, root] of roots.entries()) root.backward(cotangents[i]!, { retainGraph: true });
  for (const [i, expected] of drawn.gradients.entries()) {
    const { grad } = leaves[i]!;
    if (expected === null) {
      expect(grad, record).toBeNull();
      continue;
    }
    expect([grad?.dtype, ...(grad?.shape ?? [])], record).toEqual([expected.dtype, ...expected.shape]);
    const [units, by] = UNITS[drawn.call] ?? [0, 'element'];
    const least = { element: 0, largest: largest(expected), cotangent: 1 }[by];
    // What a float32 input made float32 of.
    const isSingle = expected.dtype === 'float64' && leaves.some(({ dtype }) => dtype === 'float32');
    expect(largestDistance(grad!, expected, least), record).toBeLessThanOrEqual(
      units * (isSingle ? UNITS_OF_SINGLE : 1),
    );
  }
}

function largest(packed: Packed): number {
  const values = Array.from(elementsOf(packed) as ArrayLike<number>, Math.abs);
  return Math.max(0, ...values.filter(Number.isFinite));
}

describe('PyTorch has the same gradients', () => {
  test('in as many cases as were drawn', () => {
    expect(golden.length).toBeGreaterThan(1100);
  });

  const names = [...new Set(golden.map(({ on, call }) => `${on} ${call}`))];
  test.each(names)('of %s', (name) => {
    for (const drawn of golden.filter(({ on, call }) => `${on} ${call}` === name)) check(drawn);
  });
});
