import { describe, expect, test } from 'vitest';
import { TCN } from '../examples/networks/tcn.ts';
import { VoiceDetector } from '../examples/networks/voiceDetector.ts';
import {
  compile,
  type Network,
  type NetworkStream,
  nn,
  rand,
  randn,
  setNumThreads,
  type Tensor,
  zeros,
} from '../lib/index.ts';
import { Dice } from './helpers/dice.ts';

const CHUNKS = { chunk: 512, context: 64, carry: { h: 'hn', c: 'cn' } } as const;

const detector = () =>
  compile(new VoiceDetector().eval(), {
    inputs: { x: rand(1, 1, 576), h: rand(1, 1, 128), c: rand(1, 1, 128) },
    outputs: ['p', 'hn', 'cn'],
  }) as unknown as Network;

function expectSameBits(actual: Tensor, expected: Tensor): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(actual.data.findIndex((value, i) => !Object.is(value, expected.data[i]))).toBe(-1);
}

const causal = () =>
  compile(
    new nn.Sequential(new nn.Conv1d(2, 4, 3, { padding: 'causal' }), new nn.Conv1d(4, 3, 3, { padding: 1 })).eval(),
    {
      input: rand(1, 2, 30),
    },
  );

describe('rows that come and go', () => {
  const cases: readonly [string, () => Network, object, number, number][] = [
    [
      'a network whose signals go on',
      () => compile(new TCN(1, 10, 9, 3, 4).eval(), { input: rand(1, 1, 50) }),
      {},
      1,
      40,
    ],
    [
      'one that takes strides',
      () => compile(new nn.Conv1d(2, 3, 7, { stride: 4, padding: 3 }).eval(), { input: rand(1, 2, 50) }),
      {},
      2,
      12,
    ],
    ['one that works chunk by chunk', detector, CHUNKS, 1, 1100],
  ];

  test.each(cases)('%s: the bits of each row are those that it has alone', (_, make, options, channels, most) => {
    const dice = new Dice(11);
    const network = make();
    const streams = network.streams({ capacity: 12, ...options });
    const alone = new Map<number, NetworkStream>();
    for (let step = 0; step < 60; step++) {
      setNumThreads(dice.integer(1, 2));
      if (alone.size < 12 && dice.integer(0, 1) === 0)
        alone.set(streams.open(), network.stream({ batch: 1, ...options }) as NetworkStream);
      const rows = [...alone.keys()].filter(() => dice.integer(0, 2) > 0);
      const count = dice.pick(-1, dice.integer(0, most));
      const chunks = rows.map(() => randn(1, channels, count < 0 ? dice.integer(0, most) : count) as Tensor);
      const outputs = streams.push(rows, chunks);
      for (const [i, row] of rows.entries()) expectSameBits(outputs[i]!, alone.get(row)!.push(chunks[i]!));
      if (dice.integer(0, 9) === 0 && alone.size > 1) {
        const [row, stream] = [...alone][dice.integer(0, alone.size - 1)]!;
        if (streams.isOpen(row)) {
          expectSameBits(streams.flush(row), stream.flush());
          streams.close(row);
          alone.delete(row);
        }
      }
    }
    expect(streams.size).toBe(alone.size);
  });

  test('are pushed as one tensor where they are in step', () => {
    const network = causal();
    const streams = network.streams({ capacity: 3 });
    const rows = [streams.open(), streams.open()];
    const x = rand(2, 2, 9) as Tensor;
    const y = streams.push(rows, x);
    expectSameBits(y, network.stream({ batch: 2 }).push(x));
    const out = zeros(2, 3, 9) as Tensor;
    expect(streams.push(rows, rand(2, 2, 9) as Tensor, { out })).toBe(out);
    const late = streams.open();
    expect(() => streams.push([rows[0]!, late], rand(2, 2, 9) as Tensor)).toThrow(/not in step.*array/);
    expect(
      streams.push([rows[0]!, late], [rand(1, 2, 9) as Tensor, rand(1, 2, 9) as Tensor]).map(({ shape }) => shape[2]),
    ).toEqual([9, 8]);
  });

  test('carry a state to a stream of their own, and back', () => {
    const network = causal();
    const streams = network.streams({ capacity: 2 });
    const row = streams.open();
    streams.push([row], [rand(1, 2, 5) as Tensor]);
    const stream = network.stream();
    stream.setState(JSON.parse(JSON.stringify(streams.getState(row))));
    const x = rand(1, 2, 4) as Tensor;
    const other = streams.open();
    streams.setState(other, stream.getState());
    const [a, b] = streams.push([row, other], [x, x]);
    expectSameBits(a!, b!);
    expectSameBits(a!, stream.push(x));
  });

  test('leave nothing behind', () => {
    const streams = causal().streams({ capacity: 1 });
    const first = streams.push([streams.open()], [zeros(1, 2, 6).add(1) as Tensor])[0]!;
    streams.close(0);
    expectSameBits(streams.push([streams.open()], [zeros(1, 2, 6).add(1) as Tensor])[0]!, first);
    streams.reset([0]);
    expectSameBits(streams.push([0], [zeros(1, 2, 6).add(1) as Tensor])[0]!, first);
    expect(streams.bytesPerRow).toBe(4 * (2 * 2 + 4 * 2));
  });

  test('are refused when they are not open, twice, or too many; and nothing is consumed', () => {
    const streams = causal().streams({ capacity: 2 });
    const [a, b] = [streams.open(), streams.open()];
    const x = rand(1, 2, 5) as Tensor;
    const before = JSON.stringify(streams.getState(a));
    expect(() => streams.open()).toThrow(/all 2 rows/);
    expect(() => streams.push([a, a], [x, x])).toThrow(/twice/);
    expect(() => streams.push([7], [x])).toThrow(/open row/);
    expect(() => streams.push([a, b], [x])).toThrow(/array of 2/);
    expect(() => streams.push([a, b], [x, rand(1, 3, 5) as Tensor])).toThrow(/\[1, 2, L\]/);
    expect(() => streams.push([a, b], [x, rand(1, 2, 5).to('float64') as never])).toThrow(/float32/);
    expect(() => streams.push([], rand(0, 2, 5) as Tensor)).toThrow(/no rows/);
    expect(JSON.stringify(streams.getState(a))).toBe(before);
    streams.flush(b);
    expect(() => streams.push([a, b], [x, x])).toThrow(/has ended/);
    streams.close(b);
    expect(() => streams.close(b)).toThrow(/open row/);
    expect(() => causal().streams({ capacity: 0 })).toThrow(/1 or more/);
    expect(() => causal().streams({ capacity: 2 ** 21 })).toThrow(/2\^20/);
    expect(() => causal().streams({ capacity: 2, batch: 3 } as never)).toThrow(/batch/);
  });
});
