import { readFileSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ReadableStream, WritableStream } from 'node:stream/web';
import { describe, expect, it } from 'vitest';
import { Conv1d, type Conv1dOptions, rand, Tensor, tensor, zeros } from '../lib/index.ts';
import { addon } from '../lib/native/addon.ts';
import type { StreamState } from '../lib/streaming/state.ts';
import type { Conv1dStream } from '../lib/streaming/stream.ts';
import type { FloatArray } from '../lib/tensor/dtype.ts';
import type { Dice } from './helpers/dice.ts';
import { isas, withIsa, withThreads } from './helpers/layer.ts';
import { codeOf, detach } from './helpers/refusals.ts';
import { cut, expectSame, joined, type StreamedLayer, streamed, streamRandomLayers } from './helpers/streams.ts';

function randomLayer(dice: Dice): StreamedLayer {
  const depthwise = dice.fraction() < 0.2;
  const groups = depthwise ? dice.integer(2, 9) : dice.pick(1, 1, 2, 3);
  const kernelSize = dice.pick(1, 2, 3, 3, 4, 5, dice.integer(6, 17));
  const dilation = dice.pick(1, 1, 2, 3, dice.integer(4, 40));
  const stride = dice.pick(1, 1, 1, 2, 3, dice.integer(4, 12));
  const reach = (kernelSize - 1) * dilation;
  const [left, right] = [dice.integer(0, reach + 9), dice.integer(0, reach + 9)];
  const symmetric = dice.integer(1, 9);
  const [padding, padded] = dice.pick<[padding: Conv1dOptions['padding'], padded: number]>(
    ['causal', reach],
    ['valid', 0],
    stride === 1 ? ['same', reach] : ['causal', reach],
    [symmetric, 2 * symmetric],
    [[left, right], left + right],
  );
  const least = Math.max(1, reach + 1 - padded);
  return {
    channels: [
      groups * (depthwise ? 1 : dice.integer(1, 4)),
      groups * (depthwise ? 1 : dice.pick(1, 2, dice.integer(3, 24))),
      kernelSize,
    ],
    options: {
      stride,
      padding,
      dilation,
      groups,
      bias: dice.pick(true, true, false),
      dtype: dice.pick('float32', 'float32', 'float64'),
      paddingMode: padding === 'valid' ? dice.pick('zeros', 'reflect', 'circular') : 'zeros',
    },
    batch: dice.pick(null, null, 1, 2, 3),
    length: least + dice.integer(0, dice.pick(8, 30, 60)),
  };
}

describe('the outputs of all chunks, one after the other,', () => {
  const LAYERS = 400;
  const CHUNKINGS = 50;

  it('are those of the whole signal, bit for bit, in 20,000 chunkings of 400 random layers', () => {
    const { complaints, compared } = streamRandomLayers(LAYERS, CHUNKINGS, randomLayer);
    expect(complaints).toEqual([]);
    expect(compared).toBe(20_000);
  });

  // One line for each way of going wrong that dice seldom find.
  const chosen: [layer: string, conv: () => Conv1d, length: number, lengths: number[]][] = [
    [
      'a stride far beyond the kernel',
      () => new Conv1d(2, 3, 2, { stride: 50, padding: [3, 49] }),
      120,
      [1, 10, 60, 49],
    ],
    ['a padding far wider than the kernel', () => new Conv1d(2, 3, 2, { padding: 3000, stride: 7 }), 5, [0, 1, 4]],
    [
      'a padding of 2^50 and a stride of 2^49',
      () => new Conv1d(1, 1, 1, { padding: 2 ** 50, stride: 2 ** 49 }),
      3,
      [2, 1],
    ],
    [
      'a dilation beyond the signal',
      () => new Conv1d(2, 9, 3, { dilation: 2000, padding: 'same' }),
      300,
      [100, 0, 200],
    ],
    ['chunks large enough for threads', () => new Conv1d(32, 64, 5, { padding: 'causal' }), 5000, [1, 2400, 99, 2500]],
    [
      'a depthwise kernel of many taps',
      () => new Conv1d(8, 8, 60, { groups: 8, padding: 'same' }),
      400,
      [1, 1, 198, 200],
    ],
    [
      'depthwise taps far apart',
      () => new Conv1d(8, 8, 40, { groups: 8, dilation: 9, padding: 'causal' }),
      90,
      Array(90).fill(1),
    ],
  ];
  it.each(chosen)('are those of the whole signal with %s', (_, make, length, lengths) => {
    const conv = make();
    for (const mode of ['train', 'eval'] as const) {
      conv[mode]();
      for (const threads of [1, 2]) {
        withThreads(threads, () => {
          const x = rand(conv.inChannels, length);
          expectSame(streamed(conv.stream(), x, lengths), conv.forward(x));
        });
      }
    }
  });

  it.each(isas)('are those of the whole signal on %s', (isa) => {
    withIsa(isa, () => {
      const conv = new Conv1d(3, 17, 4, { dilation: 5, padding: 'causal', dtype: 'float64' }).eval();
      const x = rand(2, 3, 64, { dtype: 'float64' });
      expectSame(streamed(conv.stream({ batch: 2 }), x, [1, 1, 1, 40, 0, 21]), conv.forward(x));
    });
  });

  it('are those of the whole signal while the layer is used for other lengths in between', () => {
    const conv = new Conv1d(2, 8, 3, { padding: 1 }).eval();
    const x = rand(2, 30);
    const stream = conv.stream();
    const parts: Tensor[] = [];
    for (let t = 0; t < 30; t++) {
      parts.push(stream.push(cut(x, t, t + 1)));
      conv.forward(rand(2, 3 + (t % 3)));
    }
    expectSame(joined([...parts, stream.flush()]), conv.forward(x));
  });
});

describe('a push', () => {
  it('reads the weights in train mode, and the snapshot in eval mode', () => {
    const conv = new Conv1d(1, 1, 1, { bias: false });
    const stream = conv.stream();
    const one = tensor([[1]]);
    const push = () => stream.push(one).item();
    conv.weight.data[0] = 2;
    expect(push()).toBe(2);
    conv.eval();
    conv.weight.data[0] = 3;
    expect(push()).toBe(2);
    conv.eval();
    expect(push()).toBe(3);
    conv.train();
    conv.weight.data[0] = 4;
    expect(push()).toBe(4);
  });

  it('gives as many dimensions as its chunk has, and a flush as many as the last one', () => {
    const stream = new Conv1d(2, 3, 3, { padding: 'same' }).stream();
    expect(stream.push(rand(1, 2, 4)).shape).toEqual([1, 3, 3]);
    expect(stream.push(rand(2, 4)).shape).toEqual([3, 4]);
    expect(stream.push(rand(2, 0)).shape).toEqual([3, 0]);
    expect(stream.flush().shape).toEqual([3, 1]);
  });

  it('takes views with gaps', () => {
    const conv = new Conv1d(2, 3, 3, { padding: 'causal' });
    const x = rand(1, 2, 20);
    const stream = conv.stream();
    const parts = [stream.push(x.at([0, 1], [0, 2], [0, 5])), stream.push(x.at(0, [0, 2], [5, 20]).reshape(1, 2, 15))];
    expectSame(joined(parts), conv.forward(x));
  });

  it('writes to out and returns it; outLength and flushLength tell its size', () => {
    const conv = new Conv1d(2, 3, 5, { padding: 1, stride: 2 }).eval();
    const x = rand(2, 40);
    const stream = conv.stream();
    const parts: Tensor[] = [];
    for (const [from, to] of [
      [0, 1],
      [1, 8],
      [8, 8],
      [8, 40],
    ] as const) {
      const out = zeros(3, stream.outLength(to - from));
      out.data.fill(Number.NaN);
      expect(stream.push(cut(x, from, to), { out })).toBe(out);
      parts.push(out);
    }
    const last = zeros(3, stream.flushLength);
    expect(stream.flush({ out: last })).toBe(last);
    expectSame(joined([...parts, last]), conv.forward(x));
    expect([stream.outLength(100), stream.flushLength]).toEqual([0, 0]);
  });

  it('after a flush is refused until reset', () => {
    const conv = new Conv1d(1, 1, 3, { padding: 'same' });
    const stream = conv.stream();
    const x = rand(1, 9);
    streamed(stream, x, [9]);
    expect(codeOf(() => stream.push(x))).toBe('ERR_CONV1D_STREAM');
    expect(codeOf(() => stream.flush())).toBe('ERR_CONV1D_STREAM');
    stream.reset();
    expectSame(streamed(stream, x, [4, 5]), conv.forward(x));
  });

  it('gives nothing where forward finds the signal too short, and neither does the flush', () => {
    const conv = new Conv1d(1, 1, 5, { padding: 1 });
    const x = rand(1, 2);
    expect(codeOf(() => conv.forward(x))).toBe('ERR_CONV1D_SHAPE');
    expect(streamed(conv.stream(), x, [1, 1]).shape).toEqual([1, 0]);
  });

  it('of nothing gives nothing, and so does the flush of a signal without inputs', () => {
    const stream = new Conv1d(1, 1, 1, { padding: 5 }).stream();
    expect(stream.push(zeros(1, 0)).shape).toEqual([1, 0]);
    expect(stream.flush().shape).toEqual([1, 0]);
  });
});

describe('latency, lookahead and receptiveField', () => {
  const cases: [padding: Conv1dOptions['padding'], lookahead: number][] = [
    ['causal', 0],
    ['same', 4],
    ['valid', 8],
    [[3, 0], 5],
    [20, 0],
  ];
  it.each(cases)('with padding %j are what the pushes show', (padding, lookahead) => {
    const make = () => new Conv1d(1, 1, 5, { padding, dilation: 2 }).stream();
    const stream = make();
    expect(stream.receptiveField).toBe(9);
    expect(stream.lookahead).toBe(lookahead);
    expect(stream.latency).toBe(lookahead + 1);
    for (let i = 1; i < stream.latency; i++) expect(stream.push(zeros(1, 1)).numel).toBe(0);
    expect(stream.push(zeros(1, 1)).numel).toBeGreaterThan(0);
  });

  it('mean that output t is complete with input t * stride + lookahead', () => {
    const stream = new Conv1d(1, 1, 4, { padding: 1, stride: 3 }).stream();
    const complete: number[] = [];
    for (let i = 0; i < 20; i++) if (stream.push(zeros(1, 1)).numel > 0) complete.push(i);
    expect(stream.lookahead).toBe(2);
    expect(complete).toEqual([2, 5, 8, 11, 14, 17]);
  });
});

describe('reset', () => {
  it('of some rows begins new signals there, while the others go on', () => {
    const conv = new Conv1d(2, 3, 3, { padding: 'causal', dilation: 2 }).eval();
    const stream = conv.stream({ batch: 3 });
    const x = rand(3, 2, 20);
    stream.push(cut(x, 0, 8));
    stream.reset([2, 0, 2]);
    const rest = stream.push(cut(x, 8, 20));
    for (const row of [0, 2]) expectSame(rest.at(row).clone(), conv.forward(cut(x.at(row), 8, 20)));
    expectSame(rest.at(1).clone(), cut(conv.forward(x.at(1)), 8, 20));
  });

  it('of some rows of a strided layer works after a multiple of the stride, and says so elsewhere', () => {
    const conv = new Conv1d(1, 1, 5, { padding: 'causal', stride: 2 });
    const stream = conv.stream({ batch: 2 });
    const x = rand(2, 1, 20);
    stream.push(cut(x, 0, 5));
    expect(() => stream.reset([0])).toThrow(/after a multiple of 2 inputs.*reset\(\) all rows/);
    stream.push(cut(x, 5, 6));
    stream.reset([0]);
    expectSame(
      stream
        .push(cut(x, 6, 20))
        .at(0)
        .clone(),
      conv.forward(cut(x.at(0), 6, 20)),
    );
  });

  it('of some rows is refused where a new signal would be out of step', () => {
    for (const padding of ['valid', 'same', [9, 0]] as const) {
      const stream = new Conv1d(1, 1, 5, { padding }).stream({ batch: 2 });
      stream.push(rand(2, 1, 10));
      const before = stream.getState();
      expect(codeOf(() => stream.reset([1]))).toBe('ERR_CONV1D_STREAM');
      expect(stream.getState()).toEqual(before);
      stream.reset([0, 1]);
      expect(stream.getState().received).toBe(0);
    }
  });

  it('refuses what are no rows', () => {
    const stream = new Conv1d(1, 1, 3, { padding: 'causal' }).stream({ batch: 2 });
    for (const rows of [1, '01', {}, [true]]) expect(codeOf(() => stream.reset(rows as never))).toBe('ERR_CONV1D_TYPE');
    for (const rows of [[2], [-1], [0.5], [Number.NaN]])
      expect(codeOf(() => stream.reset(rows))).toBe('ERR_CONV1D_VALUE');
  });
});

describe('a state', () => {
  const layers: [name: string, conv: Conv1d][] = [
    ['causal', new Conv1d(2, 3, 4, { padding: 'causal', dilation: 3 })],
    ['strided, float64', new Conv1d(2, 3, 4, { padding: [5, 2], stride: 7, dtype: 'float64' })],
    ['of one tap', new Conv1d(2, 3, 1, { stride: 2 })],
  ];
  it.each(layers)('through JSON or structuredClone goes on where it was taken (%s)', (_, conv) => {
    const x = rand(2, 50, { dtype: conv.dtype });
    x.data.set([Number.NaN, Number.NEGATIVE_INFINITY, -0], 9);
    const whole = conv.forward(x);
    for (const copy of [structuredClone<StreamState>, (state: StreamState) => JSON.parse(JSON.stringify(state))]) {
      let stream = conv.stream();
      const parts: Tensor[] = [];
      for (const [from, to] of [
        [0, 1],
        [1, 11],
        [11, 13],
        [13, 50],
      ] as const) {
        parts.push(stream.push(cut(x, from, to)));
        const state = stream.getState();
        stream = conv.stream();
        stream.setState(copy(state));
        expect(stream.getState()).toEqual(state);
      }
      expectSame(joined([...parts, stream.flush()]), whole);
    }
  });

  it('remembers that the stream has ended', () => {
    const conv = new Conv1d(1, 1, 3);
    const stream = conv.stream();
    stream.flush();
    const copy = conv.stream();
    copy.setState(stream.getState());
    expect(codeOf(() => copy.push(rand(1, 5)))).toBe('ERR_CONV1D_STREAM');
  });

  const conv = new Conv1d(2, 3, 4, { padding: 'causal' });
  const wrong: [what: string, change: object, code: string][] = [
    ['another version', { version: 1 }, 'ERR_CONV1D_VALUE'],
    ['another dtype', { dtype: 'float64' }, 'ERR_CONV1D_VALUE'],
    ['another batch', { batch: 2 }, 'ERR_CONV1D_VALUE'],
    ['another kernel', { kernelSize: 3 }, 'ERR_CONV1D_VALUE'],
    ['another padding', { padding: [0, 3] }, 'ERR_CONV1D_VALUE'],
    ['a padding that is none', { padding: 3 }, 'ERR_CONV1D_VALUE'],
    ['another padding mode', { paddingMode: 'reflect' }, 'ERR_CONV1D_VALUE'],
    ['recent inputs that no padding needs', { recent: 'AAAA' }, 'ERR_CONV1D_SHAPE'],
    ['a negative count', { received: -1 }, 'ERR_CONV1D_VALUE'],
    ['a count beyond 2^53 with the padding', { received: Number.MAX_SAFE_INTEGER }, 'ERR_CONV1D_VALUE'],
    ['a count that is none', { received: '1' }, 'ERR_CONV1D_TYPE'],
    ['no count', { received: undefined }, 'ERR_CONV1D_TYPE'],
    ['ended that is no boolean', { ended: 1 }, 'ERR_CONV1D_TYPE'],
    ['unbatched that is no boolean', { unbatched: null }, 'ERR_CONV1D_TYPE'],
    ['too little', { carried: 'AAAA' }, 'ERR_CONV1D_SHAPE'],
    ['no base64', { carried: '!'.repeat(32) }, 'ERR_CONV1D_SHAPE'],
    ['numbers', { carried: [1, 2, 3] }, 'ERR_CONV1D_TYPE'],
    ['an unknown property', { carry: '' }, 'ERR_CONV1D_OPTION'],
  ];
  it.each(wrong)('with %s is refused, and the stream stays as it was', (_, change, code) => {
    const stream = conv.stream();
    stream.push(rand(2, 7));
    const before = stream.getState();
    expect(codeOf(() => stream.setState({ ...before, ...change } as never))).toBe(code);
    expect(stream.getState()).toEqual(before);
  });

  it('that is empty is refused with where to get one', () => {
    expect(() => conv.stream().setState({} as never)).toThrow(
      expect.objectContaining({
        code: 'ERR_CONV1D_VALUE',
        message: 'setState(): the state has no version; give what getState() returned',
      }),
    );
  });

  it('that is no object is refused', () => {
    for (const state of [undefined, null, 5, 'x', [], new Map()]) {
      expect(codeOf(() => conv.stream().setState(state as never))).toBe('ERR_CONV1D_TYPE');
    }
  });
});

describe('what a stream cannot do is refused', () => {
  it("padding with the signal's other end, unless it adds nothing", () => {
    const paddingMode = 'circular';
    expect(() => new Conv1d(1, 1, 3, { padding: 1, paddingMode }).stream()).toThrow(
      expect.objectContaining({
        code: 'ERR_CONV1D_VALUE',
        message:
          "stream() cannot pad as the layer's paddingMode 'circular' does: its padding is made of the signal's other end, which has " +
          "not come yet; pad the signal yourself and use a layer with padding 'valid'",
      }),
    );
    expect(new Conv1d(1, 1, 3, { paddingMode }).stream().push(rand(1, 3)).shape).toEqual([1, 1]);
  });

  it('batches that are none, and unknown options', () => {
    const conv = new Conv1d(1, 1, 3);
    for (const batch of [0, -1, 1.5, Number.NaN]) expect(codeOf(() => conv.stream({ batch }))).toBe('ERR_CONV1D_VALUE');
    expect(codeOf(() => conv.stream({ batch: '1' as never }))).toBe('ERR_CONV1D_TYPE');
    expect(codeOf(() => conv.stream({ bach: 1 } as never))).toBe('ERR_CONV1D_OPTION');
    expect(codeOf(() => conv.stream({ batch: 2 ** 40 }))).toBe('ERR_CONV1D_SHAPE');
    expect(codeOf(() => new Conv1d(1, 1, 2, { dilation: 2 ** 50 }).stream())).toBe('ERR_CONV1D_SHAPE');
  });

  const stream = () => new Conv1d(2, 3, 3, { padding: 'causal' }).stream();
  const refused: [what: string, push: (s: Conv1dStream) => unknown, code: string | RegExp][] = [
    ['no tensor', (s) => s.push(new Float32Array(2) as never), 'ERR_CONV1D_TYPE'],
    ['the prototype of one', (s) => s.push(Object.create(Tensor.prototype)), 'ERR_CONV1D_TYPE'],
    ['other channels', (s) => s.push(rand(3, 4)), 'ERR_CONV1D_SHAPE'],
    ['another batch', (s) => s.push(rand(2, 2, 4)), 'ERR_CONV1D_SHAPE'],
    ['one dimension', (s) => s.push(rand(2)), 'ERR_CONV1D_SHAPE'],
    ['four dimensions', (s) => s.push(rand(1, 1, 2, 4)), 'ERR_CONV1D_SHAPE'],
    ['another dtype', (s) => s.push(rand(2, 4, { dtype: 'float64' })), 'ERR_CONV1D_DTYPE'],
    ['an unknown option', (s) => s.push(rand(2, 4), { ou: 1 } as never), 'ERR_CONV1D_OPTION'],
    ['options that are a tensor', (s) => s.push(rand(2, 4), zeros(3, 4) as never), 'ERR_CONV1D_TYPE'],
    ['an out that is no tensor', (s) => s.push(rand(2, 4), { out: [] as never }), 'ERR_CONV1D_TYPE'],
    ['an out of another length', (s) => s.push(rand(2, 4), { out: zeros(3, 5) }), 'ERR_CONV1D_SHAPE'],
    ['an out of more dimensions', (s) => s.push(rand(2, 4), { out: zeros(1, 3, 4) }), 'ERR_CONV1D_SHAPE'],
    [
      'an out of another dtype',
      (s) => s.push(rand(2, 4), { out: zeros(3, 4, { dtype: 'float64' }) }),
      'ERR_CONV1D_DTYPE',
    ],
    [
      'a getter that throws',
      (s) =>
        s.push(rand(2, 4), {
          get out(): never {
            throw new RangeError('no');
          },
        }),
      'nothing of ours',
    ],
    [
      'a push in a getter of the options',
      (s) =>
        s.push(rand(2, 4), {
          get out() {
            return s.push(rand(2, 4));
          },
        }),
      'ERR_CONV1D_STREAM',
    ],
    [
      'a reset in a getter of the options',
      (s) =>
        s.push(rand(2, 4), {
          get out() {
            return s.reset() as never;
          },
        }),
      'ERR_CONV1D_STREAM',
    ],
  ];
  it.each(refused)('a push with %s, and it consumes nothing', (_, push, code) => {
    const s = stream();
    s.push(rand(2, 5));
    const before = s.getState();
    expect(codeOf(() => push(s)) ?? 'nothing of ours').toMatch(code);
    expect(s.getState()).toEqual(before);
    expect(s.push(rand(2, 4)).shape).toEqual([3, 4]);
  });

  it('an out that shares memory with the chunk, the weight or the bias', () => {
    for (const mode of ['train', 'eval'] as const) {
      const conv = new Conv1d(2, 2, 3, { padding: 'causal' })[mode]();
      const s = conv.stream();
      const memory = new Float32Array(20);
      const x = tensor(memory.subarray(0, 8), [2, 4]);
      const over = (array: FloatArray, n: number) => tensor(array.subarray(0, 2 * n) as Float32Array, [2, n]);
      const cases = [
        () => s.push(x, { out: tensor(memory.subarray(7, 15), [2, 4]) }),
        () => s.push(x, { out: over(conv.weight.data, 4) }),
        () => s.push(rand(2, 1), { out: over(conv.bias!.data, 1) }),
      ];
      const before = s.getState();
      for (const push of cases) expect(codeOf(push)).toBe('ERR_CONV1D_OVERLAP');
      expect(s.getState()).toEqual(before);
      expect(s.push(x, { out: tensor(memory.subarray(8, 16), [2, 4]) }).numel).toBe(8);
    }
  });

  it('memory that is gone, whichever it is', () => {
    for (const victim of ['chunk', 'out', 'weight', 'bias'] as const) {
      const conv = new Conv1d(2, 3, 3, { padding: 'causal' });
      const s = conv.stream();
      s.push(rand(2, 5));
      const before = s.getState();
      const chunk = rand(2, 4);
      const out = zeros(3, 4);
      detach({ chunk, out, weight: conv.weight, bias: conv.bias! }[victim].data);
      expect(codeOf(() => s.push(chunk, { out }))).toBe('ERR_CONV1D_DETACHED');
      expect(s.getState()).toEqual(before);
    }
  });

  it('arguments that do not fit together, once more, on the native side', () => {
    const native = new addon.Convolution('float32', 2, 3, 3, 1, 2, 0, 1, 1, 'zeros');
    native.pack(new Float32Array(18), new Float32Array(3));
    type Arguments = Parameters<typeof native.push>;
    const fresh = (): Arguments => [
      new Float32Array(8),
      1,
      4,
      null,
      null,
      new Float32Array(12),
      new Float32Array(4),
      0,
      2,
      0,
    ];
    expect(native.push(...fresh())).toBe(0);
    const memory = new Float32Array(12);
    const changes: [position: number, value: unknown][] = [
      [0, new Float32Array(7)],
      [0, new Float64Array(8)],
      [0, memory.subarray(0, 8)],
      [1, -1],
      [1, 2],
      [1, 2 ** 53],
      [2, 3],
      [2, -4],
      [3, new Float32Array(17)],
      [5, new Float32Array(11)],
      [5, null],
      [6, new Float32Array(3)],
      [6, memory.subarray(0, 4)],
      [7, 2],
      [7, -1],
      [7, 0.5],
      [8, 3],
      [8, 2 ** 53],
      [8, -(2 ** 54)],
      [9, 1],
      [9, -1],
      [9, 2 ** 53],
    ];
    for (const [position, value] of changes) {
      const given = fresh();
      if (value instanceof Float32Array && value.buffer === memory.buffer) given[5] = memory;
      given[position] = value as never;
      expect(
        codeOf(() => native.push(...given)),
        `${position}: ${value}`,
      ).toMatch(/^ERR_CONV1D_/);
      expect(given[5]?.every((element) => element === 0) ?? true).toBe(true);
    }
  });

  it('a method without its stream', () => {
    const { push, flush, reset, getState } = stream();
    expect(codeOf(() => Conv1d.prototype.stream.call({} as never))).toBe('ERR_CONV1D_TYPE');
    for (const method of [push, flush, reset, getState] as (() => unknown)[]) {
      for (const self of [undefined, null, {}]) expect(codeOf(() => method.call(self))).toBe('ERR_CONV1D_TYPE');
    }
  });

  it('lengths that are none', () => {
    expect(codeOf(() => stream().outLength(-1))).toBe('ERR_CONV1D_VALUE');
    expect(codeOf(() => stream().outLength(2 ** 53 - 1))).toBe('ERR_CONV1D_VALUE');
    expect(codeOf(() => stream().outLength('1' as never))).toBe('ERR_CONV1D_TYPE');
  });
});

describe('as a stream of another kind', () => {
  const conv = new Conv1d(2, 3, 5, { padding: 'same', stride: 1 }).eval();
  const x = rand(2, 60);
  const whole = conv.forward(x);
  const pieces = [cut(x, 0, 1), cut(x, 1, 1), cut(x, 1, 31), cut(x, 31, 60).data as Float32Array];

  it('the outputs of a Web TransformStream are those of the whole, none of them empty', async () => {
    const parts: Tensor[] = [];
    await ReadableStream.from(pieces)
      .pipeThrough(conv.stream().transform())
      .pipeTo(new WritableStream({ write: (y: Tensor) => void parts.push(y) }));
    expectSame(joined(parts), whole);
    expect(parts.every((y) => y.numel > 0)).toBe(true);
  });

  it('the outputs of a Node Transform are those of the whole', async () => {
    const parts: Tensor[] = [];
    const sink = new Writable({
      objectMode: true,
      write(y, _, done) {
        parts.push(y);
        done();
      },
    });
    await pipeline(Readable.from(pieces), conv.stream().toNodeTransform(), sink);
    expectSame(joined(parts), whole);
    expect(parts.every((y) => y.numel > 0)).toBe(true);
  });

  it('the outputs of for await are those of the whole, of async and of plain iterables', async () => {
    async function* later() {
      yield* pieces;
    }
    for (const source of [later(), pieces]) {
      const parts: Tensor[] = [];
      for await (const y of conv.stream().over(source)) parts.push(y);
      expectSame(joined(parts), whole);
    }
  });

  it('leaving a loop early ends the source and leaves the stream where it is', async () => {
    let ended = false;
    async function* endless() {
      try {
        for (;;) yield rand(2, 10);
      } finally {
        ended = true;
      }
    }
    const stream = conv.stream();
    for await (const y of stream.over(endless())) if (y.numel > 0) break;
    expect(ended).toBe(true);
    expect(stream.getState().received).toBe(10);
  });

  it('a chunk that does not fit fails the pipe with its error', async () => {
    const wrong: [chunk: Tensor | Float32Array, code: string][] = [
      [rand(3, 4), 'ERR_CONV1D_SHAPE'],
      [new Float32Array(5), 'ERR_CONV1D_SHAPE'],
      ['chunk' as never, 'ERR_CONV1D_TYPE'],
    ];
    for (const [chunk, code] of wrong) {
      const sink = new Writable({ objectMode: true, write: (_, __, done) => done() });
      await expect(pipeline(Readable.from([chunk]), conv.stream().toNodeTransform(), sink)).rejects.toMatchObject({
        code,
      });
      await expect(
        ReadableStream.from([chunk]).pipeThrough(conv.stream().transform()).pipeTo(new WritableStream()),
      ).rejects.toMatchObject({ code });
      await expect(conv.stream().over([chunk]).next()).rejects.toMatchObject({ code });
    }
  });
});

describe('docs/streaming.md', () => {
  it('has an example that runs and prints what it says', async () => {
    const document = readFileSync(new URL('../docs/streaming.md', import.meta.url), 'utf8');
    const example = /```ts\n([\s\S]*?)```/.exec(document)![1]!;
    const printed: string[] = [];
    const body = example.replace(/import .* from 'conv1d';\n/, '').replaceAll('console.log(', 'print(');
    const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
    const run = AsyncFunction('Conv1d', 'rand', 'print', body);
    await run(
      Conv1d,
      rand,
      (...values: unknown[]) => void printed.push(values.map((v) => JSON.stringify(v)).join(' ')),
    );
    const promised = [...example.matchAll(/console\.log\(.*\);\s*\/\/ (.*)/g)].map(([, text]) => text!);
    expect(promised.length).toBeGreaterThan(0);
    expect(printed.map((text) => text.replaceAll(',', ', '))).toEqual(promised);
  });
});
