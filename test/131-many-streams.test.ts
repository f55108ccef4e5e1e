import { describe, expect, test } from 'vitest';
import { TCN } from '../examples/networks/tcn.ts';
import { VoiceDetector } from '../examples/networks/voiceDetector.ts';
import {
  cat,
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

describe('inputs that stay the same', () => {
  class Voice extends nn.Module {
    readonly conv = new nn.Conv1d(2, 3, 3, { padding: 1 });
    readonly speaker = new nn.Linear(5, 3);
    override forward(x: Tensor, speaker: Tensor, rate: Tensor): Tensor {
      return this.conv.forward(x).add(this.speaker.forward(speaker).unsqueeze(2)).mul(rate) as Tensor;
    }
  }
  const voice = () =>
    compile(new Voice().eval(), { inputs: { x: rand(2, 2, 30), speaker: rand(2, 5), rate: rand(1) } });

  test('are those of each row, or those of all', () => {
    const network = voice();
    const [speakers, rates] = [randn(4, 5), randn(4, 1)] as Tensor[] as [Tensor, Tensor];
    const speakerOf = (i: number) => speakers.narrow(0, i, 1) as Tensor;
    const rateOf = (i: number) => rates.at(i) as Tensor;
    const streams = network.streams({ capacity: 4, fixed: { speaker: speakerOf(0), rate: rateOf(0) } });
    const chosen: readonly [speaker: number, rate: number][] = [
      [0, 0],
      [1, 0],
      [2, 3],
      [0, 3],
    ];
    const rows = chosen.map(([speaker, rate]) =>
      streams.open({
        fixed: { ...(speaker > 0 && { speaker: speakerOf(speaker) }), ...(rate > 0 && { rate: rateOf(rate) }) },
      }),
    );
    const x = randn(4, 2, 12) as Tensor;
    for (const again of [false, true]) {
      if (again) streams.reset(rows); // which keeps them
      const pushed = streams.push(rows, { x }) as Tensor;
      for (const [i, [speaker, rate]] of chosen.entries()) {
        const whole = network.forward(x.narrow(0, i, 1) as Tensor, speakerOf(speaker), rateOf(rate));
        const ended = streams.flush(rows[i]!);
        expectSameBits(cat([pushed.narrow(0, i, 1), ended], 2) as Tensor, whole);
      }
    }
  });

  test('of networks that work chunk by chunk, too', () => {
    class Gain extends nn.Module {
      override forward(x: Tensor, level: Tensor, gain: Tensor, rate: Tensor): [Tensor, Tensor] {
        const next = x.abs().mean([2], { keepdim: true }).mul(0.5).add(level.mul(0.5)) as Tensor;
        return [next.mul(gain).mul(rate) as Tensor, next];
      }
    }
    const inputs = { x: rand(2, 1, 8), level: zeros(2, 1, 1), gain: rand(2, 1, 1), rate: rand(1) };
    const network = compile(new Gain().eval(), { inputs, outputs: ['y', 'next'] }) as unknown as Network;
    const streams = network.streams({
      capacity: 3,
      chunk: 8,
      carry: { level: 'next' },
      fixed: { rate: rand(1) as Tensor },
    });
    const gains = [rand(1, 1, 1), rand(1, 1, 1), rand(1, 1, 1)] as Tensor[];
    const rate = rand(1) as Tensor;
    expect(() => streams.open()).toThrow(/open\(\): input 'gain' does not go on.*or to network.streams\(\)/);
    const rows = gains.map((gain) => streams.open({ fixed: { gain, rate } }));
    const x = randn(3, 1, 24) as Tensor;
    const y = streams.push(rows, x);
    for (const [i, gain] of gains.entries()) {
      const alone = network.stream({ chunk: 8, carry: { level: 'next' }, fixed: { gain, rate } });
      expectSameBits(y.narrow(0, i, 1).clone() as Tensor, alone.push(x.narrow(0, i, 1) as Tensor) as Tensor);
    }
  });

  test('are refused by name, kind and shape, and no row is opened', () => {
    const streams = voice().streams({ capacity: 2, fixed: { rate: rand(1) as Tensor } });
    const opened = (options: object) => () => streams.open(options as never);
    expect(opened({})).toThrow(/input 'speaker' does not go on/);
    expect(opened({ fixed: { spaeker: rand(1, 5) } })).toThrow(/no input 'spaeker'/);
    expect(opened({ fixed: { speaker: rand(2, 5) } })).toThrow(/shape \[1, 5\].*\[2, 5\]/);
    expect(opened({ fixed: { speaker: 5 } })).toThrow(/must be a Tensor/);
    expect(opened({ fixd: {} })).toThrow(/did you mean 'fixed'/);
    expect(opened({ fixed: 5 })).toThrow(/an object by the names/);
    expect(
      opened({
        get fixed() {
          streams.open();
          return {};
        },
      }),
    ).toThrow(/from within another call/);
    expect(streams.size).toBe(0);
  });

  test('messages of streams() say so', () => {
    const norm = compile(new nn.Sequential(new nn.Conv1d(4, 4, 3), new nn.GroupNorm(2, 4)).eval(), {
      input: rand(1, 4, 60),
    });
    expect(() => norm.streams({ capacity: 1 })).toThrow(/^network\.streams\(\): group_norm/);
    expect(() => detector().streams({ capacity: 1, chunk: 512, carry: { h: 'nn' } })).toThrow(
      /^network\.streams\(\): carry has no output 'nn'/,
    );
  });
});

describe('what could go wrong without a word', () => {
  test('rows that do not lie in one piece come one by one', () => {
    class Turned extends nn.Module {
      readonly conv = new nn.Conv1d(2, 3, 3, { padding: 'causal' });
      override forward(x: Tensor): Tensor {
        return this.conv.forward(x).permute(2, 0, 1) as Tensor;
      }
    }
    const streams = compile(new Turned().eval(), { input: rand(2, 2, 20) }).streams({ capacity: 3 });
    const rows = [streams.open(), streams.open()];
    expect(() => streams.push(rows, rand(2, 2, 5) as Tensor)).toThrow(/array of chunks/);
    expect(streams.push(rows, [rand(1, 2, 5) as Tensor, rand(1, 2, 5) as Tensor])[1]!.shape).toEqual([5, 1, 3]);
  });

  test('out that shares memory with the chunk is refused', () => {
    const memory = randn(80);
    const network = compile(new nn.Conv1d(1, 1, 3, { padding: 'causal' }).eval(), { input: rand(1, 1, 20) });
    const x = memory.narrow(0, 0, 60).reshape(3, 1, 20) as Tensor;
    const out = memory.narrow(0, 20, 60).reshape(3, 1, 20) as Tensor;
    expect(() => network.stream({ batch: 3 }).push(x, { out })).toThrow(
      expect.objectContaining({ code: 'ERR_CONV1D_OVERLAP' }),
    );
  });

  test('a state belongs to streams with the same inputs carried on', () => {
    const network = detector();
    const a = network.stream({ ...CHUNKS, carry: { h: 'hn', c: 'cn' } });
    const b = network.stream({ ...CHUNKS, carry: { c: 'cn', h: 'hn' } });
    const x = randn(1, 1, 700) as Tensor;
    a.push(x);
    b.setState(a.getState());
    expectSameBits(b.push(x) as Tensor, a.push(x) as Tensor);
    const crossed = network.stream({ ...CHUNKS, carry: { h: 'cn', c: 'hn' } });
    expect(() => crossed.setState(a.getState())).toThrow(/another network/);
  });

  test('one row whose chunk is refused changes no other row', () => {
    class Coded extends nn.Module {
      readonly table = new nn.Embedding(5, 1);
      override forward(x: Tensor, level: Tensor): [Tensor, Tensor] {
        const y = this.table
          .forward(x.to('int64') as never)
          .squeeze(3)
          .add(level) as Tensor;
        return [y, y.narrow(2, 3, 1) as Tensor];
      }
    }
    const inputs = { x: zeros(1, 1, 4), level: zeros(1, 1, 1) };
    const network = compile(new Coded().eval(), { inputs, outputs: ['y', 'next'] });
    const streams = network.streams({ capacity: 2, chunk: 4, carry: { level: 'next' } });
    const rows = [streams.open(), streams.open()];
    const before = JSON.stringify(streams.getState(rows[0]!));
    const chunks = [zeros(1, 1, 4), zeros(1, 1, 4).add(99)] as Tensor[];
    expect(() => streams.push(rows, chunks)).toThrow(expect.objectContaining({ code: 'ERR_CONV1D_VALUE' }));
    expect(JSON.stringify(streams.getState(rows[0]!))).toBe(before);
    const stream = network.stream({ chunk: 4, carry: { level: 'next' } });
    const out = zeros(1, 1, 8).add(7) as Tensor;
    expect(() => stream.push(cat(chunks, 2) as Tensor, { out })).toThrow(
      expect.objectContaining({ code: 'ERR_CONV1D_VALUE' }),
    );
    expect([...out.data]).toEqual(new Array(8).fill(7));
    expect(stream.push(cat([chunks[0]!, chunks[0]!], 2) as Tensor, { out })).toBe(out);
    expect(out.data[0]).not.toBe(7);
  });

  test('a signal that is longer than any tensor ends as a short one', () => {
    const network = causal();
    const [far, near] = [network.stream(), network.stream()];
    near.push(zeros(1, 2, 2 ** 17) as Tensor);
    far.setState({ ...near.getState(), received: 2 ** 40, computed: 2 ** 40 });
    const x = rand(1, 2, 10) as Tensor;
    expectSameBits(far.push(x), near.push(x));
    expectSameBits(far.flush(), near.flush());
    expect(() => network.stream().setState({ ...near.getState(), ended: false, computed: 0 })).toThrow(
      /kept must be|wait behind/,
    );
  });

  test('a batch that would never be made is refused at once', () => {
    expect(() => causal().stream({ batch: 2 ** 40 })).toThrow(/2\^20/);
  });
});
