import { describe, expect, test } from 'vitest';
import {
  compile,
  functional,
  Module,
  manualSeed,
  type Network,
  nn,
  parseNetwork,
  rand,
  serializeNetwork,
  type Tensor,
} from '../lib/index.ts';
import { readSafetensorsBytes, serializeSafetensors } from '../lib/io/safetensors.ts';
import { METADATA_KEY } from '../lib/network/file/format.ts';
import { SCHEMAS } from '../lib/network/file/schemas.ts';
import { OPERATIONS } from '../lib/network/share/operations.ts';
import { cleaner, RECURRENT, recurrent } from './helpers/networks/deployed.ts';
import { surveyDamages } from './helpers/networks/hostileFile.ts';

// A network file may come from anywhere. `npm run fuzz:files` plays more of this.

/** Operations of many kinds, some with numbers that depend on sizes. */
class Many extends Module {
  readonly conv = new nn.Conv1d(2, 4, 5, { padding: 2 });
  readonly up = new nn.ConvTranspose1d(4, 4, 4, { stride: 2, padding: 1 });
  readonly norm = new nn.GroupNorm(2, 4);
  readonly lstm = new nn.LSTM(4, 3, { batchFirst: true, bidirectional: true });
  readonly head = new nn.Linear(6, 2);

  override forward(x: Tensor): Tensor[] {
    const length = x.shape[2]!;
    const y = this.norm.forward(this.up.forward(this.conv.forward(x).relu())).narrow(2, 1, 2 * length - 2);
    const pooled = functional.maxPool1d(y, 2);
    const [hidden] = this.lstm.forward(pooled.transpose(1, 2));
    return [this.head.forward(hidden).softmax(2), y.mean([2], { keepdim: true }).add(1).reshape(x.shape[0]!, -1)];
  }
}

function made(): Network<never, unknown> {
  manualSeed(3);
  return compile(new Many().eval(), { input: rand(2, 2, 12) }) as unknown as Network<never, unknown>;
}

test('every one of 500 damaged files is refused by a code, or computes', () => {
  const { refused, ran } = surveyDamages(made(), 1, 500);
  expect(refused).toBeGreaterThan(300);
  expect(ran).toBeGreaterThan(20);
});

test.each([
  ['spectra and rates', cleaner],
  ['a general recurrent layer', () => recurrent(RECURRENT[0]![1], RECURRENT[0]![2])],
])('every one of 150 damaged files with %s is refused by a code, or computes', (_, make) => {
  const { refused, ran } = surveyDamages(make() as never, 1, 150);
  expect(refused).toBeGreaterThan(80);
  expect(ran).toBeGreaterThan(5);
});

/** Losses, which networks that serve have not, and what compile() has folded. */
const LEFT_OUT = ['bceWithLogitsLoss', 'mseLoss', 'nllLoss', 'smoothL1Loss', 'weightNorm'];

test('every operation that networks may have has a schema', () => {
  const without = [...OPERATIONS].filter(([, operation]) => !SCHEMAS.has(operation)).map(([name]) => name);
  expect(without.sort()).toEqual(LEFT_OUT);
});

type Told = Record<string, unknown> & {
  nodes: { operation: string; inputs: number[]; attributes: Record<string, unknown> }[];
  inputs: Record<string, unknown>[];
};

/** The file with its description changed. */
function changed(change: (told: Told) => void, network = made()): Uint8Array {
  const { tensors, metadata } = readSafetensorsBytes(serializeNetwork(network));
  const told = JSON.parse(metadata[METADATA_KEY]!) as Told;
  change(told);
  return serializeSafetensors(tensors, { [METADATA_KEY]: JSON.stringify(told) });
}

const firstOf = (told: Told, operation: string) => told.nodes.find((node) => node.operation === operation)!;

describe('a file is refused with what is wrong', () => {
  const cases: readonly [name: string, change: (told: Told) => void, says: RegExp][] = [
    ['another version', (told) => (told.version = 2), /is of version 2, and this library reads version 1/],
    ['an unknown key', (told) => (told.code = 'x'), /the network has the unknown key 'code'/],
    [
      'an unknown operation',
      (told) => (told.nodes[0]!.operation = 'eval'),
      /nodes\[0\].operation is none that this version knows: 'eval'/,
    ],
    ['one of every object', (told) => (told.nodes[0]!.operation = 'constructor'), /is none that this version knows/],
    [
      'a value that is not there yet',
      (told) => (told.nodes[0]!.inputs = [7]),
      /nodes\[0\].inputs\[0\] must be a whole number, from 0 to 0/,
    ],
    [
      'a tensor that is not there',
      (told) => ((firstOf(told, 'convolution').attributes.layer as Record<string, unknown>).weight = '__proto__'),
      /names no tensor of the file/,
    ],
    [
      'weights of another shape',
      (told) => ((firstOf(told, 'convolution').attributes.layer as Record<string, unknown>).weight = 'conv.bias'),
      /which is that of no layer's weight/,
    ],
    [
      'a bias of another length',
      (told) => ((firstOf(told, 'linear').attributes.layer as Record<string, unknown>).bias = 'conv.bias'),
      /must have 2 elements/,
    ],
    [
      'a stride of 0',
      (told) => ((firstOf(told, 'convolution').attributes.layer as Record<string, unknown>).stride = 0),
      /stride must be a whole number, 1 or more/,
    ],
    [
      'a padding beyond all numbers',
      (told) =>
        ((firstOf(told, 'convolution').attributes.layer as Record<string, unknown>).padding = [2 ** 52, 2 ** 52]),
      /padding/,
    ],
    [
      'cells that are no layer',
      (told) =>
        (firstOf(told, 'lstm').attributes.cells = [
          { weightIh: 'conv.weight', weightHh: 'conv.weight', biasIh: 'conv.bias', biasHh: 'conv.bias' },
        ]),
      /must have the weights and biases of a LSTM/,
    ],
    ['a dimension that is none', (told) => (firstOf(told, 'softmax').attributes.dim = 3), /has no dimension 3/],
    ['dimensions twice', (told) => (firstOf(told, 'permute').attributes.dims = [0, 0, 1]), /takes all dimensions/],
    [
      'a floor by 0',
      (told) => (((firstOf(told, 'narrow').attributes.length as Record<string, unknown>).divisor as unknown) = 0),
      /divisor must be a whole number, from 1/,
    ],
    [
      'a cycle that is shorter than its divisor',
      (told) =>
        ((firstOf(told, 'narrow').attributes.length as Record<string, unknown>).cycle = { rate: 0, rest: [1, 2] }),
      /divisor must be a whole number, from 2/,
    ],
    ['sizes without end', (told) => (firstOf(told, 'reshape').attributes.sizes = [2 ** 31, -1]), /does not fit/],
    ['outputs that are none', (told) => (told.outputs = []), /outputs must be one or more/],
    ['another arrangement', (told) => (told.result = 'leaf'), /arranges other than the 2 tensors/],
    [
      'a batch where the length is',
      (told) => (told.inputs[0]!.batch = { dim: 2, times: 1 }),
      /batch and length in one dimension/,
    ],
    ['sizes that are not those of the example', (told) => (told.sizes = [[1, 1]]), /not that of the first sizes/],
    ['names twice', (told) => (told.outputNames = ['y', 'y']), /outputNames must be 2 names/],
  ];

  test.each(cases)('%s', (_, change, says) => {
    const bytes = changed(change);
    expect(() => parseNetwork(bytes, { source: 'x.safetensors' })).toThrow(says);
    expect(() => parseNetwork(bytes, { source: 'x.safetensors' })).toThrow(/^x\.safetensors: /);
    expect(() => parseNetwork(bytes)).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_FORMAT' }));
  });
});

describe('spectra, rates and general cells are refused where they would reach beyond what is there', () => {
  const cleaned = cleaner() as never;
  const cell = (told: Told) => (firstOf(told, 'generalRecurrent').attributes.cells as Record<string, unknown>[])[0]!;
  const layer = (told: Told) => firstOf(told, 'resample').attributes.layer as Record<string, unknown>;

  test.each<[name: string, change: (told: Told) => void, says: RegExp]>([
    [
      'a frame of another size than its window',
      (told) => (firstOf(told, 'stft').attributes.size = 30),
      /a window of the frame's size/,
    ],
    ['a hop of 0', (told) => (firstOf(told, 'stft').attributes.hop = 0), /a hop of 1 or more/],
    [
      'spectra of other bins',
      (told) => Object.assign(firstOf(told, 'istft').attributes, { size: 17, window: 'mask.bias' }),
      /reads spectra \(\.\.\., 2, 9, frames\)/,
    ],
    ['samples before the first', (told) => (firstOf(told, 'istft').attributes.first = -8), /cuts off 0 or more/],
    ['more results than filters', (told) => (firstOf(told, 'resample').attributes.to = 4), /needs 4 filters/],
    ['another stride than the rate', (told) => (layer(told).stride = 1), /with a stride of 2/],
    ['filters that end too soon', (told) => (layer(told).padding = [0, 0]), /padded so that each sample has some/],
  ])('%s', (_, change, says) => {
    expect(() => parseNetwork(changed(change, cleaned))).toThrow(says);
    expect(() => parseNetwork(changed(change, cleaned))).toThrow(
      expect.objectContaining({ code: 'ERR_CONV1D_FORMAT' }),
    );
  });

  const lstm = recurrent(RECURRENT[0]![1], RECURRENT[0]![2]) as never;
  test.each<[name: string, change: (told: Told) => void, says: RegExp]>([
    [
      'more hidden units than weights',
      (told) => (firstOf(told, 'generalRecurrent').attributes.hiddenSize = 3),
      /none of LSTM, 3 features and 3 hidden units/,
    ],
    ['a bias for a weight', (told) => (cell(told).weight = cell(told).bias), /a cell that is none of LSTM/],
    [
      'a function that nobody knows',
      (told) => ((cell(told).functions as { name: string }[])[0]!.name = 'constructor'),
      /must be one of Sigmoid/,
    ],
    ['too few functions', (told) => (cell(told).functions as unknown[]).pop(), /a cell that is none of LSTM/],
    [
      'another kind',
      (told) => (firstOf(told, 'generalRecurrent').attributes.kind = 'GRU'),
      /a cell that is none of GRU/,
    ],
    [
      'inputs that are not there',
      (told) => (firstOf(told, 'generalRecurrent').attributes.given = [true, true, true]),
      /reads lengths, a hidden state, a cell state/,
    ],
  ])('%s', (_, change, says) => {
    expect(() => parseNetwork(changed(change, lstm))).toThrow(says);
  });
});

describe('a file does not keep the reader busy', () => {
  const relu = (input: number) => ({ operation: 'relu', name: '', inputs: [input], attributes: { a: 0, b: 0 } });

  test('with nodes or values without end', () => {
    const all = (told: Told) => (told.nodes = Array.from({ length: 8193 }, (_, i) => relu(i)) as never);
    expect(() => parseNetwork(changed(all))).toThrow(/nodes has 8193 elements/);
    const wide = (told: Told) => {
      told.nodes = [{ operation: 'cat', name: '', inputs: Array(65_000).fill(0), attributes: { dim: 1 } }] as never;
      told.sizes = Array.from({ length: 50 }, () => (told.sizes as number[][])[0]);
    };
    expect(() => parseNetwork(changed(wide))).toThrow(/is one too many for 50 sizes/);
  });

  test('with brackets without end', () => {
    const { tensors } = readSafetensorsBytes(serializeNetwork(made()));
    const deep = serializeSafetensors(tensors, { [METADATA_KEY]: '['.repeat(100_000) });
    expect(() => parseNetwork(deep)).toThrow(/not valid JSON/);
    const form = changed((told) => {
      told.result = JSON.parse('['.repeat(1000) + ']'.repeat(1000));
    });
    expect(() => parseNetwork(form)).toThrow(/8 deep at most/);
  });

  test('with a value beyond what anybody has memory for', () => {
    const huge = changed((told) => {
      told.sizes = [(told.sizes as number[][])[0]];
      told.nodes = [
        { operation: 'expand', name: '', inputs: [0], attributes: { sizes: [2 ** 25, 2, 2, 12] } },
      ] as never;
    });
    expect(() => parseNetwork(huge)).toThrow(/makes more than 1073741824 elements/);
  });
});

test('what depends on sizes and comes to nothing is refused at the call, and not before', () => {
  const network = parseNetwork(
    changed((told) => {
      told.length = { least: 0, most: null, one: 12, step: 1 };
    }),
  );
  expect(() => network.forward(rand(2, 2, 1))).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_SHAPE' }));
});
