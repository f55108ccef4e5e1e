import { describe, expect, it } from 'vitest';
import * as functional from '../lib/nn/functional.ts';
import type { FloatArray } from '../lib/tensor/dtype.ts';
import { tensor } from '../lib/tensor/factories.ts';
import type { Tensor } from '../lib/tensor/tensor.ts';
import { type GoldenProblem, goldens, operandsOf, restored, specials, storedOperandsOf } from './golden/conv1d.ts';
import { inputOf, isas, layerOf, withIsa } from './helpers/layer.ts';
import { conv1dReference, EPSILON, withinBound } from './reference/conv1d.ts';
import { type Operands, outShapeOf, type Problem, shapesOf } from './reference/problem.ts';

/** What PyTorch computed, and how far from it rounding may lead. */
const problems = goldens.map(({ problem, expected }) => {
  const operands = operandsOf(problem);
  const bounds = conv1dReference(problem, operands).map((output, i) => ({ ...output, y: expected[i]! }));
  return { problem, operands, expected, bounds };
});

type Run = (p: Problem, operands: Operands) => Tensor;

const byLayer: Run = (p, operands) => layerOf(p, operands).forward(inputOf(p, operands));
const byPackedLayer: Run = (p, operands) => layerOf(p, operands).eval().forward(inputOf(p, operands));
const byFunction: Run = (p, operands) => {
  const { stride, padding, dilation, groups } = p;
  const bias = operands.b && tensor(operands.b, shapesOf(p).b);
  const weight = tensor(operands.w, shapesOf(p).w);
  return functional.conv1d(inputOf(p, operands), weight, bias, { stride, padding, dilation, groups });
};

const runs: [name: string, run: Run, applies: (p: Problem) => boolean][] = [
  ['Conv1d', byLayer, () => true],
  ['Conv1d in eval mode', byPackedLayer, () => true],
  ['functional.conv1d', byFunction, (p) => p.paddingMode === 'zeros'],
];

/** One line that repeats the problem, or nothing when `accepts` holds for every output. */
function complaint(
  p: Problem,
  y: Tensor,
  expected: FloatArray,
  accepts: (actual: number, i: number) => boolean,
): string[] {
  if (String(y.shape) !== String(outShapeOf(p)) || y.dtype !== p.dtype) {
    return [`the output is ${y.dtype} of shape [${y.shape}], not [${outShapeOf(p)}]: ${JSON.stringify(p)}`];
  }
  const wrong = y.data.findIndex((actual, i) => !accepts(actual, i));
  return wrong < 0 ? [] : [`output ${wrong} is ${y.data[wrong]}, in PyTorch ${expected[wrong]}: ${JSON.stringify(p)}`];
}

function expectNone(complaints: string[], tried: number): void {
  expect(tried).toBeGreaterThan(0);
  expect(complaints.slice(0, 10), `${complaints.length} of ${tried} problems`).toEqual([]);
}

describe.each(isas)('with %s', (isa) => {
  describe.each(runs)('%s', (_, run, applies) => {
    const of = (values: GoldenProblem['values']) =>
      problems.filter(({ problem }) => problem.values === values && applies(problem));

    it('is within the rounding of PyTorch on every golden problem', () => {
      const chosen = of('uniform');
      const complaints = withIsa(isa, () =>
        chosen.flatMap(({ problem, operands, expected, bounds }) =>
          complaint(problem, run(problem, operands), expected, (actual, i) =>
            withinBound(actual, bounds[i]!, EPSILON[problem.dtype]),
          ),
        ),
      );
      expectNone(complaints, chosen.length);
    });

    it('equals PyTorch on every problem of integers', () => {
      const chosen = of('integer');
      const complaints = withIsa(isa, () =>
        chosen.flatMap(({ problem, operands, expected }) =>
          complaint(problem, run(problem, operands), expected, (actual, i) => actual === expected[i]),
        ),
      );
      expectNone(complaints, chosen.length);
    });

    it('equals PyTorch on NaN, infinities, signed zeros and subnormals', () => {
      const chosen = specials.filter(applies);
      const complaints = withIsa(isa, () =>
        chosen.flatMap((special) => {
          const expected = restored(special.output, special.dtype);
          return complaint(special, run(special, storedOperandsOf(special)), expected, (actual, i) =>
            // Zeros are positive here, whatever sign they have in PyTorch.
            Object.is(actual, expected[i]! + 0),
          );
        }),
      );
      expectNone(complaints, chosen.length);
    });
  });
});
