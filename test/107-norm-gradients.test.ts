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
