import { describe, expect, test } from 'vitest';
import * as conv1d from '../lib/index.ts';
import {
  type Call,
  type Input,
  type Layer,
  type LayerRecord,
  largestDistance,
  makeCall,
  makeInput,
  makeLayer,
  type Packed,
  readGolden,
  without,
} from './golden/calls.ts';

type Tensor = conv1d.Tensor;

/** PyTorch's, with the largest sum of absolute values that it is made of. */
type Gradient = Packed & { readonly magnitude: number };

interface Expected {
  readonly cotangent: Input;
  /** What PyTorch calls the gradient; null where it composes what is one operation here. */
  readonly gradFn: string | null;
  /** By the number of the input, or the key of the parameter. */
  readonly gradients: Readonly<Record<string, Gradient>>;
}

/** From generate_norm_gradients.py. */
interface CallCase extends Call, Expected {
  readonly needs: readonly number[];
  readonly layer?: undefined;
}

interface LayerCase extends LayerRecord, Expected {
  readonly seed: number;
  readonly load: Readonly<Record<string, Input>>;
  readonly training: boolean;
  readonly input: Input;
  readonly callSeed?: number;
  readonly weightNorm?: undefined;
}

interface WeightNormCase extends LayerRecord, Expected {
  readonly seed: number;
  readonly load: Readonly<Record<string, Input>>;
  readonly weightNorm: number | null;
}

type Case = CallCase | LayerCase | WeightNormCase;

const golden = readGolden<Case>('norm-gradients.json.gz');

// In units in the last place of the magnitude. Each term has a few roundings, and sums of n terms an error that grows with sqrt(n), of terms
// whose signs differ; 16 is what the values themselves are allowed (37-operations-golden).
const UNITS = 16;

function check(drawn: Case, out: Tensor | null, gradientOf: (key: string) => Tensor | null): void {
  const record = without(drawn, 'gradients');
  if (out !== null && drawn.gradFn !== null) expect(out.gradFn?.name, record).toBe(drawn.gradFn);
  for (const [key, expected] of Object.entries(drawn.gradients)) {
    const got = gradientOf(key);
    expect([got?.dtype, ...(got?.shape ?? [])], `${key} ${record}`).toEqual([expected.dtype, ...expected.shape]);
    const { magnitude } = expected;
    expect(largestDistance(got!, expected, magnitude), `${key} ${record}`).toBeLessThanOrEqual(UNITS);
  }
}

function checkCall(drawn: CallCase): void {
  const tensors = drawn.inputs.map(makeInput);
  for (const i of drawn.needs) tensors[i]!.requiresGrad = true;
  const out = makeCall(drawn, tensors) as Tensor;
  out.backward(makeInput(drawn.cotangent));
  check(drawn, out, (key) => tensors[Number(key)]!.grad as Tensor | null);
  for (const [i, tensor] of tensors.entries()) expect(tensor.grad === null).toBe(!drawn.needs.includes(i));
}

function parametersOf(layer: Layer): Map<string, Tensor> {
  return new Map((layer as unknown as conv1d.nn.Module).namedParameters());
}

function madeLayer(drawn: LayerCase | WeightNormCase): Layer {
  conv1d.manualSeed(drawn.seed);
  return makeLayer(drawn);
}

function loaded(drawn: LayerCase | WeightNormCase): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(drawn.load).map(([key, input]) => [key, makeInput(input)]));
}

function checkLayer(drawn: LayerCase): void {
  const layer = madeLayer(drawn);
  layer.loadStateDict(loaded(drawn), { strict: false });
  layer.train(drawn.training);
  const x = makeInput(drawn.input);
  x.requiresGrad = true;
  if (drawn.callSeed !== undefined) conv1d.manualSeed(drawn.callSeed);
  const out = layer.forward(x) as Tensor;
  out.backward(makeInput(drawn.cotangent));
  const parameters = parametersOf(layer);
  check(drawn, out, (key) => (key === 'x' ? x : parameters.get(key)!).grad as Tensor | null);
}

function checkWeightNorm(drawn: WeightNormCase): void {
  const layer = madeLayer(drawn) as Layer & conv1d.nn.Conv1d;
  conv1d.nn.weightNorm(layer, 'weight', drawn.weightNorm);
  layer.loadStateDict(loaded(drawn), { strict: false });
  // A call works the weight out.
  const channels =
    layer.weight.shape.length === 2 ? [layer.weight.shape[1]!] : [(layer as conv1d.Conv1d).inChannels, 9];
  layer.forward(conv1d.zeros([1, ...channels], { dtype: layer.weight.dtype }));
  layer.weight.backward(makeInput(drawn.cotangent));
  const parameters = parametersOf(layer);
  check(drawn, layer.weight, (key) => parameters.get(key)!.grad as Tensor | null);
  expect(layer.weight.grad).toBeNull();
}

describe('PyTorch has the same gradients', () => {
  test('in as many cases as were drawn', () => {
    expect(golden.length).toBeGreaterThan(380);
  });

  const calls = golden.filter((one): one is CallCase => one.layer === undefined);
  test.each([...new Set(calls.map(({ call }) => call))])('for functional.%s', (name) => {
    for (const drawn of calls.filter(({ call }) => call === name)) checkCall(drawn);
  });

  const layers = golden.filter((one): one is LayerCase => one.layer !== undefined && one.weightNorm === undefined);
  test.each([...new Set(layers.map(({ layer }) => layer))])('for nn.%s and its parameters', (name) => {
    for (const drawn of layers.filter(({ layer }) => layer === name)) checkLayer(drawn);
  });

  test('for nn.weightNorm, over any dimension', () => {
    const cases = golden.filter((one): one is WeightNormCase => 'weightNorm' in one);
    expect(cases.length).toBeGreaterThan(30);
    for (const drawn of cases) checkWeightNorm(drawn);
  });
});

const { functional, nn, noGrad, ones, rand, tensor, zeros } = conv1d;

describe('a weight under a norm', () => {
  test('comes from its two parts, and is no parameter', () => {
    const conv = nn.weightNorm(new nn.Conv1d(2, 3, 5));
    expect(conv.weight.isLeaf).toBe(false);
    expect(String(conv.weight)).toMatch(/^tensor\([\s\S]*grad_fn=<WeightNormInterfaceBackward0>\)$/);
    nn.removeWeightNorm(conv);
    expect(conv.weight.isLeaf).toBe(true);
    expect(String(conv.weight)).toMatch(/^Parameter containing:\ntensor\([\s\S]*requires_grad=True\)$/);
  });

  test('is learned through several calls before backward, in training and in evaluation', () => {
    for (const training of [true, false]) {
      const conv = nn.weightNorm(new nn.Conv1d(2, 3, 5)).train(training);
      const gradientsAfter = (calls: number) => {
        for (const [, parameter] of conv.namedParameters()) parameter.grad = null;
        const losses = Array.from({ length: calls }, () => {
          conv.forward(zeros(1, 2, 9));
          return conv.weight.mul(2).sum();
        });
        losses.reduce((one, other) => one.add(other)).backward();
        return conv.parameters().map(({ grad }) => grad?.toArray() ?? null);
      };
      const [bias, magnitude, direction] = gradientsAfter(1);
      expect(bias).toBeNull();
      expect(gradientsAfter(2)).toEqual([
        null,
        tensor(magnitude as number[])
          .mul(2)
          .toArray(),
        tensor(direction as number[])
          .mul(2)
          .toArray(),
      ]);
    }
  });

  test('has no gradient within noGrad, and one again after it', () => {
    const conv = nn.weightNorm(new nn.Conv1d(2, 3, 5));
    noGrad(() => conv.forward(zeros(1, 2, 9)));
    expect(conv.weight.requiresGrad).toBe(false);
    conv.forward(zeros(1, 2, 9));
    expect(conv.weight.requiresGrad).toBe(true);
  });

  test('that was written over by new parts is refused by calls that had saved it', () => {
    const conv = nn.weightNorm(new nn.Conv1d(2, 3, 5));
    conv.forward(zeros(1, 2, 9));
    const loss = conv.weight.mul(conv.weight).sum();
    conv.loadStateDict({ ...conv.stateDict(), weight_g: rand(3, 1, 1) });
    conv.forward(zeros(1, 2, 9));
    expect(() => loss.backward()).toThrow('modified by an inplace operation');
  });
});

describe('norms', () => {
  test('in training write their running values, which what saved them before is told', () => {
    const norm = new nn.BatchNorm1d(3);
    const x = rand(2, 3, 5).mul(1);
    x.requiresGrad = true;
    const loss = x.sum([0, 2]).mul(norm.runningMean!).sum();
    norm.forward(rand(2, 3, 5));
    expect(() => loss.backward()).toThrow('modified by an inplace operation');
  });

  test('in evaluation keep what their gradients need of the running values', () => {
    const norm = new nn.BatchNorm1d(3).eval();
    const x = rand(2, 3, 5);
    x.requiresGrad = true;
    const loss = norm.forward(x).sum();
    norm.train().forward(rand(2, 3, 5).mul(100));
    loss.backward();
    expect(x.grad!.sub(1).abs().max().item()).toBeLessThan(1e-4);
  });

  const [x, learned, plain] = [rand(2, 3, 5), rand(3, { requiresGrad: true }), rand(3)];
  test.each<[argument: string, name: string, norm: () => Tensor]>([
    ['runningMean', 'batchNorm', () => functional.batchNorm(x, learned, plain)],
    ['runningVar', 'batchNorm', () => functional.batchNorm(x, plain, learned, null, null, { training: true })],
    ['runningMean', 'instanceNorm', () => functional.instanceNorm(x, learned, plain)],
    [
      'runningVar',
      'instanceNorm',
      () => functional.instanceNorm(x, plain, learned, null, null, { useInputStats: false }),
    ],
  ])('refuse a gradient for the %s of %s, where gradients are recorded', (argument, name, norm) => {
    expect(norm).toThrow(`The function '${name}' is not differentiable with respect to argument '${argument}'.`);
    expect(noGrad(norm).requiresGrad).toBe(false);
  });

  test('whose weight was written over are refused', () => {
    const norm = new nn.GroupNorm(1, 3);
    const loss = norm.forward(rand(2, 3, 5)).sum();
    norm.loadStateDict({ weight: rand(3), bias: rand(3) });
    expect(() => loss.backward()).toThrow('modified by an inplace operation');
  });

  test.each([
    ['groups', (x: Tensor) => functional.groupNorm(x, 2)],
    ['rows', (x: Tensor) => functional.layerNorm(x, [6])],
    ['channels', (x: Tensor) => functional.batchNorm(x, null, null, null, null, { training: true })],
    ['instances', (x: Tensor) => functional.instanceNorm(x)],
    ['slopes', (x: Tensor) => functional.prelu(x, ones(1))],
  ])('of %s take views with gaps, and gradients of repeated elements', (_, run) => {
    const given = rand(3, 6, 4);
    const [plain, turned] = [given.transpose(1, 2).clone(), given];
    plain.requiresGrad = true;
    run(plain).pow(2).sum().backward();
    turned.requiresGrad = true;
    run(turned.transpose(1, 2)).pow(2).sum().backward();
    expect(turned.grad!.transpose(1, 2).toArray()).toEqual(plain.grad!.toArray());
    plain.grad = null;
    run(plain).sum().backward();
    expect(plain.grad).not.toBeNull();
  });

  test('of nothing have gradients of zero for what they learn', () => {
    for (const norm of [new nn.GroupNorm(1, 3), new nn.LayerNorm(5), new nn.PReLU(3), new nn.Snake(3)]) {
      norm
        .forward(zeros(0, 3, 5))
        .sum()
        .backward();
      for (const { grad } of norm.parameters()) expect(grad!.abs().max().item()).toBe(0);
    }
  });

  test('can be run backward twice where that was asked for', () => {
    const x = rand(2, 3, 5);
    x.requiresGrad = true;
    const loss = functional
      .groupNorm(x, 1)
      .mul(rand(2, 3, 5))
      .sum();
    loss.backward(null, { retainGraph: true });
    const first = x.grad!.toArray();
    x.grad = null;
    loss.backward();
    expect(x.grad!.toArray()).toEqual(first);
    expect(() => loss.backward()).toThrow('a second time');
  });
});
