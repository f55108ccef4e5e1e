import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ReadableStream, WritableStream } from 'node:stream/web';
import { describe, expect, it } from 'vitest';
import { Conv1d, type Conv1dOptions, ones, rand, type Tensor, tensor, zeros } from '../lib/index.ts';
import type { StreamState } from '../lib/streaming/state.ts';
import { Dice } from './helpers/dice.ts';
import { isas, withIsa, withThreads } from './helpers/layer.ts';
import { codeOf, detach } from './helpers/refusals.ts';
import {
  chunking,
  cut,
  expectSame,
  joined,
  type StreamedLayer,
  streamed,
  streamRandomLayers,
} from './helpers/streams.ts';

const MODES = ['reflect', 'replicate'] as const;

/** Padding narrower and wider than the kernel, on one side or both; signals that are just long enough for it. */
function randomLayer(dice: Dice): StreamedLayer {
  const depthwise = dice.fraction() < 0.3;
  const groups = depthwise ? dice.integer(2, 6) : dice.pick(1, 1, 2);
  const kernelSize = dice.pick(1, 2, 3, 3, 4, 5, dice.integer(6, 20));
  const dilation = dice.pick(1, 1, 1, 2, dice.integer(3, 20));
  const stride = dice.pick(1, 1, 1, 2, dice.integer(3, 12));
  const reach = (kernelSize - 1) * dilation;
  const width = () => dice.integer(0, dice.pick(1, 3, reach + 9));
  const [left, right, both] = [width(), width(), width()];
  const [padding, widest, padded] = dice.pick<[padding: Conv1dOptions['padding'], widest: number, padded: number]>(
    ['causal', reach, reach],
    stride === 1 ? ['same', Math.ceil(reach / 2), reach] : ['causal', reach, reach],
    [both, both, 2 * both],
    [[left, right], Math.max(left, right), left + right],
    [[0, right], right, right],
  );
  const paddingMode = dice.pick(...MODES);
  const least = Math.max(1, reach + 1 - padded, paddingMode === 'reflect' ? widest + 1 : 1);
  return {
    channels: [
      groups * (depthwise ? 1 : dice.integer(1, 4)),
      groups * (depthwise ? 1 : dice.pick(1, 2, dice.integer(3, 20))),
      kernelSize,
    ],
    options: {
      stride,
      padding,
      dilation,
      groups,
      bias: dice.pick(true, false),
      dtype: dice.pick('float32', 'float32', 'float64'),
      paddingMode,
    },
    batch: dice.pick(null, null, 1, 2, 3),
    length: least + dice.integer(0, dice.pick(0, 8, 40)),
  };
}

describe('the outputs of all chunks, where the padding repeats inputs,', () => {
  const LAYERS = 400;
  const CHUNKINGS = 50;

  it('are those of the whole signal, bit for bit, in 20,000 chunkings of 400 random layers', () => {
    const { complaints, compared } = streamRandomLayers(LAYERS, CHUNKINGS, randomLayer);
    expect(complaints).toEqual([]);
    expect(compared).toBe(LAYERS * CHUNKINGS);
  });

  it('are those of the whole signal when the state moves to another stream after each chunk', () => {
    const copies = [
      structuredClone<StreamState>,
      (state: StreamState): StreamState => JSON.parse(JSON.stringify(state)),
    ];
    for (let seed = 0; seed < 60; seed++) {
      const dice = new Dice(1000 + seed);
      const { channels, options, batch, length } = randomLayer(dice);
      const conv = new Conv1d(...channels, options).eval();
      const x = rand(batch ?? 1, channels[0], length, { dtype: conv.dtype });
      const make = () => conv.stream({ batch: batch ?? 1 });
      let stream = make();
      const parts: Tensor[] = [];
      let from = 0;
      for (const n of chunking(dice, length)) {
        parts.push(stream.push(cut(x, from, from + n)));
        from += n;
        const state = stream.getState();
        stream = make();
        stream.setState(dice.pick(...copies)(state));
        expect(stream.getState()).toEqual(state);
      }
      expectSame(joined([...parts, stream.flush()]), conv.forward(x), JSON.stringify({ seed, channels, options }));
    }
  });

  // One line for each way of going wrong that dice seldom find.
  const chosen: [layer: string, make: () => Conv1d, length: number, lengths: number[]][] = [
    ['one input', () => new Conv1d(2, 3, 5, { padding: 4, paddingMode: 'replicate' }), 1, [0, 1, 0]],
    ['one tap', () => new Conv1d(2, 3, 1, { padding: [3, 2], paddingMode: 'reflect' }), 4, [1, 1, 1, 1]],
    ['one tap, repeated', () => new Conv1d(2, 3, 1, { padding: [3, 2], paddingMode: 'replicate' }), 2, [1, 1]],
    ['padding at the end alone', () => new Conv1d(2, 3, 2, { padding: [0, 9], paddingMode: 'reflect' }), 11, [10, 1]],
    ['padding at the start alone', () => new Conv1d(2, 3, 2, { padding: [9, 0], paddingMode: 'reflect' }), 11, [9, 2]],
    [
      'a padding far wider than the kernel',
      () => new Conv1d(2, 3, 2, { padding: 3000, stride: 7, paddingMode: 'replicate' }),
      5,
      [1, 4],
    ],
    [
      'a stride far beyond the kernel',
      () => new Conv1d(2, 3, 2, { padding: [3, 49], stride: 50, paddingMode: 'reflect' }),
      120,
      [1, 2, 57, 60],
    ],
    [
      'chunks large enough for threads',
      () => new Conv1d(32, 64, 5, { padding: 'same', paddingMode: 'reflect' }),
      5000,
      [1, 2400, 99, 2500],
    ],
    [
      'a depthwise kernel of many taps',
      () => new Conv1d(8, 8, 60, { groups: 8, padding: 'same', paddingMode: 'reflect' }),
      400,
      [1, 1, 198, 200],
    ],
    [
      'taps far apart',
      () => new Conv1d(8, 8, 3, { dilation: 40, padding: 'causal', paddingMode: 'replicate' }),
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
      for (const paddingMode of MODES) {
        const options = { dilation: 5, padding: 'same', dtype: 'float64', paddingMode } as const;
        const conv = new Conv1d(3, 17, 4, options).eval();
        const x = rand(2, 3, 64, { dtype: 'float64' });
        expectSame(streamed(conv.stream({ batch: 2 }), x, [1, 1, 1, 40, 0, 21]), conv.forward(x));
      }
    });
  });

  it('are those of the whole signal for the next signal after reset, and after a flush', () => {
    for (const paddingMode of MODES) {
      const conv = new Conv1d(2, 3, 4, { padding: 3, paddingMode });
      const stream = conv.stream();
      const x = rand(2, 12);
      stream.push(rand(2, 2));
      stream.reset();
      expectSame(streamed(stream, x, [2, 3, 7]), conv.forward(x));
      expect(codeOf(() => stream.push(x))).toBe('ERR_CONV1D_STREAM');
      stream.reset();
      expectSame(streamed(stream, x, [5, 7]), conv.forward(x));
    }
  });
});

describe('latency, where the padding repeats inputs,', () => {
  const cases: [paddingMode: 'reflect' | 'replicate', padding: Conv1dOptions['padding'], latency: number][] = [
    ['replicate', 'causal', 1],
    ['replicate', 'same', 5],
    ['replicate', 20, 1],
    ['replicate', [0, 3], 9],
    ['reflect', 'causal', 9],
    ['reflect', 'same', 5],
    ['reflect', [3, 0], 6],
    ['reflect', [6, 0], 7],
    ['reflect', 20, 21],
    ['reflect', [0, 3], 9],
  ];
  it.each(cases)('is what the pushes show for %s, padding %j', (paddingMode, padding, latency) => {
    const stream = new Conv1d(1, 1, 5, { padding, dilation: 2, paddingMode }).stream();
    expect(stream.latency).toBe(latency);
    expect(stream.lookahead).toBeLessThan(latency);
    for (let i = 1; i < latency; i++) {
      expect(stream.outLength(1)).toBe(0);
      expect(stream.push(zeros(1, 1)).numel).toBe(0);
    }
    const promised = stream.outLength(1);
    expect(promised).toBeGreaterThan(0);
    expect(stream.push(zeros(1, 1)).numel).toBe(promised);
  });

  it('is followed by output t with input t * stride + lookahead', () => {
    const stream = new Conv1d(1, 1, 4, { padding: 1, stride: 3, paddingMode: 'reflect' }).stream();
    const complete: number[] = [];
    for (let i = 0; i < 20; i++) if (stream.push(zeros(1, 1)).numel > 0) complete.push(i);
    expect(stream.lookahead).toBe(2);
    expect(complete).toEqual([2, 5, 8, 11, 14, 17]);
  });
});

describe('a signal that is too short for its reflection', () => {
  const cases: [padding: readonly [number, number], received: number, pushed: number][] = [
    [[3, 3], 1, 0],
    [[3, 3], 3, 0],
    [[5, 0], 5, 0],
    [[0, 4], 4, 2],
    [[1, 4], 3, 2],
  ];
  it.each(cases)(
    'fails the flush as it fails forward, with padding %j and %i inputs, and may go on',
    (padding, received, pushed) => {
      const conv = new Conv1d(1, 2, 3, { padding, paddingMode: 'reflect' });
      const x = rand(1, 30);
      for (const batched of [false, true]) {
        const of = (from: number, to: number) =>
          batched ? cut(x, from, to).reshape(1, 1, to - from) : cut(x, from, to);
        const stream = conv.stream();
        const parts = [stream.push(of(0, received))];
        expect(parts[0]!.shape.at(-1)).toBe(pushed);
        const before = stream.getState();
        let sentence = '';
        try {
          conv.forward(of(0, received));
        } catch (error) {
          sentence = (error as Error).message;
        }
        expect(sentence).toContain('Padding size should be less than the corresponding input dimension');
        expect(stream.flushLength).toBe(0);
        const out = batched ? ones(1, 2, 0) : ones(2, 0);
        for (const options of [undefined, { out }]) {
          expect(() => stream.flush(options)).toThrow(
            expect.objectContaining({ code: 'ERR_CONV1D_SHAPE', message: sentence }),
          );
        }
        expect(stream.getState()).toEqual(before);
        parts.push(stream.push(of(received, 30)), stream.flush());
        expectSame(joined(parts), conv.forward(of(0, 30)));
      }
    },
  );

  it('fails the pipes that flush it', async () => {
    const conv = new Conv1d(1, 1, 3, { padding: 5, paddingMode: 'reflect' });
    const pieces = [rand(1, 2), rand(1, 3)];
    const code = 'ERR_CONV1D_SHAPE';
    const sink = new Writable({ objectMode: true, write: (_, __, done) => done() });
    await expect(pipeline(Readable.from(pieces), conv.stream().toNodeTransform(), sink)).rejects.toMatchObject({
      code,
    });
    await expect(
      ReadableStream.from(pieces).pipeThrough(conv.stream().transform()).pipeTo(new WritableStream()),
    ).rejects.toMatchObject({ code });
    await expect(conv.stream().over(pieces).next()).rejects.toMatchObject({ code });
  });
});

it('a signal without inputs, or shorter than the kernel, has no output, whatever it is padded with', () => {
  for (const paddingMode of MODES) {
    const conv = new Conv1d(1, 1, 9, { padding: 1, paddingMode });
    const stream = conv.stream();
    expect(stream.push(zeros(1, 0)).shape).toEqual([1, 0]);
    expect(stream.flush().shape).toEqual([1, 0]);
    stream.reset();
    expect(streamed(stream, rand(1, 4), [1, 3]).shape).toEqual([1, 0]);
  }
});

it('the pipes give the outputs of the whole, none of them empty', async () => {
  for (const paddingMode of MODES) {
    const conv = new Conv1d(2, 3, 5, { padding: 'same', paddingMode }).eval();
    const x = rand(2, 60);
    const whole = conv.forward(x);
    const pieces = [cut(x, 0, 1), cut(x, 1, 1), cut(x, 1, 31), cut(x, 31, 60).data as Float32Array];
    const parts: Tensor[] = [];
    const sink = () => {
      parts.length = 0;
      return new WritableStream({ write: (y: Tensor) => void parts.push(y) });
    };
    await ReadableStream.from(pieces).pipeThrough(conv.stream().transform()).pipeTo(sink());
    expectSame(joined(parts), whole);
    await ReadableStream.from(conv.stream().over(pieces)).pipeTo(sink());
    expectSame(joined(parts), whole);
    expect(parts.every((y) => y.numel > 0)).toBe(true);
  }
});

describe('a push while the padding waits for inputs', () => {
  const make = () => {
    const conv = new Conv1d(2, 3, 3, { padding: 3, paddingMode: 'reflect' });
    const stream = conv.stream();
    stream.push(rand(2, 2));
    return { conv, stream };
  };

  it('leaves them alone: the chunk may be overwritten afterwards', () => {
    const conv = new Conv1d(2, 3, 3, { padding: 3, paddingMode: 'reflect' });
    const x = rand(2, 12);
    const stream = conv.stream();
    const memory = new Float32Array(4);
    const parts: Tensor[] = [];
    for (let t = 0; t < 12; t += 2) {
      memory.set(cut(x, t, t + 2).data);
      parts.push(stream.push(tensor(memory, [2, 2])));
      memory.fill(Number.NaN);
    }
    expectSame(joined([...parts, stream.flush()]), conv.forward(x));
  });

  const refused: [what: string, push: (of: ReturnType<typeof make>) => unknown, code: string][] = [
    [
      'a chunk whose memory is gone',
      ({ stream }) => {
        const chunk = rand(2, 1);
        detach(chunk.data);
        stream.push(chunk);
      },
      'ERR_CONV1D_DETACHED',
    ],
    [
      'a chunk that completes them, whose memory is gone',
      ({ stream }) => {
        const chunk = rand(2, 5);
        detach(chunk.data);
        stream.push(chunk);
      },
      'ERR_CONV1D_DETACHED',
    ],
    [
      'a shape that was assigned to it',
      ({ stream }) => stream.push(Object.assign(rand(2, 4), { shape: [2, 400] })),
      'ERR_CONV1D_TYPE',
    ],
    ['another dtype', ({ stream }) => stream.push(rand(2, 4, { dtype: 'float64' })), 'ERR_CONV1D_DTYPE'],
    ['an out that is longer', ({ stream }) => stream.push(rand(2, 1), { out: zeros(3, 1) }), 'ERR_CONV1D_SHAPE'],
    [
      'a weight whose memory is gone',
      ({ conv, stream }) => {
        detach(conv.weight.data);
        stream.push(rand(2, 5));
      },
      'ERR_CONV1D_DETACHED',
    ],
    [
      'an out that shares memory with the chunk',
      ({ stream }) => {
        const memory = new Float32Array(40);
        const out = tensor(memory.subarray(9, 9 + 3 * stream.outLength(5)), [3, stream.outLength(5)]);
        stream.push(tensor(memory.subarray(0, 10), [2, 5]), { out });
      },
      'ERR_CONV1D_OVERLAP',
    ],
  ];
  it.each(refused)('is refused for %s, and consumes nothing', (_, push, code) => {
    const of = make();
    const before = of.stream.getState();
    expect(codeOf(() => push(of))).toBe(code);
    expect(of.stream.getState()).toEqual(before);
  });

  it('does not ask a getter that hides the shape', () => {
    const { conv, stream } = make();
    const twin = conv.stream();
    twin.setState(stream.getState());
    const chunk = rand(2, 4);
    const lie = Object.defineProperty(chunk.clone(), 'shape', { get: () => [2, 400] });
    expectSame(stream.push(lie), twin.push(chunk));
    expect(stream.getState()).toEqual(twin.getState());
  });

  it('writes to out what outLength said', () => {
    const { stream } = make();
    const out = zeros(3, stream.outLength(9));
    expect(stream.push(rand(2, 9), { out })).toBe(out);
    expect(out.shape).toEqual([3, 12]);
    const last = zeros(3, stream.flushLength);
    expect(stream.flush({ out: last })).toBe(last);
    expect(last.shape).toEqual([3, 3]);
  });
});

describe('what a stream whose padding repeats inputs cannot do is refused:', () => {
  it('beginning some rows anew', () => {
    for (const paddingMode of MODES) {
      for (const padding of ['causal', [0, 2]] as const) {
        const stream = new Conv1d(1, 1, 3, { padding, paddingMode }).stream({ batch: 2 });
        stream.push(rand(2, 1, 10));
        const before = stream.getState();
        expect(() => stream.reset([1])).toThrow(
          expect.objectContaining({ code: 'ERR_CONV1D_STREAM', message: expect.stringContaining(paddingMode) }),
        );
        expect(stream.getState()).toEqual(before);
        stream.reset([0, 1]);
        expect(stream.getState().received).toBe(0);
      }
    }
  });

  const wrong: [what: string, change: object, code: string][] = [
    ['the version before', { version: 1 }, 'ERR_CONV1D_VALUE'],
    ['another padding mode', { paddingMode: 'replicate' }, 'ERR_CONV1D_VALUE'],
    ['no padding mode', { paddingMode: undefined }, 'ERR_CONV1D_VALUE'],
    ['fewer recent inputs', { recent: '' }, 'ERR_CONV1D_SHAPE'],
    ['no recent inputs', { recent: undefined }, 'ERR_CONV1D_TYPE'],
    ['recent inputs that are numbers', { recent: [1, 2] }, 'ERR_CONV1D_TYPE'],
    ['what is carried before the padding is there', { received: 2 }, 'ERR_CONV1D_SHAPE'],
    ['an end before the padding is there', { received: 3, carried: '', ended: true }, 'ERR_CONV1D_VALUE'],
  ];
  it.each(wrong)('a state with %s, and the stream stays as it was', (_, change, code) => {
    const stream = new Conv1d(2, 3, 4, { padding: [2, 3], paddingMode: 'reflect' }).stream();
    stream.push(rand(2, 7));
    const before = stream.getState();
    expect(codeOf(() => stream.setState({ ...before, ...change } as never))).toBe(code);
    expect(stream.getState()).toEqual(before);
  });
});
