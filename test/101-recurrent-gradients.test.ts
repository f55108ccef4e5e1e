import { describe, expect, test } from 'vitest';
import { getNumThreads, manualSeed, nn, noGrad, rand, setNumThreads, type Tensor, zeros } from '../lib/index.ts';
import {
  elementsOf,
  type Input,
  type Layer,
  type LayerRecord,
  makeInput,
  makeLayer,
  type Packed,
  readGolden,
  sampled,
  without,
} from './golden/calls.ts';

// Gradients of LSTM and GRU beside PyTorch's (test/golden/generate_recurrent_gradients.py).

interface Case extends LayerRecord {
  readonly seed: number;
  readonly inputs: readonly Input[];
  readonly cotangents: readonly (Input | null)[];
  readonly names: readonly string[];
  readonly gradients: Readonly<Record<string, Packed>>;
  readonly errors: Readonly<Record<string, number>>;
}

type Module = nn.Module;
type Learning = Layer & { namedParameters(): Iterable<[string, Tensor]> };

const cases = readGolden<Case>('recurrent_gradients.json.gz');

/** Runs a case forward and backward: the results, and what has gradients then, by PyTorch's names. */
function differentiate(record: Case, layer: Learning): { results: Tensor[]; learned: Map<string, Tensor> } {
  const [x, ...states] = record.inputs.map((input) => {
    const made = makeInput(input);
    made.requiresGrad = true;
    return made;
  });
  const state = states.length === 0 ? [] : record.layer === 'LSTM' ? [states] : states;
  const [output, last] = layer.forward(x, ...state) as [Tensor, Tensor | Tensor[]];
  const results = [output, ...(Array.isArray(last) ? last : [last])];
  const shares = results.flatMap((result, i) => {
    const cotangent = record.cotangents[i];
    return cotangent ? [result.mul(makeInput(cotangent)).sum()] : [];
  });
  shares.reduce((sum, share) => sum.add(share)).backward();
  const names = ['x', 'h', 'c'];
  const learned = new Map([x!, ...states].map((each, i) => [names[i]!, each]));
  for (const [name, parameter] of layer.namedParameters()) learned.set(name, parameter);
  return { results, learned };
}

function makeSeeded(record: Case): Learning {
  manualSeed(record.seed);
  return makeLayer(record) as Learning;
}

/** How far a gradient is from PyTorch's, in parts of the largest element. */
function distance(got: Tensor, expected: Packed): number {
  const right = Array.from(elementsOf(expected) as ArrayLike<number>);
  const largest = Math.max(...right.map(Math.abs), Number.MIN_VALUE);
  return Math.max(0, ...sampled(got, expected).map((value, i) => Math.abs(Number(value) - right[i]!))) / largest;
}

const isSingle = ({ inputs }: Case) => inputs[0]!.dtype === 'float32';

/** How far a gradient may be off: in float32 three times as far as PyTorch's own float32 is, or sixteen roundings. */
function allowed(record: Case): number {
  return isSingle(record) ? Math.max(3 * Math.max(...Object.values(record.errors)), 16 * 2 ** -24) : 1e-10;
}

const titleOf = (record: Case) => without(record, 'gradients', 'errors', 'names', 'cotangents');
const cells = [
  ['LSTM', nn.LSTM],
  ['GRU', nn.GRU],
] as const;

describe('gradients of recurrent layers', () => {
  test('there are enough cases', () => {
    for (const [name] of cells) expect(cases.filter(({ layer }) => layer === name).length).toBeGreaterThan(23);
  });

  test.each(cases.map((record) => [titleOf(record), record] as const))('equal those of PyTorch: %s', (_, record) => {
    const { results, learned } = differentiate(record, makeSeeded(record));
    for (const [name, value] of learned) {
      const expected = record.gradients[name];
      if (expected === undefined) {
        expect(value.grad, name).toBe(null);
        continue;
      }
      expect(value.grad!.shape).toEqual(expected.shape);
      expect(value.grad!.dtype).toBe(value.dtype);
      expect(distance(value.grad!, expected), name).toBeLessThan(allowed(record));
    }
    // torch's GRU transposes by another overload, whose name ends in a 1.
    const names = record.names.map((name) => (name === 'TransposeBackward1' ? 'TransposeBackward0' : name));
    expect(results.map(({ gradFn }) => gradFn!.name)).toEqual(names);
  });
});

describe.each(cells)('%s', (_, Kind) => {
  const gradientsOf = (layer: Module) => [...layer.parameters()].map(({ grad }) => [...grad!.data]);
  const lossOf = (layer: InstanceType<typeof Kind>, x: Tensor) => layer.forward(x)[0].sum();
  const made = () => {
    manualSeed(3);
    return new Kind(5, 6, { numLayers: 2, bidirectional: true });
  };
  const input = () => {
    manualSeed(4);
    return rand(7, 3, 5);
  };

  test('learning changes no bit of what it computes', () => {
    const layer = made();
    const plain = noGrad(() => layer.forward(input()));
    const learning = layer.forward(input());
    const dataOf = (results: readonly unknown[]) => results.flat().map((each) => (each as Tensor).data);
    expect(dataOf(learning)).toEqual(dataOf(plain));
  });

  test('has the same gradients in evaluation mode, and those of weights that were written to since', () => {
    const [training, evaluating] = [made(), made().eval()];
    for (const layer of [training, evaluating]) lossOf(layer, input()).backward();
    expect(gradientsOf(evaluating)).toEqual(gradientsOf(training));
    for (const layer of [training, evaluating]) {
      for (const parameter of layer.parameters()) {
        parameter.data.fill(0.125);
        parameter.grad = null;
      }
      lossOf(layer, input()).backward();
    }
    expect(gradientsOf(evaluating)).toEqual(gradientsOf(training));
  });

  test('has the same bits for any number of threads', () => {
    const before = getNumThreads();
    const found = [1, 2, 7].map((threads) => {
      setNumThreads(threads);
      const layer = new Kind(40, 48);
      manualSeed(3);
      for (const parameter of layer.parameters()) parameter.data.set(rand(parameter.shape).data);
      lossOf(layer, rand(30, 40, 40)).backward();
      return gradientsOf(layer);
    });
    setNumThreads(before);
    expect(found[1]).toEqual(found[0]);
    expect(found[2]).toEqual(found[0]);
  });

  test('of an empty batch the weights get zeros', () => {
    const layer = made();
    const x = zeros(7, 0, 5);
    x.requiresGrad = true;
    lossOf(layer, x).backward();
    expect(x.grad!.shape).toEqual([7, 0, 5]);
    expect(
      gradientsOf(layer)
        .flat()
        .every((value) => value === 0),
    ).toBe(true);
  });

  test('frozen weights get none, and the input does', () => {
    const layer = made();
    for (const parameter of layer.parameters()) parameter.requiresGrad = false;
    const x = input();
    x.requiresGrad = true;
    lossOf(layer, x).backward();
    expect(x.grad!.shape).toEqual([7, 3, 5]);
    for (const parameter of layer.parameters()) expect(parameter.grad).toBe(null);
    expect(layer.forward(input())[0].requiresGrad).toBe(false);
  });

  test('dropout between layers is part of the gradient', () => {
    const layer = new Kind(5, 6, { numLayers: 2, dropout: 1 });
    const x = input();
    x.requiresGrad = true;
    lossOf(layer, x).backward();
    expect([...x.grad!.data].every((value) => value === 0)).toBe(true);
  });
});
