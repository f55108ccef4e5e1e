import { describe, expect, test } from 'vitest';
import {
  type Call,
  largestDistance,
  makeCall,
  makeInput,
  pairs,
  type Result,
  readGolden,
  without,
} from './golden/calls.ts';

/** From generate_operations.py. */
interface Case extends Call {
  /** The largest sum of absolute values behind an element of the result. */
  readonly magnitude?: number;
  /** Parts of the result that PyTorch leaves open. */
  readonly ignore?: readonly string[];
  readonly result: Result;
}

/** From generate_messages.py. */
interface Refusal extends Call {
  readonly name: string;
  readonly error: { readonly type: string; readonly message: string };
  readonly odd?: boolean;
}

const golden = readGolden<Case>('operations.json.gz');
const refusals = readGolden<Refusal | { readonly on?: undefined }>('messages.json').filter(
  (one) => one.on !== undefined,
);

// In units in the last place of the larger of the element and the case's magnitude. What is not here has PyTorch's values exactly:
// copies, comparisons, integers, order, one rounding of the exact result.
const UNITS: Readonly<Record<string, number>> = {
  // Sums of the same terms in another order: the terms' magnitudes are behind the unit, and the errors of n additions grow with sqrt(n).
  sum: 8,
  mean: 8,
  cumsum: 8,
  matmul: 8,
  linear: 8,
  avgPool1d: 4,
  adaptiveAvgPool1d: 4,
  prod: 20, // one for each factor: there are 20 at most
  // PyTorch updates mean and variance element by element and loses 19 units over 4,999 elements in float64; we take two passes.
  var: 32,
  std: 32,
  // Two functions of 2 units each, the sum between them and a quotient, on both sides.
  softmax: 16,
  logSoftmax: 8,
  // The magnitude is that of input, deviation and weight together.
  batchNorm: 16,
  groupNorm: 16,
  instanceNorm: 16,
  layerNorm: 16,
  // Both sides are within 2 units of the exact value, and silu and glu multiply once more.
  pow: 4,
  elu: 4,
  softplus: 4,
  gelu: 8,
  silu: 5,
  glu: 5,
  interpolate: 4, // linear: positions and weights, whose error the magnitude has
};

/** Below this, PyTorch's sigmoid has few digits left. */
const LEAST_SIGMOID = 1e-32;

function toleranceOf({ call, magnitude }: Case): { units: number; least: number } {
  const isNearest = call === 'interpolate' && magnitude === undefined;
  const least = magnitude ?? (call === 'silu' || call === 'glu' ? LEAST_SIGMOID : 0);
  return { units: isNearest ? 0 : (UNITS[call] ?? 0), least };
}

function check(drawn: Case): void {
  const { units, least } = toleranceOf(drawn);
  const record = without(drawn, 'result');
  for (const { name, got, expected } of pairs(makeCall(drawn, drawn.inputs.map(makeInput)), drawn.result)) {
    expect([got.dtype, ...got.shape], record).toEqual([expected.dtype, ...expected.shape]);
    if (drawn.ignore?.includes(name)) continue;
    expect(largestDistance(got, expected, least), `${name} ${record}`).toBeLessThanOrEqual(units);
  }
}

describe('PyTorch gives the same', () => {
  test('in as many cases as were drawn', () => {
    expect(golden.length).toBeGreaterThan(1500);
  });

  const names = [...new Set(golden.map(({ on, call }) => `${on} ${call}`))];
  test.each(names)('for %s', (name) => {
    for (const drawn of golden.filter(({ on, call }) => `${on} ${call}` === name)) check(drawn);
  });
});

describe('what PyTorch refuses is refused with its sentence', () => {
  test.each(refusals)('$name', (refusal) => {
    const tensors = refusal.inputs.map(makeInput);
    const refused = () => makeCall(refusal, tensors);
    expect(refused, without(refusal)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_CONV1D_/) }));
    if (refusal.odd) return; // PyTorch speaks of its inside there
    expect(refused, without(refusal)).toThrow(refusal.error.message);
  });
});
