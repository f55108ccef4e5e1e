import { describe, expect, test } from 'vitest';
import { manualSeed, type StateDict, zeros } from '../lib/index.ts';
import {
  decode,
  type Input,
  type LayerRecord,
  largestDistance,
  largestOf,
  makeInput,
  makeLayer,
  type Packed,
  pairs,
  type Result,
  readGolden,
  type StateEntry,
  stateOf,
  without,
} from './golden/calls.ts';

/** From generate_layers.py. */
interface Case extends LayerRecord {
  readonly seed: number;
  readonly training: boolean;
  readonly state: readonly StateEntry[];
  readonly repr: string | null;
  /** Values by key, given before the calls. */
  readonly load?: Readonly<Record<string, Input>>;
  readonly callSeed?: number;
  readonly calls: readonly {
    readonly arguments: readonly unknown[];
    readonly inputs: readonly Input[];
    readonly magnitude?: number;
    readonly result: Result;
  }[];
  /** Buffers that the calls changed. */
  readonly after?: Readonly<Record<string, Packed>>;
}

/** From generate_messages.py: a constructor, a call of forward or a state dict that does not fit. */
interface Refusal extends LayerRecord {
  readonly name: string;
  readonly forward?: readonly unknown[];
  readonly inputs?: readonly Input[];
  readonly load?: Readonly<Record<string, readonly number[]>>;
  readonly error: { readonly type: string; readonly message: string };
  readonly odd?: boolean;
}

const golden = readGolden<Case>('layers.json.gz');
const refusals = readGolden<Partial<Refusal>>('messages.json').filter((one) => one.layer !== undefined) as Refusal[];

// In units in the last place of the larger of the element and the case's magnitude, as in 37-operations-golden.test.ts. What is not here
// has PyTorch's values exactly.
const UNITS: Readonly<Record<string, number>> = {
  Linear: 8,
  // Outputs are below 1, sums of gates a few times that; each step passes on the errors of those before, but less of them.
  LSTM: 16,
  GRU: 16,
  BatchNorm1d: 16,
  GroupNorm: 16,
  InstanceNorm1d: 16,
  LayerNorm: 16,
  Softmax: 16,
  LogSoftmax: 8,
  ELU: 4,
  Softplus: 4,
  Tanh: 4,
  Sigmoid: 4,
  GELU: 8,
  SiLU: 5,
  GLU: 5,
  Snake: 8, // a sine of 2 units, squared, over alpha
  AvgPool1d: 4,
  AdaptiveAvgPool1d: 4,
  Upsample: 4, // linear; nearest has no magnitude
  Sequential: 16,
};
const LEAST_SIGMOID = 1e-32; // below, PyTorch's sigmoid has few digits left
const RUNNING = 16; // units of running values: statistics of a batch and a weighted mean

function made(drawn: Case) {
  manualSeed(drawn.seed);
  return makeLayer(drawn);
}

describe('PyTorch gives the same', () => {
  test('in as many cases as were drawn', () => {
    expect(golden.length).toBeGreaterThan(480);
  });

  const names = [...new Set(golden.map(({ layer }) => layer))];
  test.each(names)('keys, initial values and text of %s', (name) => {
    for (const drawn of golden.filter(({ layer }) => layer === name)) {
      const layer = made(drawn);
      expect(stateOf(layer, drawn.state), without(drawn, 'calls', 'after')).toEqual(drawn.state);
      if (drawn.repr !== null) expect(String(layer), without(drawn, 'calls', 'after')).toBe(drawn.repr);
    }
  });

  test.each(names)('results of %s', (name) => {
    for (const drawn of golden.filter(({ layer }) => layer === name)) {
      const record = without(drawn, 'result', 'after', 'state', 'repr');
      const layer = made(drawn);
      if (drawn.load !== undefined) {
        const dict = Object.entries(drawn.load).map(([key, input]) => [key, makeInput(input)] as const);
        layer.loadStateDict(Object.fromEntries(dict), { strict: false });
      }
      layer.train(drawn.training);
      for (const call of drawn.calls) {
        const args = call.arguments.map((each) => decode(each, call.inputs.map(makeInput)));
        if (drawn.callSeed !== undefined) manualSeed(drawn.callSeed);
        const isNearest = name === 'Upsample' && call.magnitude === undefined;
        const units = isNearest ? 0 : (UNITS[name] ?? 0);
        for (const { name: part, got, expected } of pairs(layer.forward(...args), call.result)) {
          expect([got.dtype, ...got.shape], `${part} ${record}`).toEqual([expected.dtype, ...expected.shape]);
          const distance = largestDistance(got, expected, call.magnitude ?? LEAST_SIGMOID);
          expect(distance, `${part} ${record}`).toBeLessThanOrEqual(units);
        }
      }
      const state = layer.stateDict();
      for (const [key, expected] of Object.entries(drawn.after ?? {})) {
        const distance = largestDistance(state[key]!, expected, largestOf(expected));
        expect(distance, `${key} ${record}`).toBeLessThanOrEqual(RUNNING);
      }
    }
  });
});

describe('what PyTorch refuses is refused with its sentence', () => {
  function run(refusal: Refusal): unknown {
    const layer = makeLayer(refusal);
    if (refusal.load !== undefined) {
      const dict: StateDict = Object.fromEntries(
        Object.entries(refusal.load).map(([key, shape]) => [key, zeros(...shape)]),
      );
      return layer.loadStateDict(dict as never);
    }
    const tensors = refusal.inputs!.map(makeInput);
    return layer.forward(...refusal.forward!.map((each) => decode(each, tensors)));
  }

  test.each(refusals)('$name', (refusal) => {
    const refused = () => run(refusal);
    expect(refused, without(refusal)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_CONV1D_/) }));
    if (refusal.odd) return; // PyTorch speaks of its inside there
    expect(refused, without(refusal)).toThrow(refusal.error.message);
  });
});
